/**
 * Where the reporters print. The real one is the host's; tests give one that collects.
 *
 * @module
 */

import type { Host } from "../host/host.ts";

/** Two output streams, and what is known of them. */
export interface Console {
  write(stream: "stdout" | "stderr", text: string): void;
  /** Writes lines of a log to stderr without waiting for its reader. Default: {@link write}. */
  writeLog?(lines: string): void;
  /** Resolves when those are written, within a bound. */
  logWritten?(): Promise<void>;
  isTerminal(stream: "stdout" | "stderr"): boolean | Promise<boolean>;
  /** Width of the terminal in columns; 80 where there is none. */
  columns(): number | Promise<number>;
}

/** What the command line needs of the machine. */
export type CliHost = Host & Console;
