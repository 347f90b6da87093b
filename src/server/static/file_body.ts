/**
 * Sends a part of a file.
 *
 * @module
 */

import * as fs from "node:fs";
import { abort, type WebResponse } from "../exchange.ts";

/** Octets read at once: they are still in the processor's cache when they are encrypted. */
const CHUNK_BYTES = 32 * 1024;

/**
 * Octets for one of several readers before the others have their turn: a record of TLS (RFC 8446, 5.1). With more, the
 * system's buffer of one fills while the others starve, and what lies there has left the cache by the time that it is
 * read (bench/FINDINGS.md).
 */
const SHARE_BYTES = 16 * 1024;

/**
 * Milliseconds after which a read is not from memory but from a disk or another machine: then the system's threads wait
 * for the next one, and not everybody here.
 */
const SLOW_MS = 4;

/** Memory for chunks that nobody uses now. */
const spare: Uint8Array[] = [];
const MAX_SPARE = 32;

/** Bodies on their way. */
let underWay = 0;

/**
 * Sends the octets from start to end (both included) and closes the descriptor. The head has been written.
 * A file that is shorter by now ends in a connection that is cut.
 */
export function sendFileBody(
  response: WebResponse,
  descriptor: number,
  start: number,
  end: number,
): void {
  new FileBody(response, descriptor, start, end).go();
}

class FileBody {
  readonly #response: WebResponse;
  readonly #descriptor: number;
  readonly #end: number;
  #position: number;
  #chunk: Uint8Array | undefined;
  #isSlow = false;
  #isReading = false;

  constructor(response: WebResponse, descriptor: number, start: number, end: number) {
    this.#response = response;
    this.#descriptor = descriptor;
    this.#position = start;
    this.#end = end;
    underWay++;
    response.once("close", () => this.#isReading || this.#release());
  }

  go(): void {
    if (this.#response.destroyed) return;
    if (this.#isSlow) return this.#readLater();
    const began = performance.now();
    let count: number;
    try {
      const chunk = this.#memory();
      count = fs.readSync(this.#descriptor, chunk, 0, this.#wanted(), this.#position);
    } catch {
      return this.#fail();
    }
    this.#isSlow = performance.now() - began > SLOW_MS;
    if (this.#send(count)) setImmediate(() => this.go());
  }

  #readLater(): void {
    const chunk = this.#memory();
    const began = performance.now();
    this.#isReading = true;
    fs.read(this.#descriptor, chunk, 0, this.#wanted(), this.#position, (error, count) => {
      this.#isReading = false;
      this.#isSlow = performance.now() - began > SLOW_MS;
      if (this.#response.destroyed) return this.#release();
      if (error) return this.#fail();
      if (this.#send(count)) this.go();
    });
  }

  /** @returns Whether the next chunk can be read now. */
  #send(count: number): boolean {
    if (count <= 0) {
      this.#fail();
      return false;
    }
    const bytes = this.#chunk!.subarray(0, count);
    if (!this.#response.givesChunksBack) this.#chunk = undefined;
    this.#position += count;
    if (this.#position > this.#end) {
      this.#response.end(bytes);
      return false;
    }
    if (this.#response.write(bytes)) return true;
    if (!this.#response.destroyed) this.#response.once("drain", () => this.go());
    return false;
  }

  #memory(): Uint8Array {
    return this.#chunk ??= spare.pop() ?? new Uint8Array(CHUNK_BYTES);
  }

  #wanted(): number {
    return Math.min(underWay > 1 ? SHARE_BYTES : CHUNK_BYTES, this.#end + 1 - this.#position);
  }

  #fail(): void {
    abort(this.#response);
  }

  #release(): void {
    if (this.#chunk !== undefined && spare.length < MAX_SPARE) spare.push(this.#chunk);
    this.#chunk = undefined;
    underWay--;
    fs.closeSync(this.#descriptor);
  }
}
