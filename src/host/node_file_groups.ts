/**
 * Writing whole files so that a crash, a full disk or a planted symlink never costs a key: new exclusive files beside
 * their places, full writes, fsync, rename, and the directory synced.
 *
 * @module
 */

import * as fs from "node:fs";
import * as path from "node:path";
import { LocalTlsError } from "../errors.ts";
import type { DiskSync } from "./node_disk_sync.ts";
import type { FileToWrite, WriteOptions } from "./host.ts";
import { placeTogether, renameOver } from "./held_files.ts";
import { sweepLeftovers, temporaryName } from "./leftovers.ts";
import { applyOwnership, syncDirectory } from "./node_directories.ts";
import {
  closeQuietly,
  DEFAULT_FILE_MODE,
  infoOf,
  lstat,
  refuseUnlessPlain,
  removeQuietly,
  writeFully,
} from "./node_file_writer.ts";
import { fileError, systemCode } from "./system_error.ts";

const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants;
// Windows has none; links need a privilege there.
const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0;

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
  const all = stageGroups([files]);
  step(all, syncStaged);
  placeGroups(all);
  if (all[0]?.error !== undefined) throw all[0].error;
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
  readonly file: FileToWrite;
  readonly temporary: string;
  readonly path: string;
  /** Nothing may be at its place. */
  readonly isNew: boolean;
  descriptor: number | undefined;
}

/**
 * Implements Files.writeGroups. All files are synced at once (node_disk_sync.ts), or at the same time, beside this
 * thread: a journal has most of them in one transaction, where one after the other each would have one of its own.
 */
export async function writeFileGroups(
  groups: readonly (readonly FileToWrite[])[],
): Promise<(LocalTlsError | undefined)[]> {
  const all = stageGroups(groups);
  if (await syncDisk(all)) { for (const group of all) closeStaged(group); }
  else await Promise.all(all.map(syncStagedBeside));
  placeGroups(all);
  return all.map(({ error }) => error);
}

/** All files are written before the first is synced. */
function stageGroups(groups: readonly (readonly FileToWrite[])[]): Group[] {
  const all = groups.map((files): Group => ({
    files,
    staged: [],
    current: "",
    error: undefined,
  }));
  step(all, (group) => {
    for (const file of group.files) {
      group.current = file.path;
      group.staged.push(stageFile(file));
    }
  });
  return all;
}

/** What is synced takes its place, and the directories are synced, each once. */
function placeGroups(all: readonly Group[]): void {
  step(all, (group) => {
    group.current = group.staged[0]?.path ?? "";
    const moves = [...group.staged];
    // Right before the renames: what came to a place since it was looked at is somebody's.
    for (const { file } of moves) requireExpected(group, file);
    const remember = moves.length > 1 && moves.some(({ file }) => file.replaces !== undefined);
    placeTogether(
      moves,
      () => {
        group.staged.shift();
        group.current = group.staged[0]?.path ?? group.current;
      },
      remember || undefined,
      (from, to) => renameStaged(moves, from, to),
    );
  });
  const synced = new Set<string>();
  step(all, (group) => {
    for (const { path: file } of group.files) {
      group.current = path.dirname(file);
      if (synced.has(group.current)) continue;
      sweepLeftovers(group.current);
      syncDirectory(group.current);
      synced.add(group.current);
    }
  });
}

/** Throws FILE_EXISTS where another file than the expected one is at the path, FILE_UNSAFE for what is no file. */
function requireExpected(group: Group, { path: file, replaces }: FileToWrite): void {
  if (replaces === undefined) return;
  group.current = file;
  const stat = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return; // whoever removed it did not want it
  refuseUnlessPlain("write", file, infoOf(stat));
  const isExpected = replaces !== "nothing" && stat.ino === replaces.inode &&
    stat.mtimeMs === replaces.modifiedMs && stat.size === replaces.size;
  // An empty file, as mktemp(1) makes it, is a place to write to.
  if (isExpected || (replaces === "nothing" && stat.size === 0)) return;
  throw new LocalTlsError(
    "FILE_EXISTS",
    `Cannot write "${file}": ${
      replaces === "nothing" ? "it exists" : "it has changed in the meantime"
    }`,
  );
}

