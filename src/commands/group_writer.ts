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
 * A writeTogether() that gathers what is asked for while it writes: then keys are made and signatures computed, so
 * that the next batch is a large one. One batch at a time.
 */
export function createGroupWriter(host: Host): Files["writeTogether"] {
  let waiting: Waiting[] = [];
  let isWriting = false;
  const writeAll = async () => {
    isWriting = true;
    await host.sleep(0);
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_GROUPS);
      waiting = waiting.slice(MAX_GROUPS);
      try {
        const errors = await host.files.writeGroups(batch.map(({ files }) => files));
        batch.forEach(({ resolve, reject }, i) =>
          errors[i] === undefined ? resolve() : reject(errors[i])
        );
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      // Whoever waited for this batch goes on, and may have the next one ready.
      if (waiting.length < MAX_GROUPS) await host.sleep(0);
    }
    isWriting = false;
  };
  return (files) =>
    new Promise((resolve, reject) => {
      waiting.push({ files, resolve, reject });
      if (!isWriting) void writeAll();
    });
}
