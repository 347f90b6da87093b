/**
 * Making and appending to files so that a crash, a full disk or a planted symlink never costs a key: full writes,
 * fsync, and everything done to descriptors instead of paths. Whole files: node_file_groups.ts.
 *
 * @module
 */

import * as fs from "node:fs";
import * as path from "node:path";
import { LocalTlsError } from "../errors.ts";
import type { FileInfo, WriteOptions } from "./host.ts";
import { applyOwnership, syncDirectory } from "./node_directories.ts";
import { type FileAction, fileError, systemCode } from "./system_error.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_WRONLY } = fs.constants;
// Windows has none of these; links need a privilege there.
const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0;
const O_NONBLOCK = fs.constants.O_NONBLOCK ?? 0;

/** Owner-only: whoever writes something public says so. */
export const DEFAULT_FILE_MODE = 0o600;

/** How often a file may be replaced while lines are appended to it: each takes a program that rewrites it. */
const MAX_REPLACED = 8;

/** Implements Files.appendLine and Files.appendLines. */
export function appendLinesToFile(
  file: string,
  lines: readonly string[],
  options: WriteOptions = {},
): void {
  if (lines.length === 0) return;
  if (lines.some((line) => line.includes("\n") || line.includes("\r"))) {
    throw new LocalTlsError("INTERNAL", `Cannot append to "${file}": the line has a line end`);
  }
  // What rewriteLines() put there between opening and writing has not got the lines. Twice is as good as once.
  for (let left = MAX_REPLACED; left > 0 && !appendOnce(file, lines, options); left--);
}

/** @returns Whether the path still is the file that was appended to. */
function appendOnce(file: string, lines: readonly string[], options: WriteOptions): boolean {
  try {
    const { descriptor, created } = openForAppending(file);
    try {
      const stat = fs.fstatSync(descriptor);
      if (!stat.isFile()) {
        throw new LocalTlsError("FILE_UNSAFE", `Cannot append to "${file}": it is no plain file`);
      }
      if (created) applyOwnership(descriptor, options.mode ?? DEFAULT_FILE_MODE, options.owner);
      // A torn line gets its end first. So does another process's append that is seen half way (the size grows by
      // pages): that leaves a blank line, never a mixed one, for O_APPEND keeps the two writes apart.
      const start = endsWithLineEnd(descriptor, stat.size) ? "" : "\n";
      writeFully(descriptor, new TextEncoder().encode(`${start}${lines.join("\n")}\n`));
      fs.fsyncSync(descriptor);
      if (created) syncDirectory(path.dirname(file));
      const now = fs.lstatSync(file, { throwIfNoEntry: false });
      // Removed: whoever took the file away took its lines with it.
      return now === undefined || now.ino === stat.ino;
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    if (systemCode(error) === "ELOOP") {
      throw new LocalTlsError("FILE_UNSAFE", `Cannot append to "${file}": it is a symbolic link`);
    }
    throw fileError("append to", file, error);
  }
}

/** Opens the file as it is or makes it, and knows which: an existing file keeps its mode and owner. */
function openForAppending(file: string): { descriptor: number; created: boolean } {
  const flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK;
  try {
    return { descriptor: fs.openSync(file, flags), created: false };
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
  try {
    return { descriptor: fs.openSync(file, flags | O_CREAT | O_EXCL, 0o600), created: true };
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    // Somebody else made it in between.
    return { descriptor: fs.openSync(file, flags), created: false };
  }
}

function endsWithLineEnd(descriptor: number, size: number): boolean {
  if (size === 0) return true;
  const last = new Uint8Array(1);
  return fs.readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] === 0x0a;
}

/**
 * Makes an empty file where nothing stands, and leaves whatever stands there. A symlink to nothing is
 * refused (FILE_UNSAFE): what opens the file next would make its target.
 */
export function makeEmptyFile(file: string, options: WriteOptions = {}): void {
  try {
    const descriptor = fs.openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      applyOwnership(descriptor, options.mode ?? DEFAULT_FILE_MODE, options.owner);
    } finally {
      fs.closeSync(descriptor);
    }
    syncDirectory(path.dirname(file));
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw fileError("create", file, error);
    if (leadsNowhere(file)) refuseUnlessPlain("create", file, lstat(file));
  }
}

/** What this user may not see behind a link is for whoever opens it to complain of: nothing can be made there either. */
function leadsNowhere(file: string): boolean {
  try {
    return fs.statSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

/** Throws FILE_UNSAFE for what is there and is no plain file. */
export function refuseUnlessPlain(
  action: FileAction,
  file: string,
  info: Pick<FileInfo, "type"> | undefined,
): void {
  if (info === undefined || info.type === "file") return;
  const what = info.type === "symlink"
    ? "a symbolic link"
    : info.type === "directory"
    ? "a directory"
    : "a device, socket or pipe";
  throw new LocalTlsError("FILE_UNSAFE", `Cannot ${action} "${file}": it is ${what}`, {
    hints: action === "write" && info.type === "symlink"
      ? ["Give the path that the link points to, or remove the link"]
      : [],
  });
}

export function lstat(file: string): Pick<FileInfo, "type"> | undefined {
  let stat: fs.Stats | undefined;
  try {
    stat = fs.lstatSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined; // whatever is wrong with the way there, opening says it
  }
  return stat === undefined ? undefined : infoOf(stat);
}

/** What node:fs says of a file, as {@link FileInfo}. */
export function infoOf(stat: fs.Stats): FileInfo {
  return {
    type: stat.isFile()
      ? "file"
      : stat.isDirectory()
      ? "directory"
      : stat.isSymbolicLink()
      ? "symlink"
      : "other",
    size: stat.size,
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    modifiedMs: stat.mtimeMs,
    inode: stat.ino,
  };
}

/** write(2) may take less than it is given; what is left then fails with the reason. */
export function writeFully(descriptor: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length;) {
    offset += fs.writeSync(descriptor, bytes, offset, bytes.length - offset);
  }
}

export function closeQuietly(descriptor: number): void {
  try {
    fs.closeSync(descriptor);
  } catch {
    // The first error is the one that counts.
  }
}

export function removeQuietly(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch {
    // The first error is the one that counts.
  }
}
