/**
 * {@link ImageFiles}: the operations of {@link Files} at the end of a way that does not leave the image.
 *
 * @module
 */

import * as fs from "node:fs";
import * as path from "node:path";
import { LocalTlsError } from "../errors.ts";
import type { ImageFiles, WriteOptions } from "./host.ts";
import { makeDirectories, syncDirectory } from "./node_directories.ts";
import { writeWholeFile } from "./node_file_groups.ts";
import { infoOf, refuseUnlessPlain } from "./node_file_writer.ts";
import {
  attempt,
  DEFAULT_MAX_BYTES,
  isWritable,
  readWholeFile,
  removeEmptyDirectory,
  removeFile,
} from "./node_files.ts";
import { openRootDirectory, type Spot, walk } from "./node_image_walk.ts";
import { fileError, systemCode } from "./system_error.ts";

const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0;

/** Implements Host.openImage. */
export function openNodeImage(directory: string): ImageFiles {
  const root = realRoot(directory);
  const top = openRootDirectory(root);

  /** Does something at a path; what it says of descriptors is said of the path again. */
  function at<T>(file: string, followLast: boolean, use: (spot: Spot) => T): T | undefined {
    return walk(top, file, followLast, (spot) => {
      try {
        return use(spot);
      } catch (error) {
        throw named(error, spot.directory.place, root + spot.directory.path);
      }
    });
  }

  function write(file: string, content: Uint8Array | string, options?: WriteOptions): void {
    const done = at(file, false, ({ place }) => {
      writeWholeFile(place, content, options);
      return true;
    });
    if (done === undefined) throw missing("write", root + file);
  }

  function makeDirectory(directory: string, options?: WriteOptions): void {
    const parent = path.posix.dirname(directory);
    if (parent !== directory) makeDirectory(parent, options);
    const done = at(directory, true, ({ place, stat }) => {
      if (stat?.isDirectory() !== true) makeDirectories(place, options);
      return true;
    });
    if (done === undefined) {
      throw new LocalTlsError(
        "FILE_UNSAFE",
        `Cannot create the directory "${root}${directory}": a symbolic link on the way leads nowhere`,
      );
    }
  }

  function makeLink(file: string, target: string): void {
    const done = at(file, false, ({ place, directory }) => {
      try {
        fs.symlinkSync(target, place);
        syncDirectory(directory.place);
      } catch (error) {
        throw fileError("create", place, error);
      }
      return true;
    });
    if (done === undefined) throw missing("create", root + file);
  }

  return {
    root,
    read: (file, maxBytes = DEFAULT_MAX_BYTES) =>
      attempt(() =>
        at(file, true, ({ place, stat }) => {
          if (stat === undefined) return undefined;
          // Looked at before it is opened: opening a device can do something.
          refuseUnlessPlain("read", place, infoOf(stat));
          return readWholeFile(place, maxBytes, O_NOFOLLOW);
        })
      ),
    info: (file) =>
      attempt(() => at(file, false, ({ stat }) => stat === undefined ? undefined : infoOf(stat))),
    list: (directory) =>
      attempt(() =>
        at(
          directory,
          true,
          ({ place, stat }) => stat?.isDirectory() ? listDirectory(place) : undefined,
        ) ??
          []
      ),
    realPath: (file) =>
      attempt(() => at(file, true, (spot) => spot.stat === undefined ? undefined : spot.path)),
    writable: (file) =>
      attempt(() =>
        at(
          file,
          true,
          ({ place, stat, directory }) => isWritable(stat === undefined ? directory.place : place),
        ) ?? false
      ),
    readLink: (file) =>
      attempt(() =>
        at(
          file,
          false,
          ({ place, stat }) => stat?.isSymbolicLink() ? fs.readlinkSync(place) : undefined,
        )
      ),
    write: (file, content, options) => attempt(() => write(file, content, options)),
    makeDirectory: (directory, options) => attempt(() => makeDirectory(directory, options)),
    makeLink: (file, target) => attempt(() => makeLink(file, target)),
    remove: (file) => attempt(() => at(file, false, ({ place }) => removeFile(place)) ?? false),
    removeDirectory: (directory) =>
      attempt(() => at(directory, false, ({ place }) => removeEmptyDirectory(place)) ?? false),
  };
}

/** Throws FILE_NOT_FOUND, FILE_UNSAFE, and USAGE for this machine's own root, under whatever name. */
function realRoot(directory: string): string {
  let root: string;
  let stat: fs.Stats;
  try {
    root = fs.realpathSync(directory);
    stat = fs.statSync(root);
  } catch (error) {
    if (!["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) {
      throw fileError("read", directory, error);
    }
    throw new LocalTlsError(
      "FILE_NOT_FOUND",
      `Cannot use "${directory}" as a root: it is not there`,
    );
  }
  if (!stat.isDirectory()) {
    throw new LocalTlsError(
      "FILE_UNSAFE",
      `Cannot use "${directory}" as a root: it is no directory`,
      {
        hints: ["Unpack or mount the image, and give the directory"],
      },
    );
  }
  const own = fs.statSync("/");
  if (root === "/" || (stat.ino === own.ino && stat.dev === own.dev)) {
    throw new LocalTlsError(
      "USAGE",
      `Cannot use "${directory}" as a root: it is this machine's own`,
      {
        hints: ["Leave out --root: this machine's stores have tools of their own"],
      },
    );
  }
  return root;
}

function listDirectory(place: string): string[] {
  try {
    return fs.readdirSync(place).sort();
  } catch (error) {
    throw fileError("list", place, error);
  }
}

function missing(action: "write" | "create", file: string): LocalTlsError {
  return new LocalTlsError(
    "FILE_NOT_FOUND",
    `Cannot ${action} "${file}": the directory "${path.posix.dirname(file)}" does not exist`,
  );
}

/** The error with the path that people know, in place of the one that system calls were given. */
function named(error: unknown, place: string, directory: string): unknown {
  if (!(error instanceof LocalTlsError) || place === directory) return error;
  const rename = (text: string) => text.replaceAll(place, directory);
  return new LocalTlsError(error.code, rename(error.message), {
    hints: error.hints.map(rename),
    cause: error.cause,
  });
}
