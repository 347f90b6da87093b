/**
 * Writing whole files so that a crash, a full disk or a planted symlink never costs a key: new exclusive files beside
 * their places, full writes, fsync, rename, and the directory synced.
 *
 * @module
 */

import * as fs from "node:fs";
import * as path from "node:path";
import { toHex } from "../bytes.ts";
import type { LocalTlsError } from "../errors.ts";
import type { FileToWrite, WriteOptions } from "./host.ts";
import { placeTogether } from "./held_files.ts";
import { applyOwnership, syncDirectory } from "./node_directories.ts";
import {
  closeQuietly,
  DEFAULT_FILE_MODE,
  lstat,
  refuseUnlessPlain,
  removeQuietly,
  writeFully,
} from "./node_file_writer.ts";
import { fileError } from "./system_error.ts";

const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants;
// Windows has none; links need a privilege there.
const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0;

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
  const [error] = writeFileGroups([files]);
  if (error !== undefined) throw error;
}

/** Files that are written together or not at all, on their way. */
interface Group {
  readonly files: readonly FileToWrite[];
  /** Written, and not yet in their places. */
  readonly staged: Staged[];
  /** The path that is being worked on; in messages. */
  current: string;
  error: LocalTlsError | undefined;
}

/** A file under a temporary name beside its place. */
interface Staged {
  readonly temporary: string;
  readonly path: string;
  descriptor: number | undefined;
}

/** Implements Files.writeGroups. */
export function writeFileGroups(
  groups: readonly (readonly FileToWrite[])[],
): (LocalTlsError | undefined)[] {
  const all = groups.map((files): Group => ({
    files,
    staged: [],
    current: "",
    error: undefined,
  }));
  const step = (work: (group: Group) => void) => {
    for (const group of all) if (group.error === undefined) attempt(group, work);
  };
  step((group) => {
    for (const file of group.files) {
      group.current = file.path;
      group.staged.push(stageFile(file));
    }
  });
  // All are written before the first is synced: a journal then has them in one transaction.
  step(syncStaged);
  step((group) => {
    group.current = group.staged[0]?.path ?? "";
    placeTogether([...group.staged], () => {
      group.staged.shift();
      group.current = group.staged[0]?.path ?? group.current;
    });
  });
  const synced = new Set<string>();
  step((group) => {
    for (const { path: file } of group.files) {
      group.current = path.dirname(file);
      if (synced.has(group.current)) continue;
      syncDirectory(group.current);
      synced.add(group.current);
    }
  });
  return all.map(({ error }) => error);
}

/** Does a step of a group; where it fails, nothing of the group is left that is not in its place. */
function attempt(group: Group, work: (group: Group) => void): void {
  try {
    work(group);
  } catch (error) {
    for (const { temporary, descriptor } of group.staged) {
      if (descriptor !== undefined) closeQuietly(descriptor);
      removeQuietly(temporary);
    }
    group.error = fileError("write", group.current, error);
  }
}

function syncStaged(group: Group): void {
  for (const staged of group.staged) {
    const { descriptor } = staged;
    if (descriptor === undefined) continue;
    group.current = staged.path;
    fs.fsyncSync(descriptor);
    staged.descriptor = undefined; // close(2) gives it up, whatever it answers
    fs.closeSync(descriptor);
  }
}

/** Writes a file under a temporary name beside its place, and leaves it open: it is not synced yet. */
function stageFile(file: FileToWrite): Staged {
  refuseUnlessPlain("write", file.path, lstat(file.path));
  const { content } = file;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  // A short name of its own: a suffix to a long file name would pass the limit of 255 octets.
  const random = toHex(crypto.getRandomValues(new Uint8Array(TEMPORARY_NAME_OCTETS)));
  const temporary = path.join(path.dirname(file.path), `.localtls-${random}`);
  // Owner-only at first: nobody can open it before it has its final mode.
  const descriptor = fs.openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeFully(descriptor, bytes);
    applyOwnership(descriptor, file.mode ?? DEFAULT_FILE_MODE, file.owner);
  } catch (error) {
    closeQuietly(descriptor);
    removeQuietly(temporary);
    throw error;
  }
  return { temporary, path: file.path, descriptor };
}
