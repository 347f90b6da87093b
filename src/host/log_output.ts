/**
 * A log that never holds up what it tells of: written by the side, bounded, and whole again after a disk was full or a
 * reader was slow or gone.
 *
 * @module
 */

import * as fs from "node:fs";
import { describeSystemError, systemCode } from "./system_error.ts";

/** Where a log goes. */
export interface LogOutput {
  /** Takes whole lines, each with its line break. What has no room is left out, and counted. */
  write(lines: string): void;
  /** Resolves when all is written or left out, and after a second at the latest: a reader may have stopped for good. */
  settled(): Promise<void>;
}

/** Writes to a descriptor, as fs.write does. */
export type WriteDescriptor = (
  descriptor: number,
  bytes: Uint8Array,
  offset: number,
  done: (error: unknown, written: number) => void,
) => void;

/** Characters that wait for a slow reader: some thousand lines. */
const MAX_WAITING = 1 << 20;
/** Milliseconds until a full pipe that does not block is tried again. */
const FULL_MS = 50;
/** Milliseconds between attempts on what fails, a full disk first of all. */
const RETRY_MS = 1_000;
const SETTLE_MS = 1_000;
const LINE_BREAK = 0x0a;
const SLOW_READER = "their reader is slow";

/** @param program Names who says that lines are missing. */
export function createLogOutput(
  descriptor: number,
  program: string,
  writeTo: WriteDescriptor = (to, bytes, offset, done) =>
    fs.write(to, bytes, offset, bytes.length - offset, null, done),
): LogOutput {
  const encoder = new TextEncoder();
  let waiting: string[] = [];
  let length = 0;
  let isWriting = false;
  let lost = 0;
  let reason = SLOW_READER;
  /** What was written last is half a line. */
  let isCut = false;
  let retryAt = 0;
  let onSettled: (() => void)[] = [];

  const next = () => {
    if (isWriting) return;
    if (waiting.length === 0) {
      for (const settled of onSettled) settled();
      onSettled = [];
      return;
    }
    const missing = lost === 0
      ? ""
      : `${program}: warning: ${lost} lines of the log are missing here: ${reason}\n`;
    const text = `${isCut ? "\n" : ""}${missing}${waiting.join("")}`;
    const lines = countLines(waiting);
    const told = lost;
    waiting = [];
    length = 0;
    isWriting = true;
    put(encoder.encode(text), 0, (error, written, last) => {
      isWriting = false;
      if (written > 0) isCut = last !== LINE_BREAK;
      if (error === undefined) {
        lost -= told;
        if (lost === 0) reason = SLOW_READER;
      } else {
        lost += lines;
        reason = describeSystemError(error);
        retryAt = Date.now() + RETRY_MS;
      }
      next();
    });
  };
  const put = (
    bytes: Uint8Array,
    offset: number,
    done: (error: unknown, written: number, last: number | undefined) => void,
  ) => {
    writeTo(descriptor, bytes, offset, (error, written) => {
      const code = error ? systemCode(error) : undefined;
      if (code === "EAGAIN") setTimeout(() => put(bytes, offset, done), FULL_MS);
      else if (code === "EINTR") put(bytes, offset, done);
      else if (error) done(error, offset, bytes[offset - 1]);
      else if (offset + written < bytes.length) put(bytes, offset + written, done);
      else done(undefined, bytes.length, bytes[bytes.length - 1]);
    });
  };
  return {
    write(lines) {
      if (length + lines.length > MAX_WAITING || Date.now() < retryAt) {
        lost += countLines([lines]);
        return;
      }
      waiting.push(lines);
      length += lines.length;
      next();
    },
    settled: () =>
      new Promise((resolve) => {
        onSettled.push(resolve);
        setTimeout(resolve, SETTLE_MS);
        next();
      }),
  };
}

function countLines(texts: readonly string[]): number {
  let count = 0;
  for (const text of texts) {
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  }
  return count;
}
