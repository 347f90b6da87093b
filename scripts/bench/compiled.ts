/**
 * Programs to compare with, compiled as localtls is.
 *
 * @module
 */

import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../build/bun_compile.ts";
import { ROOT } from "../toolchain.mjs";

/** Those of scripts/bench/programs. */
export type ProgramName =
  | "empty"
  | "fixed_answer"
  | "issuing_loop"
  | "key_and_file"
  | "path_loop"
  | "signing_loop";

const DIRECTORY = join(ROOT, ".cache", "bench", "programs");

/** @returns The path of the executable. @throws {Error} It cannot be compiled. */
export async function compileProgram(name: ProgramName): Promise<string> {
  const path = join(DIRECTORY, name);
  mkdirSync(DIRECTORY, { recursive: true });
  const entry = `scripts/bench/programs/${name}.ts`;
  await compile({ name, directory: DIRECTORY, entry }, (fresh) => renameSync(fresh, path));
  return path;
}
