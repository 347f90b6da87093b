/**
 * Whether an open file holds a private key: read in parts, bounded, and remembered as long as the file is the same.
 *
 * @module
 */

import * as fs from "node:fs";
import { holdsPrivateKey } from "./private_key.ts";

/** Octets that are read at once, and how many of them are looked at again with the next ones. */
const PART = 256 * 1024;
const OVERLAP = 8 * 1024;

/**
 * A file of up to this size is read whole. Of a larger one the first and the last half of it: who appends a key to an
 * archive, or puts it before one, is found; a film costs no more than this.
 */
const MAX_SCANNED = 16 * 1024 * 1024;

/** Octets of a compressed file that are unpacked: a key is small. */
const MAX_PACKED = 1024 * 1024;

/** Verdicts that are remembered; of more files, the oldest are looked at anew. */
const MAX_REMEMBERED = 16_384;

/**
 * Milliseconds that a file has to have been left alone before its verdict is kept: what is written twice in one tick of
 * the file system's clock looks unchanged.
 */
const SETTLED_MS = 2_000;

interface Remembered {
  readonly stats: fs.Stats;
  readonly verdict: boolean | Promise<boolean>;
}

/** Looks into files. */
export class KeyScan {
  readonly #remembered = new Map<string, Remembered>();

  /** The verdict, if one is there. Requests for one file at once wait for one look. */
  recall(stats: fs.Stats): boolean | Promise<boolean> | undefined {
    const known = this.#remembered.get(identity(stats));
    return known !== undefined && isUnchanged(known.stats, stats) ? known.verdict : undefined;
  }

  /**
   * Looks into an open file, unless it is known.
   *
   * @param descriptor Read from with positions; left open.
   * @param name For formats that have no beginning of their own: ".br".
   * @returns Whether it holds a private key. Rejects where it cannot be read.
   */
  scan(descriptor: number, stats: fs.Stats, name: string): boolean | Promise<boolean> {
    const known = this.recall(stats);
    if (known !== undefined) return known;
    const isSettled = Date.now() - stats.ctimeMs > SETTLED_MS;
    const verdict = scanFile(descriptor, stats.size, name);
    if (isSettled || verdict instanceof Promise) this.#remember(stats, verdict);
    if (verdict instanceof Promise) {
      verdict.then(
        (held) => isSettled ? this.#remember(stats, held) : this.#forget(stats),
        () => this.#forget(stats),
      );
    }
    return verdict;
  }

  #remember(stats: fs.Stats, verdict: boolean | Promise<boolean>): void {
    const key = identity(stats);
    this.#remembered.delete(key);
    if (this.#remembered.size >= MAX_REMEMBERED) {
      this.#remembered.delete(this.#remembered.keys().next().value!);
    }
    this.#remembered.set(key, { stats, verdict });
  }

  #forget(stats: fs.Stats): void {
    this.#remembered.delete(identity(stats));
  }
}

function identity({ dev, ino }: fs.Stats): string {
  return `${dev}:${ino}`;
}

/** Whether nothing was done to it in between, as far as the system notes. */
export function isUnchanged(a: fs.Stats, b: fs.Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeMs === b.mtimeMs &&
    a.ctimeMs === b.ctimeMs && a.mode === b.mode;
}

/** A small file at once: a promise for each of a thousand costs more than reading them. */
function scanFile(descriptor: number, size: number, name: string): boolean | Promise<boolean> {
  if (size === 0) return false;
  if (size > PART) return scanLarge(descriptor, size, name);
  const bytes = new Uint8Array(size);
  const count = fs.readSync(descriptor, bytes, 0, size, 0);
  const content = bytes.subarray(0, count);
  if (holdsPrivateKey(content)) return true;
  return isPacked(content, name) ? scanPacked(content, name) : false;
}

async function scanLarge(descriptor: number, size: number, name: string): Promise<boolean> {
  const ranges = size <= MAX_SCANNED
    ? [[0, size]] as const
    : [[0, MAX_SCANNED / 2], [size - MAX_SCANNED / 2, size]] as const;
  const part = new Uint8Array(PART);
  for (const [from, to] of ranges) {
    for (let at = from; at < to; at += PART - OVERLAP) {
      const count = await read(descriptor, part, Math.min(PART, to - at), at);
      if (count <= 0) break;
      const content = part.subarray(0, count);
      if (holdsPrivateKey(content, at === 0 ? "start" : "middle")) return true;
      if (at === 0 && isPacked(content, name)) {
        const packed = new Uint8Array(Math.min(size, MAX_PACKED));
        const length = await read(descriptor, packed, packed.length, 0);
        if (await scanPacked(packed.subarray(0, length), name)) return true;
      }
      if (at + count >= to) break;
    }
  }
  return false;
}

function read(descriptor: number, part: Uint8Array, length: number, at: number): Promise<number> {
  return new Promise((resolve, reject) =>
    fs.read(
      descriptor,
      part,
      0,
      length,
      at,
      (error, count) => error ? reject(error) : resolve(count),
    )
  );
}

/** gzip says so itself (RFC 1952, 2.3.1), Brotli does not. */
function isPacked(content: Uint8Array, name: string): boolean {
  return (content[0] === 0x1f && content[1] === 0x8b) || /\.br$/i.test(name);
}

/** Unpacks the beginning. What cannot be unpacked is no key that somebody could unpack either. */
async function scanPacked(content: Uint8Array, name: string): Promise<boolean> {
  const zlib = await import("node:zlib");
  const stream = content[0] === 0x1f && content[1] === 0x8b
    ? zlib.createGunzip()
    : /\.br$/i.test(name)
    ? zlib.createBrotliDecompress()
    : undefined;
  if (stream === undefined) return false;
  const parts: Uint8Array[] = [];
  let length = 0;
  await new Promise<void>((resolve) => {
    const finish = () => resolve();
    stream.on("data", (bytes: Uint8Array) => {
      parts.push(bytes);
      length += bytes.length;
      if (length < MAX_PACKED) return;
      stream.destroy();
      finish();
    });
    stream.once("end", finish);
    // The end is missing where only the beginning was read: what came out before it counts.
    stream.once("error", finish);
    stream.once("close", finish);
    stream.end(content);
  });
  const unpacked = new Uint8Array(Math.min(length, MAX_PACKED));
  let at = 0;
  for (const bytes of parts) {
    const fitting = bytes.subarray(0, unpacked.length - at);
    unpacked.set(fitting, at);
    at += fitting.length;
  }
  return holdsPrivateKey(unpacked, length < MAX_PACKED ? "whole" : "start");
}
