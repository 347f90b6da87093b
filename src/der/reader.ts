/**
 * Reading DER, one TLV at a time. What is validated where is said in decode.ts.
 *
 * @module
 */

import { type Bytes, toBytes } from "../bytes.ts";
import { derError, Element } from "./element.ts";
import { TAG } from "./tags.ts";

/** Levels. A certificate needs 10; deeper input is an attack on code that recurses. */
export const MAX_DEPTH = 32;

/** Octets of an outermost input: the largest file that anything here reads. */
export const MAX_LENGTH = 16 * 1024 * 1024;

/** X.690, 8.1.3.5 allows 126; 4 hold more than {@link MAX_LENGTH}. */
const MAX_LENGTH_OCTETS = 4;

/**
 * Reads TLVs one after the other.
 *
 * @example
 * ```ts
 * import { equal, throws } from "node:assert/strict";
 * import { decodeBoolean, DerReader } from "./decode.ts";
 *
 * const reader = new DerReader(Uint8Array.of(0x30, 0x03, 0x01, 0x01, 0xff), "example").enter("pair");
 * equal(decodeBoolean(reader.read("flag")), true);
 * reader.finish();
 * throws(() => new DerReader(Uint8Array.of(0x30, 0x80, 0, 0), "example").read("pair"), /indefinite/);
 * ```
 */
export class DerReader {
  readonly #bytes: Bytes;
  readonly #base: number;
  readonly #depth: number;
  readonly #end: number;
  #at: number;
  /** What is being read; the start of every field in messages. */
  readonly field: string;

  /**
   * @param bytes The input; not copied, so it must not change while elements of it are in use.
   * @param field Names the input in messages.
   * @param baseOffset Octets in front of `bytes` in the outermost input, for messages.
   * @param depth Levels above this one.
   * @param start Where to begin in `bytes`.
   * @param end Where to end in `bytes`.
   */
  constructor(
    bytes: Uint8Array,
    field: string,
    baseOffset = 0,
    depth = 0,
    start = 0,
    end: number = bytes.length,
  ) {
    if (end - start > MAX_LENGTH) {
      throw derError(field, baseOffset, `${end - start} octets are more than ${MAX_LENGTH}`);
    }
    if (depth > MAX_DEPTH) {
      throw derError(field, baseOffset + start, `more than ${MAX_DEPTH} levels of nesting`);
    }
    this.#bytes = depth > 0 || bytes.buffer instanceof ArrayBuffer
      ? bytes as Bytes
      : toBytes(bytes);
    this.#base = baseOffset;
    this.#depth = depth;
    this.#at = start;
    this.#end = end;
    this.field = field;
  }

  /** Whether everything has been read. */
  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** Offset of the next octet, from the start of the outermost input. */
  get offset(): number {
    return this.#base + this.#at;
  }

  /** The next identifier octet; undefined at the end. */
  peekTag(): number | undefined {
    return this.#at < this.#end ? this.#bytes[this.#at] : undefined;
  }

  /**
   * The next TLV.
   * @param field Its name within this one.
   * @param tag The identifier octet that it must have.
   */
  read(field: string, tag?: number): Element {
    const start = this.#at;
    const found = this.peekTag();
    if (found === undefined) this.#fail(field, start, "the field is missing");
    if (tag !== undefined && found !== tag) {
      this.#fail(field, start, `tag is ${hexOctet(found)}, not ${hexOctet(tag)}`);
    }
    const badTag = tagProblem(found);
    if (badTag !== undefined) this.#fail(field, start, badTag);
    this.#at = start + 1;
    const length = this.#readLength(field);
    const content = this.#at;
    if (length > this.#end - content) {
      const state = `${length} octets are announced and ${this.#end - content} are there`;
      this.#fail(field, start, state);
    }
    this.#at = content + length;
    const position = { tag: found, start, content };
    return new Element(this.#bytes, this.#base, position, length, this.field, field);
  }

  /** X.690, 8.1.3 and 10.1. */
  #readLength(field: string): number {
    const first = this.peekTag();
    if (first === undefined) this.#fail(field, this.#at, "the length is cut off");
    this.#at++;
    if (first < 0x80) return first;
    const octets = first & 0x7f;
    if (octets === 0) this.#fail(field, this.#at - 1, "the length is indefinite");
    if (octets > MAX_LENGTH_OCTETS) {
      this.#fail(field, this.#at - 1, `the length has ${octets} octets`);
    }
    let length = 0;
    for (let i = 0; i < octets; i++) {
      const octet = this.peekTag();
      if (octet === undefined) this.#fail(field, this.#at, "the length is cut off");
      length = length * 256 + octet;
      this.#at++;
    }
    if (length < 0x80 || length < 256 ** (octets - 1)) {
      this.#fail(field, this.#at - octets - 1, "the length is not minimal");
    }
    return length;
  }

  #fail(field: string, at: number, state: string): never {
    throw derError(`${this.field}.${field}`, this.#base + at, state);
  }

  /** The next TLV if it has this tag; undefined otherwise, and at the end. */
  readOptional(field: string, tag: number): Element | undefined {
    return this.peekTag() === tag ? this.read(field, tag) : undefined;
  }

  /** Reads the next TLV, which must be constructed, and returns a reader of its content. */
  enter(field: string, tag: number = TAG.sequence): DerReader {
    return this.into(this.read(field, tag));
  }

  /** A reader of the content of a constructed element that this reader gave. */
  into(element: Element): DerReader {
    if ((element.tag & 0x20) === 0) {
      const state = `tag ${hexOctet(element.tag)} is not constructed`;
      throw derError(element.field, element.offset, state);
    }
    const start = element.contentOffset - this.#base;
    const end = start + element.length;
    return new DerReader(this.#bytes, element.field, this.#base, this.#depth + 1, start, end);
  }

  /** Throws where anything is left to read. */
  finish(): void {
    if (this.#at >= this.#end) return;
    throw derError(this.field, this.offset, `${this.#end - this.#at} octets follow its end`);
  }
}

/** Why an identifier octet is not taken; undefined for a good one. */
function tagProblem(tag: number): string | undefined {
  const number = tag & 0x1f;
  if (number === 0x1f) return "the tag number is above 30";
  if (tag >= 0x40) return undefined; // application, context-specific, private: the caller knows the type
  if (number === 0) return "tag 00 is end-of-contents, which DER has not";
  // X.690, 10.2: strings are primitive; EXTERNAL, EMBEDDED PDV, SEQUENCE, SET, CHARACTER STRING are constructed.
  const constructed = number === 8 || number === 11 || number === 16 || number === 17 ||
    number === 29;
  if (constructed === ((tag & 0x20) !== 0)) return undefined;
  return `tag ${hexOctet(tag)} has the wrong constructed bit`;
}

function hexOctet(octet: number): string {
  return octet.toString(16).padStart(2, "0");
}
