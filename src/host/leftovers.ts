/**
 * Temporary files of whole writes: their names, and those that a killed program left. Such a file may hold a private
 * key, so it is swept by whoever writes to the directory next, once it is certain that its writer is gone.
 *
 * @module
 */

import * as fs from "node:fs";
import * as path from "node:path";
import process from "node:process";
import { toHex } from "../bytes.ts";
import { removeQuietly } from "./node_file_writer.ts";
import { systemCode } from "./system_error.ts";

/**
 * A process id in eight hexadecimal digits; four random ones of the process, since ids are used again (a program in a
 * container has the same one each time); and a count. Whoever makes the file makes it exclusively.
 */
const NAME = /^\.localtls-([0-9a-f]{8})([0-9a-f]{4})[0-9a-f]{4}$/;

/** Linux has no larger process id (PID_MAX_LIMIT), other systems none near it; a name of older versions may. */
const MAX_PID = 4_194_304;

/**
 * Milliseconds after which no write still goes on: where the process id is another program's by now, or none. A write
 * takes as long as its disk; one that was suspended for longer writes its file once more (node_file_groups.ts).
 */
const STALE_MS = 600_000;

let mark: string | undefined;
let count = 0;

/** What the names of this process begin with, after the prefix. */
function ownMark(): string {
  return mark ??= process.pid.toString(16).padStart(8, "0") +
    toHex(crypto.getRandomValues(new Uint8Array(2)));
}

/** A name for a temporary file of this process. */
export function temporaryName(): string {
  count = (count + 1) & 0xffff;
  return `.localtls-${ownMark()}${count.toString(16).padStart(4, "0")}`;
}

/** Implements Files.leftovers. What cannot be listed has none. */
export function findLeftovers(directory: string): string[] {
  let names: string[];
  try {
    names = fs.readdirSync(directory);
  } catch {
    return [];
  }
  return names.filter((name) => NAME.test(name)).sort()
    .map((name) => path.join(directory, name))
    .filter(isLeftover);
}

const swept = new Set<string>();

/** Removes what killed writers left in a directory, once in the life of this process. Failures are for the next one. */
export function sweepLeftovers(directory: string): void {
  if (swept.has(directory)) return;
  swept.add(directory);
  for (const file of findLeftovers(directory)) removeQuietly(file);
}

function isLeftover(file: string): boolean {
  const [, id = "", random = ""] = NAME.exec(path.basename(file)) ?? [];
  if (id + random === ownMark()) return false; // this process is at it
  const pid = Number.parseInt(id, 16);
  let stat: fs.Stats | undefined;
  try {
    stat = fs.lstatSync(file, { throwIfNoEntry: false });
  } catch {
    return false;
  }
  if (!stat?.isFile() || !isOwn(stat.uid)) return false;
  if (pid === process.pid || (pid > 0 && pid <= MAX_PID && !isRunning(pid))) return true;
  // The clock may have been set back since.
  return Math.abs(Date.now() - stat.mtimeMs) > STALE_MS;
}

/** The effective user's. */
function isOwn(uid: number): boolean {
  const self = process.geteuid?.();
  return self === undefined || uid === self;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, and is somebody else's.
    return systemCode(error) !== "ESRCH";
  }
}
