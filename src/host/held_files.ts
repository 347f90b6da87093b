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

/** A file under its temporary name, and where it belongs. */
export interface Move {
  readonly temporary: string;
  readonly path: string;
  /** It is known that nothing is at the path: there is nothing to remember. */
  readonly isNew?: boolean | undefined;
}

/**
 * Renames files to their places, in order. On Windows a certificate that a server holds would stay beside its new key;
 * elsewhere only a broken disk stops the second once the first has gone through. So what was there is remembered, and
 * comes back if one of them cannot be replaced.
 *
 * @param placed Called after each. @param remember By default where files can be held, and more than one is placed.
 * @param rename Given by tests.
 */
export function placeTogether(
  moves: readonly Move[],
  placed: (move: Move) => void,
  remember: boolean = ON_WINDOWS && moves.length > 1,
  rename: (from: string, to: string) => void = renameOver,
): void {
  const former = moves.map(({ path, isNew }) => remember && !isNew ? readIfThere(path) : undefined);
  const done: number[] = [];
  for (const [i, move] of moves.entries()) {
    try {
      rename(move.temporary, move.path);
    } catch (error) {
      if (remember) { for (const at of done.reverse()) restore(moves[at]!, former[at], rename); }
      throw error;
    }
    done.push(i);
    placed(move);
  }
}

function readIfThere(file: string): Uint8Array | undefined {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined; // nothing there; or nothing that this user may read, and then replace
  }
}

/** The temporary name is free again by now. */
function restore(
  { temporary, path }: Move,
  former: Uint8Array | undefined,
  rename: (from: string, to: string) => void,
): void {
  try {
    if (former === undefined) return fs.unlinkSync(path);
    fs.writeFileSync(temporary, former, { flag: "wx", mode: 0o600, flush: true });
    rename(temporary, path);
  } catch {
    // The first error is the one that counts.
  }
}

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
