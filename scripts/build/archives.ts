/**
 * The archives of a release: .tar.xz for Unix, .zip for Windows. Nothing in them depends on who builds, where
 * and when: names are sorted, times are given, owners are 0.
 *
 * @module
 */

import { spawn } from "node:child_process";
import process from "node:process";
import { type Zippable, zipSync } from "fflate";
import { createTar } from "nanotar";

/** A file to be packed. */
export interface ArchiveFile {
  readonly name: string;
  readonly content: Uint8Array;
  readonly executable?: boolean;
}

/** A directory in the archive that holds the files, the time they bear in seconds since 1970, and how hard to try. */
export interface ArchiveOptions {
  readonly directory: string;
  readonly time: number;
  /**
   * 0 to 9. 6 for xz: 9 takes ten times the memory for 2 % less, and "extreme" makes no difference. The filter for x86
   * machine code would save another 3 %, and BusyBox then says "corrupted data"; so it does for a dictionary of more
   * than 64 MiB.
   */
  readonly level?: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
}

/** Packs files as tar (POSIX ustar), not compressed. */
export function packTar(files: readonly ArchiveFile[], options: ArchiveOptions): Uint8Array {
  const { directory, time } = options;
  return createTar(
    sorted(files).map(({ name, content, executable }) => ({
      name: `${directory}/${name}`,
      data: content,
      attrs: {
        mode: executable === true ? "755" : "644",
        mtime: time * 1000,
        uid: 0,
        gid: 0,
        user: "",
        group: "",
      },
    })),
  );
}

/** Packs files as tar and compresses them with the system's xz. @throws {Error} It is not there, or failed. */
export async function packTarXz(
  files: readonly ArchiveFile[],
  options: ArchiveOptions,
): Promise<Uint8Array> {
  // One thread: several cut the data into blocks and find less.
  const flags = ["--compress", "--stdout", `-${options.level ?? 6}`, "--threads=1"];
  return await pipeThrough("xz", flags, packTar(files, options));
}

/** Packs files as ZIP, with the permissions of Unix for those who unpack it there. */
export function packZip(files: readonly ArchiveFile[], options: ArchiveOptions): Uint8Array {
  const { directory, time, level = 9 } = options;
  const UNIX = 3;
  const mtime = localTimeThatReads(time);
  const entries: Zippable = {};
  for (const { name, content, executable } of sorted(files)) {
    const attrs = ((executable === true ? 0o100755 : 0o100644) << 16) >>> 0;
    entries[`${directory}/${name}`] = [content, { os: UNIX, attrs, mtime, level }];
  }
  return zipSync(entries);
}

/** ZIP has local times without a zone. Everybody's shall say what UTC says, whatever zone the builder is in. */
function localTimeThatReads(time: number): Date {
  const utc = new Date(time * 1000);
  return new Date(
    utc.getUTCFullYear(),
    utc.getUTCMonth(),
    utc.getUTCDate(),
    // Noon: an hour that no zone leaves out when its clocks change.
    12,
  );
}

function sorted(files: readonly ArchiveFile[]): ArchiveFile[] {
  return [...files].sort((a, b) => a.name < b.name ? -1 : 1);
}

function pipeThrough(
  command: string,
  args: readonly string[],
  input: Uint8Array,
): Promise<Uint8Array> {
  // XZ_DEFAULTS and XZ_OPT would be obeyed as well.
  const { XZ_DEFAULTS: _defaults, XZ_OPT: _opt, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    const chunks: Uint8Array[] = [];
    let complaint = "";
    child.stdout.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => complaint += chunk);
    child.on("error", (error) =>
      reject(
        new Error(
          `Cannot pack .tar.xz: ${command} cannot be run (${error.message})\n` +
            "hint: apt-get install xz-utils, or brew install xz, or npm run build -- --all --no-archives",
        ),
      ));
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(chunks));
      else reject(new Error(`Cannot pack .tar.xz: ${command} ended with ${code}\n${complaint}`));
    });
    // If it ends early, "close" tells with what code.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
