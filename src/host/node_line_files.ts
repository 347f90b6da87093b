/**
 * Files of lines that may be larger than memory: read by the piece, and rewritten while others append.
 *
 * @module
 */

import * as fs from "node:fs";
import * as path from "node:path";
import process from "node:process";
import { LocalTlsError } from "../errors.ts";
import { renameOver } from "./held_files.ts";
import type { LineFile } from "./host.ts";
import { applyOwnership, syncDirectory } from "./node_directories.ts";
import { temporaryName } from "./leftovers.ts";
import {
  appendLinesToFile,
  closeQuietly,
  infoOf,
  removeQuietly,
  writeFully,
} from "./node_file_writer.ts";
import { fileError, systemCode } from "./system_error.ts";

const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = fs.constants;
// Windows has neither; links need a privilege there.
const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0;
const O_NONBLOCK = fs.constants.O_NONBLOCK ?? 0;

/** Octets read at once. */
const READ_STEP = 256 * 1024;
/** Octets gathered before they are written. */
const WRITE_STEP = 1024 * 1024;
/** Copies of what was appended meanwhile: each is shorter than the one before, unless somebody never stops. */
const MAX_CATCHING_UP = 8;

const LINE_END = 0x0a;
const CARRIAGE_RETURN = 0x0d;

interface OpenFile {
  readonly descriptor: number;
  readonly maxLineBytes: number;
}

/** What {@link openLineFile} opened. */
const openFiles = new WeakMap<LineFile, OpenFile>();

/** Implements Files.openLines. */
export function openLineFile(file: string, maxLineBytes: number): LineFile | undefined {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === "ELOOP") throw notPlain(file, "a symbolic link");
    throw fileError("read", file, error);
  }
  const stat = fs.fstatSync(descriptor);
  if (!stat.isFile()) {
    fs.closeSync(descriptor);
    throw notPlain(file, stat.isDirectory() ? "a directory" : "a device, socket or pipe");
  }
  const lines: LineFile = {
    info: infoOf(stat),
    lines: (from = 0) => readLines(descriptor, file, from, stat.size, maxLineBytes),
    close: () => fs.closeSync(descriptor),
  };
  openFiles.set(lines, { descriptor, maxLineBytes });
  return lines;
}

function notPlain(file: string, what: string): LocalTlsError {
  return new LocalTlsError("FILE_UNSAFE", `Cannot read "${file}": it is ${what}`);
}

function* readLines(
  descriptor: number,
  file: string,
  from: number,
  end: number,
  maxLineBytes: number,
): Generator<string | undefined> {
  const decoder = new TextDecoder();
  for (const line of splitLines(descriptor, file, from, end, maxLineBytes)) {
    yield line === undefined ? undefined : decoder.decode(line);
  }
}

/** The octets of each line; what is yielded is good until the next one. */
function* splitLines(
  descriptor: number,
  file: string,
  from: number,
  end: number,
  maxLineBytes: number,
): Generator<Uint8Array | undefined> {
  const buffer = new Uint8Array(READ_STEP + maxLineBytes);
  let held = 0; // octets of a line whose end was not read yet
  let isTooLong = false;
  for (let at = from; at < end;) {
    let count: number;
    try {
      count = fs.readSync(descriptor, buffer, held, Math.min(READ_STEP, end - at), at);
    } catch (error) {
      throw fileError("read", file, error);
    }
    if (count === 0) break; // it was cut off meanwhile
    at += count;
    const filled = held + count;
    let start = 0;
    for (;;) {
      // Only what is new can have the end of the line that is held.
      const stop = buffer.subarray(0, filled).indexOf(LINE_END, Math.max(start, held));
      if (stop < 0) break;
      yield isTooLong || stop - start > maxLineBytes
        ? undefined
        : buffer.subarray(start, withoutReturn(buffer, start, stop));
      isTooLong = false;
      start = stop + 1;
      held = start;
    }
    held = filled - start;
    if (held > maxLineBytes) {
      isTooLong = true;
      held = 0;
    } else buffer.copyWithin(0, start, filled);
  }
  if (isTooLong) yield undefined;
  else if (held > 0) yield buffer.subarray(0, withoutReturn(buffer, 0, held));
}

function withoutReturn(buffer: Uint8Array, start: number, stop: number): number {
  return stop > start && buffer[stop - 1] === CARRIAGE_RETURN ? stop - 1 : stop;
}

