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
  readonly method: string;
  /** The connection goes on. */
  readonly keepsAlive: boolean;
  readonly isOld: boolean;
}

/** Head and content up to here are joined: one write, one TLS record. */
const JOINED = 14 * 1024;
const joined = new Uint8Array(JOINED);
const encoder = new TextEncoder();

/** Heads of the most usual kind, by their fields, if those never change. */
const fixedHeads = new WeakMap<Fields, { readonly second: number; readonly head: Uint8Array }>();
const NO_HEAD = new Uint8Array(0);

/** An answer. */
export class Answer implements WebResponse {
  statusCode = 200;
  headersSent = false;
  writableEnded = false;
  destroyed = false;
  readonly givesChunksBack = true;
  readonly #sink: AnswerSink;
  readonly #options: AnswerOptions;
  #head: Uint8Array = NO_HEAD;
  #hasContent = true;
  /** Octets that Content-Length promised and that are not written yet. */
  #left = 0;
  #isWaiting = false;
  #onClose: Listener = undefined;
  #onDrain: Listener = undefined;

  constructor(sink: AnswerSink, options: AnswerOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  /** Throws for a field that cannot be sent: a line break in a value would begin another one. */
  writeHead(status: number, fields: Fields): this {
    if (this.headersSent) throw new Error("The head of this answer has been sent");
    const bodiless = status === 204 || status === 304;
    const length = fields["content-length"];
    if (!bodiless && length === undefined) throw new Error("An answer needs its length");
    this.#head = makeHead(status, fields, this.#options);
    this.statusCode = status;
    this.headersSent = true;
    this.#hasContent = !bodiless && this.#options.method !== "HEAD";
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
    if (event === "drain") this.#onDrain = both(this.#onDrain, listener);
    else if (this.destroyed) listener();
    else this.#onClose = both(this.#onClose, listener);
    return this;
  }

  /** What was held back is gone. */
  drained(): void {
    this.#isWaiting = false;
    if (this.writableEnded) return this.#complete();
    const listener = this.#onDrain;
    this.#onDrain = undefined;
    listener?.();
  }

  /** The connection is gone, whether or not the answer was complete. */
  closed(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#onDrain = undefined;
    const listener = this.#onClose;
    this.#onClose = undefined;
    listener?.();
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
    if (head !== NO_HEAD) {
      this.#head = NO_HEAD;
      if (head.length + length <= JOINED) {
        joined.set(head);
        if (length > 0) joined.set(chunk!, head.length);
        return this.#send(joined, head.length + length);
      }
      this.#send(head, head.length);
    }
    return length === 0 ? !this.#isWaiting : this.#send(chunk!, length);
  }

  #send(bytes: Uint8Array, length: number): boolean {
    const isGone = this.#sink.write(bytes, length, bytes === joined);
    if (!isGone) this.#isWaiting = true;
    return isGone;
  }
}

function makeHead(
  status: number,
  fields: Fields,
  { keepsAlive, isOld }: AnswerOptions,
): Uint8Array {
  const second = Math.floor(Date.now() / 1000);
  const isUsual = keepsAlive && !isOld && status === 200;
  const fixed = isUsual ? fixedHeads.get(fields) : undefined;
  if (fixed?.second === second) return fixed.head;
  const connection = keepsAlive ? isOld ? "keep-alive" : "" : "close";
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\ndate: ${httpDate(second)}\r\n`;
  if (connection !== "") text += `connection: ${connection}\r\n`;
  for (const name in fields) {
    const value = fields[name]!;
    for (const each of Array.isArray(value) ? value : [String(value)]) {
      if (!/^[\t\x20-\x7e]*$/.test(each)) throw new Error(`A value of ${name} cannot be sent`);
      text += `${name}: ${each}\r\n`;
    }
  }
  const head = encoder.encode(`${text}\r\n`);
  if (isUsual && Object.isFrozen(fields)) fixedHeads.set(fields, { second, head });
  return head;
}

type Listener = (() => void) | undefined;

/** Mostly there is one: no list is made for it. */
function both(first: Listener, second: () => void): () => void {
  if (first === undefined) return second;
  return () => {
    first();
    second();
  };
}

let dateSecond = 0;
let dateText = "";

/** RFC 9110, 6.6.1; made once a second. */
function httpDate(second: number): string {
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}
