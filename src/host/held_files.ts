/**
 * Files that another program holds open. On Windows that keeps them from being replaced or removed; virus scanners and
 * indexers do it to every new file for a moment.
 *
 * @module
 */

import * as fs from "node:fs";
import { systemCode } from "./system_error.ts";

/** What Windows answers, by the names that runtimes give to ERROR_ACCESS_DENIED and ERROR_SHARING_VIOLATION. */
const HELD = ["EPERM", "EACCES", "EBUSY"];

/** Milliseconds between attempts: a second in all. */
const PAUSES_MS = [10, 20, 40, 80, 150, 300, 400];

/** Other systems have O_NOFOLLOW, and keep nobody from replacing an open file. */
const ON_WINDOWS = fs.constants.O_NOFOLLOW === undefined;

/** Renames over what is there, waiting for whoever holds it. */
export function renameOver(from: string, to: string): void {
  whileHeld(() => fs.renameSync(from, to), ON_WINDOWS ? PAUSES_MS : []);
}

/**
 * Does something again after each pause, as long as it fails in the way that held files do.
 * @param pauses Milliseconds. Exported for its test.
 */
export function whileHeld(action: () => void, pauses: readonly number[]): void {
  for (const pause of pauses) {
    try {
      return action();
    } catch (error) {
      if (!HELD.includes(systemCode(error) ?? "")) throw error;
      // Files are handled synchronously throughout: see node_files.ts.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    }
  }
  action();
}
