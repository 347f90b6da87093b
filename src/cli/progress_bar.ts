/**
 * A bar for counted work, on one line of a terminal.
 *
 * @module
 */

import type { CliHost } from "./console.ts";

/** Milliseconds between two drawings: faster than that nobody reads. */
const REDRAW_MS = 100;

/** Columns: a longer bar says no more. */
const MAX_BAR = 40;

/** Back to the first column, and erase to the end of the line (ECMA-48, 8.3.41). */
const CLEAR_LINE = "\r\x1b[K";

/** Draws on stderr; whoever prints something else hides it first. */
export class ProgressBar {
  readonly #host: CliHost;
  readonly #columns: number;
  #drawnAt = -Infinity;
  /** What stands on the terminal; empty for nothing. */
  #text = "";

  /** @param columns Width of the terminal. */
  constructor(host: CliHost, columns: number) {
    this.#host = host;
    this.#columns = columns;
  }

  /** Draws, unless it was drawn a moment ago. */
  show(done: number, total: number): void {
    const now = this.#host.now().getTime();
    if (now - this.#drawnAt < REDRAW_MS && now >= this.#drawnAt) return;
    this.#drawnAt = now;
    this.#text = barText(done, total, this.#columns);
    this.#host.write("stderr", CLEAR_LINE + this.#text);
  }

  /** Runs what prints to the terminal, with the bar out of its way. */
  around(print: () => void): void {
    if (this.#text === "") return print();
    this.#host.write("stderr", CLEAR_LINE);
    print();
    this.#host.write("stderr", this.#text);
  }

  /** Takes it off the terminal. */
  hide(): void {
    if (this.#text !== "") this.#host.write("stderr", CLEAR_LINE);
    this.#text = "";
  }
}

/** "[#######.............]  35%  3500 of 10000", cut to what fits without a line break. */
export function barText(done: number, total: number, columns: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const counts = ` ${String(Math.floor(share * 100)).padStart(3)}%  ${done} of ${total}`;
  const width = Math.min(MAX_BAR, columns - counts.length - 3);
  if (width < 1) return counts.trim().slice(0, Math.max(0, columns - 1));
  const filled = Math.floor(share * width);
  return `[${"#".repeat(filled)}${".".repeat(width - filled)}]${counts}`;
}
