/**
 * What localtls asks of a machine's files: reading bounded, writing whole or not at all. host.ts, which is the rest
 * of the machine, passes these types on.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import type { LocalTlsError } from "../errors.ts";

/** A numeric owner of files. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** What a path is, without following a symlink at its end. */
export interface FileInfo {
  readonly type: "file" | "directory" | "symlink" | "other";
  /** Bytes. */
  readonly size: number;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Milliseconds since the epoch. */
  readonly modifiedMs: number;
  /** Tells files of one file system apart; 0 where the system has no such number. */
  readonly inode: number;
}

/** Options of {@link Files.write}. */
export interface WriteOptions {
  /** Permission bits of the new file. Default 0o600: whoever writes something public says so. */
  readonly mode?: number;
  /** Who gets the file; needs root where it is somebody else. */
  readonly owner?: Owner | undefined;
}

/** One file of {@link Files.writeTogether}. */
export interface FileToWrite extends WriteOptions {
  readonly path: string;
  readonly content: Uint8Array | string;
  /**
   * What has to be at the path when the file takes its place: nothing, or the file that was looked at. Anything else
   * is FILE_EXISTS, and none of the files is written. Default: any plain file is replaced.
   */
  readonly replaces?: FileInfo | "nothing" | undefined;
}

/**
 * A file of lines that is open: what it held then, read by the line as often as wanted. What is appended later is left
 * out, and a file that takes its place is not seen.
 */
export interface LineFile {
  /** Of the file that is open, when it was opened. */
  readonly info: FileInfo;
  /**
   * The lines from an octet on (default 0), without their ends; undefined for one that is longer than the limit.
   * In memory is one piece of the file at a time. Throws FILE_READ.
   */
  lines(from?: number): Iterable<string | undefined>;
  /** Must be called. */
  close(): void;
}

/** Files. Every failure is a LocalTlsError (FILE_*) that names the path. */
export interface Files {
  /**
   * Reads a plain file whole, following symlinks.
   * @param maxBytes Refuses larger ones with FILE_TOO_LARGE before reading. Default 16 MiB.
   * @returns undefined where nothing stands at the path.
   */
  read(path: string, maxBytes?: number): Promise<Bytes | undefined>;
  /**
   * Opens a plain file of lines, whatever its size. Never follows a symlink at the path (FILE_UNSAFE).
   * @param maxLineBytes Longer lines are passed over.
   * @returns undefined where nothing stands at the path.
   */
  openLines(path: string, maxLineBytes: number): Promise<LineFile | undefined>;
  /**
   * Puts a file with some of the lines in the place of the one that is open, with the same mode and owner. No line that
   * another program appends meanwhile with appendLines() is lost, and at every moment the path has a whole file.
   *
   * Until everything is in the new file, the old one has a second name, `PATH.N.former`: killed before that, the lines
   * from octet N of it on may be missing in the new one. Whoever calls this looks for such a file first.
   *
   * @param keeps Called for each line in order, with its number from 1.
   * Throws FILE_WRITE (a system without hard links among the reasons), FILE_UNSAFE where another file has taken the
   * place of the one that is open; then the path is as it was.
   */
  rewriteLines(path: string, source: LineFile, keeps: (line: number) => boolean): Promise<void>;
  /** What stands at the path (the symlink itself, not its target); undefined for nothing. */
  info(path: string): Promise<FileInfo | undefined>;
  /** Names in a directory, sorted; an empty list where there is none. */
  list(directory: string): Promise<string[]>;
  /** The path with every symlink resolved; undefined for nothing. */
  realPath(path: string): Promise<string | undefined>;
  /** Whether this process may write there (for a missing path: create there). */
  writable(path: string): Promise<boolean>;
  /**
   * Writes a whole file: a new exclusive temporary file beside it, fsync, rename, directory fsync.
   * Never follows a symlink at the path (refused with FILE_UNSAFE), leaves nothing behind on failure. What an earlier
   * run left in the directory when it was killed is removed ({@link leftovers}).
   */
  write(path: string, content: Uint8Array | string, options?: WriteOptions): Promise<void>;
  /**
   * As write(), for files that make sense only together (a certificate and its key): all of them are
   * written and synced beside their places before the first is renamed, so that a full disk or a
   * directory that cannot be written to leaves every old file as it was.
   */
  writeTogether(files: readonly FileToWrite[]): Promise<void>;
  /**
   * As writeTogether(), for many groups that have nothing to do with each other: the disk is waited for once
   * and not for each. Never rejects for a group: one that cannot be written is an error in its place, and
   * stops no other.
   */
  writeGroups(
    groups: readonly (readonly FileToWrite[])[],
  ): Promise<(LocalTlsError | undefined)[]>;
  /**
   * Appends one line (O_APPEND, O_NOFOLLOW, one write, fsync); makes the file if needed. A file that
   * does not end with a line end (its last writer was killed) gets one first. Where rewriteLines() has put another
   * file there meanwhile, that one gets the line too.
   */
  appendLine(path: string, line: string, options?: WriteOptions): Promise<void>;
  /** As appendLine(), for several lines in one write and one fsync; nothing for none. */
  appendLines(path: string, lines: readonly string[], options?: WriteOptions): Promise<void>;
  /**
   * Makes the directory and the missing ones above it, all with the same mode (default 0o700) and
   * owner; leaves existing ones as they are.
   */
  makeDirectory(path: string, options?: WriteOptions): Promise<void>;
  /**
   * Renames a file or directory within one directory, or into another of the same file system, and
   * syncs the directory. A plain file at the new path is replaced.
   */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or symlink. @returns whether there was one. */
  remove(path: string): Promise<boolean>;
  /**
   * The temporary files in a directory that write() and its relatives left when they were killed, as absolute paths:
   * plain files of this user, whose writer does not run any more. Links are not followed.
   */
  leftovers(directory: string): Promise<string[]>;
  /** Removes an empty directory. @returns whether it was removed. */
  removeDirectory(path: string): Promise<boolean>;
}

/**
 * The files of a system that does not run: a mounted image, a chroot, an unpacked container. Paths are absolute and mean
 * what they mean to that system's own programs: links are followed inside it, and nothing leads out. Messages name the
 * path on this machine.
 */
export interface ImageFiles extends
  Pick<
    Files,
    | "read"
    | "info"
    | "list"
    | "realPath"
    | "writable"
    | "write"
    | "makeDirectory"
    | "remove"
    | "removeDirectory"
  > {
  /** The real path of the image's root on this machine. */
  readonly root: string;
  /** What a symlink says; undefined for whatever is none. */
  readLink(path: string): Promise<string | undefined>;
  /** Makes a symlink where nothing stands; what it says is not looked at. */
  makeLink(path: string, target: string): Promise<void>;
}
