/**
 * {@link Files} on node:fs. Synchronous calls behind the asynchronous interface: a command does a
 * handful of them, one after the other, and each hop through the thread pool costs more than the call.
 *
 * @module
 */

import * as fs from "node:fs";
import * as path from "node:path";
import { type Bytes, toBytes } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import type { FileInfo, Files, WriteOptions } from "./host.ts";
import { findLeftovers } from "./leftovers.ts";
import { makeDirectories, renameDurably } from "./node_directories.ts";
import { writeFileGroups, writeFilesTogether, writeWholeFile } from "./node_file_groups.ts";
import { appendLinesToFile, infoOf, refuseUnlessPlain } from "./node_file_writer.ts";
import { fileError, systemCode } from "./system_error.ts";

/** Enough for every certificate, bundle and key store that is not an attack. */
export const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;
/** Windows has access lists, and none of the flags of POSIX. */
const HAS_MODES = fs.constants.O_NOFOLLOW !== undefined;
// Windows has none.
const O_NONBLOCK = fs.constants.O_NONBLOCK ?? 0;
/** Read step where the size is not known beforehand (/proc, a file that grows). */
const READ_STEP = 64 * 1024;

/** The real file system. */
export function createNodeFiles(): Files {
  return {
    read: (file, maxBytes = DEFAULT_MAX_BYTES) => attempt(() => readWholeFile(file, maxBytes)),
    openLines: async (file, maxLineBytes) =>
      (await import("./node_line_files.ts")).openLineFile(file, maxLineBytes),
    rewriteLines: async (file, source, keeps) =>
      (await import("./node_line_files.ts")).rewriteLineFile(file, source, keeps),
    info: (file) => attempt(() => readInfo(file)),
    list: (directory) => attempt(() => listDirectory(directory)),
    realPath: (file) => attempt(() => resolveRealPath(file)),
    writable: (file) => attempt(() => isWritable(file)),
    write: (file, content, options) => attempt(() => writeWholeFile(file, content, options)),
    writeTogether: (list) => attempt(() => writeFilesTogether(list)),
    writeGroups: writeFileGroups,
    appendLine: (file, line, options) => attempt(() => appendLinesToFile(file, [line], options)),
    appendLines: (file, lines, options) => attempt(() => appendLinesToFile(file, lines, options)),
    makeDirectory: (directory, options?: WriteOptions) =>
      attempt(() => makeDirectories(directory, options)),
    rename: (from, to) => attempt(() => renameDurably(from, to)),
    remove: (file) => attempt(() => removeFile(file)),
    removeDirectory: (directory) => attempt(() => removeEmptyDirectory(directory)),
    leftovers: (directory) => attempt(() => findLeftovers(directory)),
  };
}

/** Makes a promise of a synchronous operation: what it throws is a rejection. */
export function attempt<T>(operation: () => T): Promise<T> {
  try {
    return Promise.resolve(operation());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** @param flags Added to those of open(2). */
export function readWholeFile(file: string, maxBytes: number, flags = 0): Bytes | undefined {
  let descriptor: number;
  try {
    // O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever.
    descriptor = fs.openSync(file, fs.constants.O_RDONLY | O_NONBLOCK | flags);
  } catch (error) {
    if (isNothing(error)) return undefined;
    throw fileError("read", file, error);
  }
  try {
    const stat = fs.fstatSync(descriptor);
    if (!stat.isFile()) refuseUnlessPlain("read", file, infoOf(stat));
    if (stat.size > maxBytes) throw tooLarge(file, maxBytes);
    return readDescriptor(descriptor, stat.size, file, maxBytes);
  } catch (error) {
    throw fileError("read", file, error);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Reads to the end, whatever the size was said to be; the limit holds for what is really read. */
function readDescriptor(descriptor: number, size: number, file: string, maxBytes: number): Bytes {
  let buffer = new Uint8Array(size > 0 ? size + 1 : READ_STEP);
  let length = 0;
  for (;;) {
    if (length === buffer.length) {
      const larger = new Uint8Array(buffer.length + READ_STEP);
      larger.set(buffer);
      buffer = larger;
    }
    const count = fs.readSync(descriptor, buffer, length, buffer.length - length, null);
    if (count === 0) return toBytes(buffer.subarray(0, length));
    length += count;
    if (length > maxBytes) throw tooLarge(file, maxBytes);
  }
}

function tooLarge(file: string, maxBytes: number): LocalTlsError {
  return new LocalTlsError(
    "FILE_TOO_LARGE",
    `Cannot read "${file}": it is larger than ${maxBytes} bytes`,
  );
}

function readInfo(file: string): FileInfo | undefined {
  try {
    return infoOf(fs.lstatSync(file));
  } catch (error) {
    if (isNothing(error)) return undefined;
    throw fileError("read", file, error);
  }
}

function listDirectory(directory: string): string[] {
  try {
    return fs.readdirSync(directory).sort();
  } catch (error) {
    if (isNothing(error)) return [];
    throw fileError("list", directory, error);
  }
}

function resolveRealPath(file: string): string | undefined {
  try {
    return fs.realpathSync(file);
  } catch (error) {
    if (isNothing(error)) return undefined;
    throw fileError("read", file, error);
  }
}

/**
 * access(2), which also knows ACLs and read-only mounts; for a missing path, its nearest directory. On Windows access
 * looks at the read-only mark alone, so that a file there has to be opened, which changes nothing.
 */
export function isWritable(file: string): boolean {
  for (let place = file;;) {
    try {
      const wanted = fs.statSync(place).isDirectory()
        ? fs.constants.W_OK | fs.constants.X_OK
        : fs.constants.W_OK;
      fs.accessSync(place, wanted);
      if (!HAS_MODES && place === file && fs.statSync(place).isFile()) {
        fs.closeSync(fs.openSync(place, "r+"));
      }
      // A plain file above the path: nothing can be made beneath it.
      return place === file || fs.statSync(place).isDirectory();
    } catch (error) {
      const parent = path.dirname(place);
      if (systemCode(error) !== "ENOENT" || parent === place) return false;
      place = parent;
    }
  }
}

export function removeFile(file: string): boolean {
  try {
    // unlink(2) of a directory is EISDIR on Linux and EPERM elsewhere; say it plainly beforehand.
    if (fs.lstatSync(file).isDirectory()) {
      throw new LocalTlsError("FILE_UNSAFE", `Cannot remove "${file}": it is a directory`);
    }
    fs.unlinkSync(file);
    return true;
  } catch (error) {
    if (isNothing(error)) return false;
    throw fileError("remove", file, error);
  }
}

export function removeEmptyDirectory(directory: string): boolean {
  try {
    fs.rmdirSync(directory);
    return true;
  } catch (error) {
    if (isNothing(error) || ["ENOTEMPTY", "EEXIST"].includes(systemCode(error) ?? "")) return false;
    throw fileError("remove", directory, error);
  }
}

/** Whether nothing stands at the path: no such name, or a plain file where a directory would be. */
function isNothing(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}
