/**
 * The private mount namespace of scripts/sandbox.sh, as tests see it.
 *
 * @module
 */

import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "./processes.ts";

/** The source name that scripts/sandbox.sh gives its mounts. */
const MOUNT_SOURCE = "localtls-sandbox";

/** Where trust stores, packages and homes live: nothing there may reach the machine. */
const COVERED = ["/etc", "/usr", "/var", "/root", "/run"] as const;

/** The machine's own directories, read-only, as they are outside. */
export const OUTSIDE = "/run/localtls/outside";

/**
 * Throws unless this process runs inside scripts/sandbox.sh. Every test that changes trust stores, runs
 * browsers or writes outside a scratch directory calls it first. The mount table is asked, not only
 * the environment.
 */
export function requireSandbox(): void {
  const covered = new Set<string>();
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    // proc(5): ID parent major:minor root mount-point options [optional ...] - type source super-options
    const [before = "", after = ""] = line.split(" - ");
    const [type, source] = after.split(" ");
    if (type === "overlay" && source === MOUNT_SOURCE) covered.add(before.split(" ")[4] ?? "");
  }
  const open = COVERED.filter((directory) => !covered.has(directory));
  if (process.env["LOCALTLS_SANDBOX"] === "1" && open.length === 0) return;
  throw new Error(
    `Not inside the sandbox: ${open.join(", ")} would be changed; run scripts/sandbox.sh CMD`,
  );
}

/** A new directory in the sandbox's memory. */
export function scratchDirectory(prefix = "scratch"): string {
  // Outside, the directory would look like a sandbox to the next one.
  requireSandbox();
  const base = "/run/localtls/tmp";
  mkdirSync(base, { recursive: true });
  return mkdtempSync(join(base, `${prefix}-`));
}

/** A home directory (0700) where nothing has ever run. */
export function freshHome(): string {
  const home = scratchDirectory("home");
  chmodSync(home, 0o700);
  return home;
}

/**
 * Takes programs off this sandbox, wherever they are on PATH, so that whatever needs them fails.
 * The machine keeps them.
 */
export function removePrograms(...names: string[]): void {
  requireSandbox();
  for (const name of names) {
    for (let path = findProgram(name); path !== undefined; path = findProgram(name)) {
      rmSync(path);
    }
  }
}

/** Gives names an address, for every program of this sandbox. */
export function mapNames(address: string, ...names: string[]): void {
  requireSandbox();
  appendFileSync("/etc/hosts", `${address} ${names.join(" ")}\n`);
}
