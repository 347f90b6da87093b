/**
 * Runs of scripts/build.ts, in this checkout and in copies of it.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { selectTargets, type Target } from "../../scripts/build/targets.ts";

/** The top of this checkout. */
export const ROOT = join(import.meta.dirname!, "..", "..");

/** The pinned Bun. */
export const BUN = join(ROOT, "node_modules/.bin/bun");

/** The time of all builds of tests, in seconds: an hour that clocks in Europe leave out. */
export const TIME = 1_774_751_400;

/** Runs the build script of a checkout. */
export function runBuild(
  root: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(BUN, [join(root, "scripts/build.ts"), ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, SOURCE_DATE_EPOCH: String(TIME), ...env },
  });
  return { code: status, stdout, stderr };
}

/** The target of a name. */
export function targetOf(name: string): Target {
  return selectTargets(name)[0]!;
}

/** Copies what the scripts need, but for node_modules. */
export function copyCheckout(to: string): void {
  mkdirSync(join(to, ".cache"), { recursive: true });
  for (
    const name of [
      "src",
      "scripts",
      "package.json",
      "package-lock.json",
      "deno.json",
      "LICENSE",
      "CHANGELOG.md",
    ]
  ) {
    cpSync(join(ROOT, name), join(to, name), { recursive: true });
  }
}
