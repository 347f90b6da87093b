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
import type { FileInfo, Owner, WriteOptions } from "./host.ts";
import { type FileAction, fileError, systemCode } from "./system_error.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY } = fs.constants;
// Windows has none of these; links need a privilege there.
const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0;
const O_DIRECTORY = fs.constants.O_DIRECTORY ?? 0;
const O_NONBLOCK = fs.constants.O_NONBLOCK ?? 0;

/** Owner-only: whoever writes something public says so. */
const DEFAULT_FILE_MODE = 0o600;
/** What the XDG Base Directory Specification asks of directories that a program has to make. */
const DEFAULT_DIRECTORY_MODE = 0o700;
/** Random octets in the name of a temporary file: no collision, no guess. */
const TEMPORARY_NAME_OCTETS = 8;

/** Implements Files.write. */
export function writeWholeFile(
  file: string,
  content: Uint8Array | string,
  options: WriteOptions = {},
): void {
  refuseUnlessPlain("write", file, lstat(file));
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  // A short name of its own: a suffix to a long file name would pass the limit of 255 octets.
  const random = toHex(crypto.getRandomValues(new Uint8Array(TEMPORARY_NAME_OCTETS)));
  const temporary = path.join(path.dirname(file), `.localtls-${random}`);
  let exists = false;
  try {
    // Owner-only at first: nobody can open it before it has its final mode.
    const descriptor = fs.openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    exists = true;
    try {
      writeFully(descriptor, bytes);
      applyOwnership(descriptor, options.mode ?? DEFAULT_FILE_MODE, options.owner);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, file);
    exists = false;
    syncDirectory(path.dirname(file));
  } catch (error) {
    if (exists) removeQuietly(temporary);
    throw fileError("write", file, error);
  }
}

/** Implements Files.appendLine. */
export function appendLineToFile(file: string, line: string, options: WriteOptions = {}): void {
  if (/[\r\n]/.test(line)) {
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
      writeFully(descriptor, new TextEncoder().encode(`${start}${line}\n`));
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

/** Makes an empty file where nothing stands; whatever stands there, a symlink too, is left as it is. */
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
  }
}

/** Implements OpenDatabaseOptions.create: makes an empty file unless one is there. */
export function createEmptyFile(file: string, options: WriteOptions): void {
  try {
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    const descriptor = fs.openSync(file, flags, 0o600);
    try {
      applyOwnership(descriptor, options.mode ?? DEFAULT_FILE_MODE, options.owner);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw fileError("create", file, error);
    // O_EXCL does not follow a symlink either; what opens the file afterwards would.
    refuseUnlessPlain("create", file, lstat(file));
  }
}

/** Implements Files.makeDirectory. */
export function makeDirectories(directory: string, options: WriteOptions = {}): void {
  const missing: string[] = [];
  try {
    for (let place = directory;; place = path.dirname(place)) {
      const stat = fs.statSync(place, { throwIfNoEntry: false });
      if (stat?.isDirectory()) break;
      if (stat !== undefined || lstat(place) !== undefined) {
        throw new LocalTlsError(
          "FILE_UNSAFE",
          `Cannot create the directory "${directory}": "${place}" is no directory`,
        );
      }
      if (path.dirname(place) === place) break;
      missing.unshift(place);
    }
    for (const place of missing) makeOneDirectory(place, options);
  } catch (error) {
    throw fileError("create", directory, error);
  }
}

function makeOneDirectory(directory: string, options: WriteOptions): void {
  try {
    fs.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // Another process was faster: as good as an existing one.
    if (systemCode(error) === "EEXIST" && fs.statSync(directory).isDirectory()) return;
    throw error;
  }
  if (O_DIRECTORY === 0) return; // Windows: no modes, and no descriptors of directories
  // Through a descriptor: between mkdir and chown of a path, root could be handed a symlink.
  const descriptor = fs.openSync(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    applyOwnership(descriptor, options.mode ?? DEFAULT_DIRECTORY_MODE, options.owner);
  } finally {
    fs.closeSync(descriptor);
  }
  syncDirectory(path.dirname(directory));
}

/** Implements Files.rename. */
export function renameDurably(from: string, to: string): void {
  try {
    fs.renameSync(from, to);
    syncDirectory(path.dirname(to));
    if (path.dirname(from) !== path.dirname(to)) syncDirectory(path.dirname(from));
  } catch (error) {
    throw fileError("rename", from, error);
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

/** Owner first: chown clears the set-id bits, and the mode of a file that is not ours needs root. */
function applyOwnership(descriptor: number, mode: number, owner: Owner | undefined): void {
  if (owner !== undefined) fs.fchownSync(descriptor, owner.uid, owner.gid);
  fs.fchmodSync(descriptor, mode);
}

/**
 * Makes a rename durable. File systems that cannot sync a directory say so in many ways (EINVAL,
 * EACCES, EISDIR, EPERM on Windows); only a disk that is full or broken is an error.
 */
function syncDirectory(directory: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(directory, O_RDONLY);
    fs.fsyncSync(descriptor);
  } catch (error) {
    if (["ENOSPC", "EDQUOT", "EIO"].includes(systemCode(error) ?? "")) throw error;
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

function removeQuietly(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch {
    // The first error is the one that counts.
  }
}