/**
 * Renames a staged file. One that is gone was swept by a program that does not see this process (another container on
 * the same volume) and took it for a killed one's: it is written once more.
 */
function renameStaged(moves: readonly Staged[], from: string, to: string): void {
  try {
    renameOver(from, to);
  } catch (error) {
    const move = moves.find(({ temporary }) => temporary === from);
    if (move === undefined || systemCode(error) !== "ENOENT" || lstat(from) !== undefined) {
      throw error;
    }
    const again = stageFile(move.file);
    try {
      if (again.descriptor !== undefined) {
        fs.fsyncSync(again.descriptor);
        fs.closeSync(again.descriptor);
      }
      renameOver(again.temporary, to);
    } catch (second) {
      removeQuietly(again.temporary);
      throw second;
    }
  }
}

/** Does a step of every group that has not failed. */
function step(all: readonly Group[], work: (group: Group) => void): void {
  for (const group of all) if (group.error === undefined) attempt(group, work);
}

/** Does a step of a group; where it fails, nothing of the group is left that is not in its place. */
function attempt(group: Group, work: (group: Group) => void): void {
  try {
    work(group);
  } catch (error) {
    abandon(group, error);
  }
}

function abandon(group: Group, error: unknown): void {
  for (const { temporary, descriptor } of group.staged) {
    if (descriptor !== undefined) closeQuietly(descriptor);
    removeQuietly(temporary);
  }
  group.error = fileError("write", group.current, error);
}

function syncStaged(group: Group): void {
  for (const staged of group.staged) {
    const { descriptor } = staged;
    if (descriptor === undefined) continue;
    group.current = staged.path;
    fs.fsyncSync(descriptor);
    closeSynced(group, staged);
  }
}

let diskSync: DiskSync | undefined;

/** @returns Whether everything that is staged has been synced. */
async function syncDisk(all: readonly Group[]): Promise<boolean> {
  const directories = new Set<string>();
  let files = 0;
  for (const { staged } of all) {
    files += staged.length;
    for (const { temporary } of staged) directories.add(path.dirname(temporary));
  }
  diskSync ??= await (await import("./node_disk_sync.ts")).createMachineDiskSync();
  return await diskSync(directories, files);
}

/** As {@link syncStaged}, on other threads. No descriptor is closed while one of them still works on it. */
async function syncStagedBeside(group: Group): Promise<void> {
  if (group.error !== undefined) return;
  const results = await Promise.all(group.staged.map(({ descriptor }) => sync(descriptor)));
  const failed = results.findIndex((error) => error !== null);
  if (failed < 0) return closeStaged(group);
  group.current = group.staged[failed]?.path ?? "";
  abandon(group, results[failed]);
}

/** @returns What went wrong; null where nothing did. */
function sync(descriptor: number | undefined): Promise<Error | null> {
  if (descriptor === undefined) return Promise.resolve(null);
  return new Promise((resolve) => fs.fsync(descriptor, resolve));
}

function closeStaged(group: Group): void {
  if (group.error === undefined) {
    attempt(group, () => {
      for (const staged of group.staged) closeSynced(group, staged);
    });
  }
}

function closeSynced(group: Group, staged: Staged): void {
  const { descriptor } = staged;
  if (descriptor === undefined) return;
  group.current = staged.path;
  staged.descriptor = undefined; // close(2) gives it up, whatever it answers
  fs.closeSync(descriptor);
}

/** Writes a file under a temporary name beside its place, and leaves it open: it is not synced yet. */
function stageFile(file: FileToWrite): Staged {
  // Where something certain is expected, it is looked at when the file takes its place.
  if (file.replaces === undefined) refuseUnlessPlain("write", file.path, lstat(file.path));
  const { content } = file;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  // A short name of its own: a suffix to a long file name would pass the limit of 255 octets.
  const temporary = path.join(path.dirname(file.path), temporaryName());
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
  const isNew = file.replaces === "nothing";
  return { file, temporary, path: file.path, isNew, descriptor };
}
