/**
 * Writes the files of many certificates together: each waits for the disk (fsync) before it takes its place, and
 * those that are ready at the same time wait for it once.
 *
 * @module
 */

import type { Files, FileToWrite, Host } from "../host/host.ts";

/** Groups in one go: three open files each stay under the 256 that macOS allows. */
const MAX_GROUPS = 64;

interface Waiting {
  readonly files: readonly FileToWrite[];
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * A writeTogether() that gathers what is asked for while it waits. While the disk is waited for, keys are made and
 * signatures computed on other threads, so the next group is a large one.
 */
export function createGroupWriter(host: Host): Files["writeTogether"] {
  let waiting: Waiting[] = [];
  const flush = async () => {
    await host.sleep(0);
    const batch = waiting;
    waiting = [];
    for (let start = 0; start < batch.length; start += MAX_GROUPS) {
      const part = batch.slice(start, start + MAX_GROUPS);
      try {
        const errors = await host.files.writeGroups(part.map(({ files }) => files));
        part.forEach(({ resolve, reject }, i) =>
          errors[i] === undefined ? resolve() : reject(errors[i])
        );
      } catch (error) {
        for (const { reject } of part) reject(error);
      }
    }
  };
  return (files) =>
    new Promise((resolve, reject) => {
      waiting.push({ files, resolve, reject });
      if (waiting.length === 1) void flush();
    });
}
