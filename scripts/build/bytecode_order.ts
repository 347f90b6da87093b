/**
 * The order of the bytecode in an executable: first what `cert` runs, side by side, so that a run touches fewer pages. It
 * takes 0.7 MB of 43 from the peak memory of `cert` and a hundredth of its time (bench/FINDINGS.md).
 *
 * Bun writes down what a run needs, by the hash of each function, and lays a second build out by it. Hashes change with
 * every line of source, so the list is recorded for each build, not kept. It has to be the same everywhere, or two builds
 * of one commit would differ: the run has a home, an environment and a user of its own.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { compile } from "./bun_compile.ts";

/** Nobody: as root, other functions would run. */
const UNPRIVILEGED = 65_534;

const TIMEOUT_MS = 30_000;

/**
 * Records the order and calls `build` with the file it stands in: undefined where it cannot be recorded, which `warn`
 * hears of. Executables for every machine are laid out by a run on this one.
 *
 * @param directory On a file system where the program can be compiled.
 */
export async function withBytecodeOrder<Result>(
  directory: string,
  warn: (message: string) => void,
  build: (order: string | undefined) => Promise<Result>,
): Promise<Result> {
  // Beyond /root, where nobody else can go.
  const work = mkdtempSync(join(tmpdir(), "localtls-order-"));
  try {
    const program = join(work, "localtls");
    const openSwitch = "BUN_BYTECODE_ORDER_OUT";
    await compile({ name: "order", directory, openSwitch }, (path) => copyFileSync(path, program));
    const order = join(work, "order");
    const problem = record(program, work, order);
    if (problem !== undefined) {
      warn(`the bytecode is not laid out: ${problem}; this program is as good, and no release`);
    }
    return await build(problem === undefined ? order : undefined);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @returns Why it could not be recorded. */
function record(program: string, work: string, order: string): string | undefined {
  if (process.platform !== "linux") return "only runs on Linux are the same everywhere";
  chmodSync(program, 0o755);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(work, UNPRIVILEGED, UNPRIVILEGED);
  const fixed = { HOME: work, USER: "localtls", PATH: "/usr/bin:/bin" };
  // The first makes the CA; the second is what all that follow are like.
  for (const env of [fixed, { ...fixed, BUN_BYTECODE_ORDER_OUT: order }]) {
    const { status, error, stderr } = spawnSync(program, ["cert", "localhost"], {
      cwd: work,
      env,
      ...(isRoot ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {}),
      encoding: "utf8",
      timeout: TIMEOUT_MS,
    });
    if (error !== undefined) return error.message;
    if (status !== 0) return `cert ended with ${status}: ${stderr.trim()}`;
  }
  return existsSync(order) ? undefined : "Bun wrote none";
}
