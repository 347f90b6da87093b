/**
 * Programs that read and write keys, requests and PKCS#12 files, where this machine has them.
 *
 * @module
 */

import { existsSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, run } from "./processes.ts";

const JVMS = "/usr/lib/jvm";

/** The home of every Java of this machine, by its directory's name. */
export function javaHomes(): Map<string, string> {
  const homes = new Map<string, string>();
  for (const name of existsSync(JVMS) ? readdirSync(JVMS) : []) {
    const home = realpathSync(join(JVMS, name));
    if (existsSync(join(home, "bin/keytool"))) homes.set(home.split("/").pop() ?? name, home);
  }
  return homes;
}

/** Every Python here that has the package cryptography, by the package's version. */
export async function pythons(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const candidate of ["python3", "/usr/bin/python3", "/usr/local/bin/python3"]) {
    const python = findProgram(candidate);
    if (python === undefined) continue;
    const code = "import cryptography; print(cryptography.__version__)";
    const { code: exit, stdout } = await run([python, "-c", code]);
    if (exit === 0) found.set(stdout.trim(), python);
  }
  return found;
}

/** Writes a file into a directory and returns its path. */
export function put(directory: string, name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}
