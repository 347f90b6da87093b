/**
 * An answer over HTTP/1.1 (RFC 9112, 4 and 6), written as few times as can be.
 *
 * @module
 */

import { STATUS_CODES } from "node:http";
import type { Fields, WebResponse } from "../exchange.ts";

/** Where the octets of an answer go. */
export interface AnswerSink {
  /**
   * @param copies Whether the memory is used for something else afterwards.
   * @returns Whether all of it is gone; if not, {@link Answer.drained} is called later.
   */
  write(bytes: Uint8Array, length: number, copies: boolean): boolean;
  /** The answer is complete and gone. */
  finished(): void;
  /** It cannot be completed: the connection is to be cut. */
  destroy(): void;
}

/** What a request says about its answer. */
export interface AnswerOptions {
  readonly isHead: boolean;
  /** The connection goes on. */
  readonly keepsAlive: boolean;
  readonly isOld: boolean;
}

/** Head and content up to here are joined: one write, one TLS record. */
const JOINED = 14 * 1024;
const joined = new Uint8Array(JOINED);
const encoder = new TextEncoder();

/** Heads of fields that never change, by their object. */
const fixedHeads = new WeakMap<Fields, string>();

/** An answer. */
export class Answer implements WebResponse {
  statusCode = 200;
  headersSent = false;
  writableEnded = false;
  destroyed = false;
  readonly givesChunksBack = true;
  readonly #sink: AnswerSink;
  readonly #options: AnswerOptions;
  #head = "";
  #hasContent = true;
  /** Octets that Content-Length promised and that are not written yet. */
  #left = 0;
  #isWaiting = false;
  #onClose: (() => void)[] = [];
  #onDrain: (() => void)[] = [];

  constructor(sink: AnswerSink, options: AnswerOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  /** Throws for a field that cannot be sent: a line break in a value would begin another one. */
  writeHead(status: number, fields: Fields): this {
    if (this.headersSent) throw new Error("The head of this answer has been sent");
    const { isHead, keepsAlive, isOld } = this.#options;
    const bodiless = status === 204 || status === 304;
    const length = fields["content-length"];
    if (!bodiless && length === undefined) throw new Error("An answer needs its length");
    const connection = !keepsAlive
      ? "connection: close\r\n"
      : isOld
      ? "connection: keep-alive\r\n"
      : "";
    const reason = STATUS_CODES[status] ?? "";
    this.#head = `HTTP/1.1 ${status} ${reason}\r\ndate: ${httpDate()}\r\n${connection}${
      fieldLines(fields)
    }\r\n`;
    this.statusCode = status;
    this.headersSent = true;
    this.#hasContent = !bodiless && !isHead;
    this.#left = this.#hasContent ? Number(length) : 0;
    return this;
  }

  write(chunk: Uint8Array): boolean {
    return this.#put(chunk);
  }

  end(chunk?: Uint8Array): this {
    if (this.destroyed || this.writableEnded) return this;
    const isGone = this.#put(chunk);
    this.writableEnded = true;
    // Fewer octets than were promised: the next answer would be taken for the rest.
    if (this.#left !== 0) this.destroy();
    else if (isGone) this.#complete();
    return this;
  }

  destroy(): this {
    if (!this.destroyed) this.#sink.destroy();
    return this;
  }

  once(event: "close" | "drain", listener: () => void): this {
    if (event === "drain") this.#onDrain.push(listener);
    else if (this.destroyed) listener();
    else this.#onClose.push(listener);
    return this;
  }

  /** What was held back is gone. */
  drained(): void {
    this.#isWaiting = false;
    if (this.writableEnded) return this.#complete();
    const listeners = this.#onDrain;
    this.#onDrain = [];
    for (const listener of listeners) listener();
  }

  /** The connection is gone, whether or not the answer was complete. */
  closed(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#onDrain = [];
    const listeners = this.#onClose;
    this.#onClose = [];
    for (const listener of listeners) listener();
  }

  #complete(): void {
    this.closed();
    this.#sink.finished();
  }

  #put(chunk: Uint8Array | undefined): boolean {
    if (this.destroyed || this.writableEnded) return false;
    if (!this.headersSent) throw new Error("An answer begins with its head");
    const length = this.#hasContent ? chunk?.length ?? 0 : 0;
    if (length > this.#left) {
      this.destroy();
      return false;
    }
    this.#left -= length;
    const head = this.#head;
    if (head !== "") {
      this.#head = "";
      if (head.length + length <= JOINED) {
        encoder.encodeInto(head, joined);
        if (length > 0) joined.set(chunk!, head.length);
        return this.#send(joined, head.length + length);
      }
      this.#send(encoder.encode(head), head.length);
    }
    return length === 0 ? !this.#isWaiting : this.#send(chunk!, length);
  }

  #send(bytes: Uint8Array, length: number): boolean {
    const isGone = this.#sink.write(bytes, length, bytes === joined);
    if (!isGone) this.#isWaiting = true;
    return isGone;
  }
}

function fieldLines(fields: Fields): string {
  const known = fixedHeads.get(fields);
  if (known !== undefined) return known;
  let lines = "";
  for (const name in fields) {
    const value = fields[name]!;
    for (const each of Array.isArray(value) ? value : [String(value)]) {
      if (!/^[\t\x20-\x7e]*$/.test(each)) throw new Error(`A value of ${name} cannot be sent`);
      lines += `${name}: ${each}\r\n`;
    }
  }
  if (Object.isFrozen(fields)) fixedHeads.set(fields, lines);
  return lines;
}

let dateSecond = 0;
let dateText = "";

/** RFC 9110, 6.6.1; made once a second. */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}
