/**
 * Where the reporters print. The real one is the host's; tests give one that collects.
 *
 * @module
 */

import type { Host } from "../host/host.ts";

/** Two output streams, and what is known of them. */
export interface Console {
  write(stream: "stdout" | "stderr", text: string): void;
  isTerminal(stream: "stdout" | "stderr"): boolean | Promise<boolean>;
  /** Width of the terminal in columns; 80 where there is none. */
  columns(): number | Promise<number>;
}

/** What the command line needs of the machine. */
export type CliHost = Host & Console;
