/**
 * The names of files that a long list has written, and for which line: 100,000 strings would take 40 MB.
 *
 * Kept are 64 bits of a hash for each, begun anew with random numbers in every run. Two names of 100,000 have the same
 * one in 1 of 3,000,000,000 runs; the later line would be refused, and nothing written.
 *
 * @module
 */

/** Numbers per name: two halves of the hash, and the line. */
const WIDTH = 3;

/** Of ten slots at most eight are taken: then the next empty one is never far. */
const LOAD = 0.8;

/**
 * Names and the lines that took them.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { TakenNames } from "./taken_names.ts";
 *
 * const taken = new TakenNames(10);
 * taken.set("a.test.pem", 1);
 * equal(taken.get("a.test.pem"), 1);
 * equal(taken.get("b.test.pem"), undefined);
 * ```
 */
export class TakenNames {
  readonly #seeds = crypto.getRandomValues(new Uint32Array(2));
  readonly #table: Uint32Array;
  #left: number;

  /**
   * @param count How many different names there will be at most. A table that grew would leave as much behind as it has:
   * for a list of 100,000 lines a tenth of the memory of the process.
   */
  constructor(count: number) {
    this.#left = count;
    this.#table = new Uint32Array(2 ** Math.ceil(Math.log2(count / LOAD + 1)) * WIDTH);
  }

  /** The line that took the name. */
  get(name: string): number | undefined {
    const [high, low] = this.#hash(name);
    return this.#table[this.#find(high, low) + 2] || undefined;
  }

  /** @param line From 1 up. @throws {RangeError} It is one name too many. */
  set(name: string, line: number): void {
    const [high, low] = this.#hash(name);
    const at = this.#find(high, low);
    if (this.#table[at + 2] === 0 && this.#left-- === 0) throw new RangeError("Too many names");
    this.#table[at] = high;
    this.#table[at + 1] = low;
    this.#table[at + 2] = line;
  }

  /** The lines of all names, in no order. */
  *lines(): Generator<number> {
    for (let at = 2; at < this.#table.length; at += WIDTH) {
      if (this.#table[at] !== 0) yield this.#table[at]!;
    }
  }

  /** Where this hash stands, or could. */
  #find(high: number, low: number): number {
    const slots = this.#table.length / WIDTH;
    for (let slot = low & (slots - 1);; slot = (slot + 1) & (slots - 1)) {
      const at = slot * WIDTH;
      if (this.#table[at + 2] === 0) return at;
      if (this.#table[at] === high && this.#table[at + 1] === low) return at;
    }
  }

  /** Two multiplicative hashes that disturb each other at every step and are stirred at the end (as in MurmurHash3). */
  #hash(name: string): readonly [high: number, low: number] {
    let high = this.#seeds[0]!;
    let low = this.#seeds[1]!;
    for (let at = 0; at < name.length; at++) {
      const code = name.charCodeAt(at);
      high = Math.imul(high ^ code, 0x85ebca6b) ^ (low >>> 15);
      low = Math.imul(low ^ code, 0xc2b2ae35) ^ (high >>> 13);
    }
    return [stir(high ^ name.length), stir(low ^ high)];
  }
}

/** MurmurHash3's last step: every bit of the input changes half of those of the output. */
function stir(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
