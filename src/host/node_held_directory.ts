/**
 * Directories that are held open while something is looked up in them: openat(2), which `node:` has no function for, by
 * way of /proc/self/fd. Whoever renames a directory that is held, or puts a link in its place, changes nothing for who
 * holds it.
 *
 * Without /proc (FreeBSD, macOS, Windows) the same operations work on paths, and the callers say what that costs them.
 *
 * @module
 */

import * as fs from "node:fs";
import { operatingSystem } from "./operating_system.ts";

const { O_RDONLY } = fs.constants;
const O_DIRECTORY = fs.constants.O_DIRECTORY ?? 0;
const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0;
const O_NONBLOCK = fs.constants.O_NONBLOCK ?? 0;

/**
 * Linux's O_PATH (open(2); `node:` has no name for it; the same number on every processor that there are builds for): a
 * directory can be gone through with search permission alone.
 */
const O_PATH = operatingSystem() === "linux" ? 0o10000000 : O_RDONLY;

/** A directory, and how things in it are named to system calls. */
export interface HeldDirectory {
  /** Its path, or where /proc shows the descriptor. */
  readonly place: string;
  /** undefined where directories cannot be opened (Windows). */
  readonly descriptor: number | undefined;
  /** Whether the place is that of the descriptor, whatever becomes of the path. */
  readonly isPinned: boolean;
}

/**
 * Opens a directory, never through a link at the end of the path.
 *
 * @param pin Whether /proc may be used; tests of the other way say no.
 * Throws what open(2) answers: ELOOP or ENOTDIR for a link.
 */
export function holdDirectory(path: string, pin = true): HeldDirectory {
  if (O_DIRECTORY === 0) return { place: path, descriptor: undefined, isPinned: false };
  const descriptor = fs.openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK);
  const held = `/proc/self/fd/${descriptor}`;
  if (pin && isThere(held)) return { place: held, descriptor, isPinned: true };
  return { place: path, descriptor, isPinned: false };
}

/** Closes it. */
export function releaseDirectory({ descriptor }: HeldDirectory): void {
  if (descriptor !== undefined) fs.closeSync(descriptor);
}

/** Remembered once it was seen: a descriptor that is open is shown there as long as the process lives. */
let isShown = false;

/** Whether /proc shows our own descriptors: some runtimes keep it from programs without every permission. */
function isThere(held: string): boolean {
  try {
    isShown ||= fs.statSync(`${held}/.`, { throwIfNoEntry: false }) !== undefined;
    return isShown;
  } catch {
    return false;
  }
}
