/**
 * Directories: making them, and making what happens in them last.
 *
 * @module
 */

import * as fs from "node:fs";
import * as path from "node:path";
import { LocalTlsError } from "../errors.ts";
import { renameOver } from "./held_files.ts";
import type { Owner, WriteOptions } from "./host.ts";
import { fileError, systemCode } from "./system_error.ts";

// Windows has neither: no descriptors of directories, and links need a privilege there.
const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0;
const O_DIRECTORY = fs.constants.O_DIRECTORY ?? 0;

/** What the XDG Base Directory Specification asks of directories that a program has to make. */
const DEFAULT_DIRECTORY_MODE = 0o700;

/** Implements Files.makeDirectory. */
export function makeDirectories(directory: string, options: WriteOptions = {}): void {
  const missing: string[] = [];
  try {
    for (let place = directory;; place = path.dirname(place)) {
      const stat = fs.statSync(place, { throwIfNoEntry: false });
      if (stat?.isDirectory()) break;
      if (stat !== undefined || isThere(place)) {
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
  const descriptor = fs.openSync(directory, fs.constants.O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
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
    renameOver(from, to);
    syncDirectory(path.dirname(to));
    if (path.dirname(from) !== path.dirname(to)) syncDirectory(path.dirname(from));
  } catch (error) {
    throw fileError("rename", from, error);
  }
}

/** Owner first: chown clears the set-id bits, and the mode of a file that is not ours needs root. */
export function applyOwnership(descriptor: number, mode: number, owner: Owner | undefined): void {
  if (owner !== undefined) fs.fchownSync(descriptor, owner.uid, owner.gid);
  fs.fchmodSync(descriptor, mode);
}

/**
 * Makes a rename durable. File systems that cannot sync a directory say so in many ways (EINVAL,
 * EACCES, EISDIR, EPERM on Windows); only a disk that is full or broken is an error.
 */
export function syncDirectory(directory: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(directory, fs.constants.O_RDONLY);
    fs.fsyncSync(descriptor);
  } catch (error) {
    if (["ENOSPC", "EDQUOT", "EIO"].includes(systemCode(error) ?? "")) throw error;
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

function isThere(place: string): boolean {
  // A dangling symlink too: stat does not see it, mkdir trips over it.
  return fs.lstatSync(place, { throwIfNoEntry: false }) !== undefined;
}
