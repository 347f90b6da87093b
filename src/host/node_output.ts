/**
 * Standard output and standard error by file descriptor. `process.stdout` and `process.stderr` set up
 * streams on first touch, which costs 17 ms: a third of a whole run.
 *
 * @module
 */

import * as fs from "node:fs";
import process from "node:process";
import { LocalTlsError } from "../errors.ts";
import { createLogOutput, type LogOutput } from "./log_output.ts";
import { describeSystemError, systemCode } from "./system_error.ts";

/** The two output streams. */
export type OutputStream = "stdout" | "stderr";

/** How the program is seen from the terminal. */
export interface NodeOutput {
  /** Writes all of the text. A reader that has gone away is no error: see {@link NodeOutput.isBroken}. */
  write(stream: OutputStream, text: string): void;
  /** Writes whole lines to stderr by the side: never waits, never fails. */
  writeLog(lines: string): void;
  /** Resolves when those are written, within a second. */
  logWritten(): Promise<void>;
  isTerminal(stream: OutputStream): boolean;
  /** Width of the terminal; 80 where there is none. */
  columns(): number;
  /** Whether the reader of stdout has gone (`localtls ... | head -1`): what was written since is lost. */
  isBroken(): boolean;
}

/** Milliseconds between attempts on a full pipe that was left non-blocking by whoever made it. */
const FULL_PIPE_WAIT_MS = 5;
/** Width where nothing is known: that of the terminals which output has been laid out for since 1976. */
const DEFAULT_COLUMNS = 80;

/** The output streams of this process. */
export function createNodeOutput(): NodeOutput {
  let broken = false;
  let log: LogOutput | undefined;
  return {
    write(stream, text) {
      // A server has a log: what else it says keeps its turn, and waits for nobody either.
      if (stream === "stderr" && log !== undefined) return log.write(text);
      if (stream === "stdout" && broken) return;
      const complete = writeDescriptor(stream === "stdout" ? 1 : 2, new TextEncoder().encode(text));
      if (!complete && stream === "stdout") broken = true;
    },
    writeLog(lines) {
      log ??= createLogOutput(2, "localtls");
      log.write(lines);
    },
    logWritten: async () => await log?.settled(),
    isTerminal: (stream) => isTerminal(stream === "stdout" ? 1 : 2),
    columns() {
      const given = Number(process.env["COLUMNS"]);
      if (Number.isInteger(given) && given > 0) return given;
      const stream = isTerminal(1) ? process.stdout : isTerminal(2) ? process.stderr : undefined;
      return stream?.columns || DEFAULT_COLUMNS;
    },
    isBroken: () => broken,
  };
}

/** Whether a descriptor is a terminal. The cheap question first: node:tty costs 6 ms. */
export function isTerminal(descriptor: number): boolean {
  try {
    const stat = fs.fstatSync(descriptor);
    if (!stat.isCharacterDevice() || isNullDevice(stat)) return false;
  } catch {
    return false; // closed by whoever started us
  }
  // Not `await import`: the interface asks for an answer at once.
  return process.getBuiltinModule("node:tty").isatty(descriptor);
}

/** Output is thrown away by scripts that run often, and by every benchmark. */
function isNullDevice({ rdev }: fs.Stats): boolean {
  return rdev === fs.statSync("/dev/null", { throwIfNoEntry: false })?.rdev;
}

/** @returns false when nobody reads any more. */
function writeDescriptor(descriptor: number, bytes: Uint8Array): boolean {
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += fs.writeSync(descriptor, bytes, offset, bytes.length - offset);
    } catch (error) {
      const code = systemCode(error);
      if (code === "EAGAIN") waitShortly();
      // EBADF and EIO: closed by whoever started us, or a terminal that has hung up.
      else if (code === "EPIPE" || code === "EBADF" || code === "EIO") return false;
      else if (code !== "EINTR") {
        throw new LocalTlsError(
          "FILE_WRITE",
          `Cannot write the answer: ${describeSystemError(error)}`,
          { cause: error },
        );
      }
    }
  }
  return true;
}

function waitShortly(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_WAIT_MS);
}