/** Implements Files.rewriteLines. */
export function rewriteLineFile(
  file: string,
  source: LineFile,
  keeps: (line: number) => boolean,
): void {
  const old = openFiles.get(source);
  if (old === undefined) {
    throw new LocalTlsError("INTERNAL", `Cannot rewrite "${file}": it is not open`);
  }
  const temporary = path.join(path.dirname(file), temporaryName());
  let former: string | undefined;
  let isPlaced = false;
  try {
    const copied = writeKept(temporary, source, old, keeps);
    const name = `${file}.${copied}.former`;
    fs.linkSync(file, name);
    former = name;
    const linked = fs.lstatSync(former);
    if (linked.ino !== source.info.inode || !linked.isFile()) throw replaced(file);
    syncDirectory(path.dirname(file));
    const placed = fs.lstatSync(temporary);
    renameOver(temporary, file);
    isPlaced = true;
    syncDirectory(path.dirname(file));
    // Whoever had opened the old file before it was renamed may have written to it since. A program that is alive sees
    // that and writes its lines again: behind what comes after them they would count as the newest.
    const late = linesSince(old.descriptor, copied);
    const again = new Set(late.length === 0 ? [] : linesOf(file, placed.size));
    const missing = late.filter((line) => !again.has(line));
    if (missing.length > 0) appendLinesToFile(file, missing);
    fs.unlinkSync(former);
    syncDirectory(path.dirname(file));
  } catch (error) {
    // Once the new file is in its place, the old one is kept: the next run brings over what is missing.
    if (!isPlaced) {
      removeQuietly(temporary);
      if (former !== undefined) removeQuietly(former);
    }
    throw fileError("write", file, error);
  }
}

function replaced(file: string): LocalTlsError {
  return new LocalTlsError(
    "FILE_UNSAFE",
    `Cannot write "${file}": another file has taken its place`,
  );
}

/**
 * Writes the kept lines, octet by octet as they are, and what was appended since the file was opened.
 * @returns How many octets of the old file are accounted for: up to the end of a line.
 */
function writeKept(
  temporary: string,
  { info: { mode, uid, gid, size } }: LineFile,
  old: OpenFile,
  keeps: (line: number) => boolean,
): number {
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  const descriptor = fs.openSync(temporary, flags, 0o600);
  try {
    const end = endOfLines(old.descriptor, size);
    const gathered = new Uint8Array(WRITE_STEP + old.maxLineBytes + 1);
    let length = 0;
    let number = 0;
    for (const line of splitLines(old.descriptor, temporary, 0, end, old.maxLineBytes)) {
      if (!keeps(++number) || line === undefined) continue;
      gathered.set(line, length);
      length += line.length;
      gathered[length++] = LINE_END;
      if (length < WRITE_STEP) continue;
      writeFully(descriptor, gathered.subarray(0, length));
      length = 0;
    }
    writeFully(descriptor, gathered.subarray(0, length));
    let copied = end;
    for (let round = 0; round < MAX_CATCHING_UP; round++) {
      const upTo = endOfLines(old.descriptor, fs.fstatSync(old.descriptor).size, copied);
      if (upTo === copied) break;
      writeFully(descriptor, readOctets(old.descriptor, copied, upTo));
      copied = upTo;
    }
    // Only root may give a file away; one of our own stays ours.
    applyOwnership(descriptor, mode & 0o777, process.getuid?.() === uid ? undefined : { uid, gid });
    fs.fsyncSync(descriptor);
    return copied;
  } finally {
    closeQuietly(descriptor);
  }
}

/** Where the last whole line before an octet ends; `least` where none ends after that. */
function endOfLines(descriptor: number, end: number, least = 0): number {
  for (let stop = end; stop > least;) {
    const start = Math.max(least, stop - READ_STEP);
    const at = readOctets(descriptor, start, stop).lastIndexOf(LINE_END);
    if (at >= 0) return start + at + 1;
    stop = start;
  }
  return least;
}

/** What was appended since, also a line that has no end yet. */
function linesSince(descriptor: number, from: number): string[] {
  const text = new TextDecoder().decode(
    readOctets(descriptor, from, fs.fstatSync(descriptor).size),
  );
  return text.split(/\r?\n/).filter((line) => line !== "" && !line.includes("\r"));
}

/** The lines of a file from an octet on. */
function linesOf(file: string, from: number): string[] {
  const descriptor = fs.openSync(file, O_RDONLY | O_NOFOLLOW);
  try {
    return linesSince(descriptor, from);
  } finally {
    closeQuietly(descriptor);
  }
}

function readOctets(descriptor: number, from: number, to: number): Uint8Array {
  const octets = new Uint8Array(Math.max(0, to - from));
  for (let at = 0; at < octets.length;) {
    const count = fs.readSync(descriptor, octets, at, octets.length - at, from + at);
    if (count === 0) return octets.subarray(0, at);
    at += count;
  }
  return octets;
}
