/**
 * A small file system in memory, for tests of a full or read-only disk.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { requireSandbox, scratchDirectory } from "./sandbox.ts";

/**
 * Mounts a tmpfs in the sandbox for as long as the body runs.
 * @param size As mount(8) takes it ("64k"); beyond it writes fail with ENOSPC. Rounded up to pages of 4096 bytes.
 * @param body Gets the mount point (0700) and a way to mount it anew with other options ("ro", "rw").
 */
export async function withTmpfs<T>(
  size: string,
  body: (directory: string, remount: (options: string) => void) => Promise<T>,
): Promise<T> {
  requireSandbox();
  const directory = join(scratchDirectory("disk"), "mnt");
  mkdirSync(directory);
  const mount = (...args: string[]) => execFileSync("mount", args, { stdio: "pipe" });
  mount("-t", "tmpfs", "-o", `size=${size},mode=0700`, "small", directory);
  try {
    return await body(directory, (options) => mount("-o", `remount,${options}`, directory));
  } finally {
    // Lazy: something may still have a file open, and that is not this test's matter.
    execFileSync("umount", ["--lazy", directory], { stdio: "pipe" });
  }
}
