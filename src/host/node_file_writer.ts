/**
 * Writing so that a crash, a full disk or a planted symlink never costs a key: new exclusive files,
 * full writes, fsync, rename, and everything done to descriptors instead of paths.
 *
 * @module
 */

import * as fs from "node:fs";
import * as path from "node:path";
import { toHex } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import type { FileInfo, FileToWrite, WriteOptions } from "./host.ts";
import { applyOwnership, syncDirectory } from "./node_directories.ts";
import { type FileAction, fileError, systemCode } from "./system_error.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_WRONLY } = fs.constants;
// Windows has none of these; links need a privilege there.
const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0;
const O_NONBLOCK = fs.constants.O_NONBLOCK ?? 0;

/** Owner-only: whoever writes something public says so. */
const DEFAULT_FILE_MODE = 0o600;
/** Random octets in the name of a temporary file: no collision, no guess. */
const TEMPORARY_NAME_OCTETS = 8;

/** Implements Files.write. */
export function writeWholeFile(
  file: string,
  content: Uint8Array | string,
  options: WriteOptions = {},
): void {
  writeFilesTogether([{ ...options, path: file, content }]);
}

/** Implements Files.writeTogether. */
export function writeFilesTogether(files: readonly FileToWrite[]): void {
  const staged: { readonly temporary: string; readonly path: string }[] = [];
  let current = "";
  try {
    for (const file of files) {
      current = file.path;
      staged.push({ temporary: stageFile(file), path: file.path });
    }
    for (let next = staged[0]; next !== undefined; next = staged[0]) {
      current = next.path;
      fs.renameSync(next.temporary, next.path);
      staged.shift();
    }
    for (const directory of new Set(files.map((file) => path.dirname(file.path)))) {
      current = directory;
      syncDirectory(directory);
    }
  } catch (error) {
    for (const { temporary } of staged) removeQuietly(temporary);
    throw fileError("write", current, error);
  }
}

/** Writes a file under a temporary name beside its place. @returns that name. */
function stageFile(file: FileToWrite): string {
  refuseUnlessPlain("write", file.path, lstat(file.path));
  const { content } = file;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  // A short name of its own: a suffix to a long file name would pass the limit of 255 octets.
  const random = toHex(crypto.getRandomValues(new Uint8Array(TEMPORARY_NAME_OCTETS)));
  const temporary = path.join(path.dirname(file.path), `.localtls-${random}`);
  // Owner-only at first: nobody can open it before it has its final mode.
  const descriptor = fs.openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    try {
      writeFully(descriptor, bytes);
      applyOwnership(descriptor, file.mode ?? DEFAULT_FILE_MODE, file.owner);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  return temporary;
}

/** Implements Files.appendLine and Files.appendLines. */
export function appendLinesToFile(
  file: string,
  lines: readonly string[],
  options: WriteOptions = {},
): void {
  if (lines.length === 0) return;
  if (lines.some((line) => /[\r\n]/.test(line))) {
    throw new LocalTlsError("INTERNAL", `Cannot append to "${file}": the line has a line end`);
  }
  try {
    const { descriptor, created } = openForAppending(file);
    try {
      const stat = fs.fstatSync(descriptor);
      if (!stat.isFile()) {
        throw new LocalTlsError("FILE_UNSAFE", `Cannot append to "${file}": it is no plain file`);
      }
      if (created) applyOwnership(descriptor, options.mode ?? DEFAULT_FILE_MODE, options.owner);
      const start = endsWithLineEnd(descriptor, stat.size) ? "" : "\n";
      writeFully(descriptor, new TextEncoder().encode(`${start}${lines.join("\n")}\n`));
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    if (created) syncDirectory(path.dirname(file));
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
    const isDangling = fs.statSync(file, { throwIfNoEntry: false }) === undefined;
    if (isDangling) refuseUnlessPlain("create", file, lstat(file));
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

function lstat(file: string): Pick<FileInfo, "type"> | undefined {
  let stat: fs.Stats | undefined;
  try {
    stat = fs.lstatSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined; // whatever is wrong with the way there, opening says it
  }
  if (stat === undefined) return undefined;
  const type = stat.isFile()
    ? "file"
    : stat.isDirectory()
    ? "directory"
    : stat.isSymbolicLink()
    ? "symlink"
    : "other";
  return { type };
}

/** write(2) may take less than it is given; what is left then fails with the reason. */
function writeFully(descriptor: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length;) {
    offset += fs.writeSync(descriptor, bytes, offset, bytes.length - offset);
  }
}

function removeQuietly(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch {
    // The first error is the one that counts.
  }
}
