/**
 * A small file system in memory, for tests of a full disk.
 *
 * @module
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun, run } from "./processes.ts";
import { requireSandbox, scratchDirectory } from "./sandbox.ts";

/** A mounted file system of limited size. */
export interface SmallFileSystem {
  readonly path: string;
  /** Fills it until nothing more can be written, but for freeBytes (rounded to pages of 4096). */
  fill(freeBytes?: number): void;
  unmount(): Promise<void>;
}

/** Bytes; tmpfs allots whole pages. */
const PAGE = 4096;

/**
 * Mounts a tmpfs in the sandbox.
 * @param sizeBytes At least one page; beyond it writes fail with ENOSPC.
 * @param options Files and directories it can hold at most, and other mount options ("ro").
 */
export async function mountSmallFileSystem(
  sizeBytes: number,
  options: { readonly inodes?: number; readonly mount?: string } = {},
): Promise<SmallFileSystem> {
  requireSandbox();
  const path = join(scratchDirectory("disk"), "mnt");
  mkdirSync(path);
  const limits = [`size=${sizeBytes}`, "mode=0700"];
  if (options.inodes !== undefined) limits.push(`nr_inodes=${options.inodes}`);
  if (options.mount !== undefined) limits.push(options.mount);
  await mustRun(["mount", "-t", "tmpfs", "-o", limits.join(","), "small", path]);
  return {
    path,
    fill(freeBytes = 0) {
      const page = new Uint8Array(PAGE);
      const reserve = join(path, ".reserve");
      if (freeBytes > 0) writeFileSync(reserve, new Uint8Array(freeBytes));
      try {
        for (;;) writeFileSync(join(path, ".filler"), page, { flag: "a" });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
      if (freeBytes > 0) writeFileSync(reserve, new Uint8Array());
    },
    async unmount() {
      await run(["umount", "--lazy", path]);
    },
  };
}
