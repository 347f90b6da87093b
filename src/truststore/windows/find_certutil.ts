/**
 * Which certutil.exe is Microsoft's. NSS has a program of the same name, with other options, and whoever works with
 * Firefox has it on PATH: starting it with ours would at best fail.
 *
 * The rule: PATH in its order, as for every other tool, so that an administrator (and a test) can put another one
 * first; a program in Windows' own directory is taken as it is, and any other only if its file names crypt32.dll, the
 * library that keeps Windows' stores, which NSS's has no use for. At last Windows' own directory, which a PATH can
 * leave out. Asking the program itself was rejected: it would have to be started, and its answer is localized.
 *
 * @module
 */

import type { Host } from "../../host/host.ts";
import { joinPath } from "../../host/path_text.ts";

const NAME = "certutil.exe";

/** Bytes. Microsoft's has 1.6 MB. */
const MAX_PROGRAM_BYTES = 32 * 1024 * 1024;

/**
 * Finds Microsoft's certutil.exe.
 * @param directories PATH, in order. @param system Windows' own directory of programs, System32.
 */
export async function findCertutil(
  host: Host,
  directories: readonly string[],
  system: string,
): Promise<string | undefined> {
  for (const directory of directories) {
    const file = joinPath(directory, NAME);
    if (!await isThere(host, file)) continue;
    if (isSame(directory, system) || await usesCrypt32(host, file)) return file;
  }
  const file = joinPath(system, NAME);
  return await isThere(host, file) ? file : undefined;
}

async function isThere(host: Host, file: string): Promise<boolean> {
  const type = (await host.files.info(file).catch(() => undefined))?.type;
  return type === "file" || type === "symlink";
}

/** Names of Windows' own directories come in every spelling: "C:\WINDOWS\system32\". */
function isSame(one: string, other: string): boolean {
  const plain = (path: string) => path.replaceAll("\\", "/").replace(/\/+$/, "").toLowerCase();
  return plain(one) === plain(other);
}

/** Whether the library stands in the program's table of imports, where names are ASCII in any case. */
async function usesCrypt32(host: Host, file: string): Promise<boolean> {
  const content = await host.files.read(file, MAX_PROGRAM_BYTES).catch(() => undefined);
  if (content === undefined) return false;
  return new TextDecoder("latin1").decode(content).toLowerCase().includes("crypt32.dll");
}
