/**
 * Reading DER, one TLV at a time. What is validated where is said in decode.ts.
 *
 * @module
 */

import { type Bytes, toBytes } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import { TAG } from "./tags.ts";

/** One TLV. The byte strings are views of the input, not copies. */
export interface Element {
  /** The identifier octet. */
  readonly tag: number;
  readonly content: Bytes;
  /** Header and content. */
  readonly tlv: Bytes;
  /** Of the identifier octet, from the start of the outermost input. */
  readonly offset: number;
  /** Where it stands: "certificate.tbsCertificate.serialNumber". Part of every message about it. */
  readonly field: string;
}

/** Levels. A certificate needs 10; deeper input is an attack on code that recurses. */
export const MAX_DEPTH = 32;

/** Octets of an outermost input: the largest file that anything here reads. */
export const MAX_LENGTH = 16 * 1024 * 1024;

/** X.690, 8.1.3.5 allows 126; 4 hold more than {@link MAX_LENGTH}. */
const MAX_LENGTH_OCTETS = 4;

/**
 * The error of this layer.
 * @param field Which field.
 * @param offset Octets from the start of the outermost input.
 * @param state What is wrong, without a period.
 */
export function derError(field: string, offset: number, state: string): LocalTlsError {
  return new LocalTlsError("DER_INVALID", `Cannot read ${field} at offset ${offset}: ${state}`);
}

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
  #at = 0;
  /** What is being read; the start of every field in messages. */
  readonly field: string;

  /**
   * @param bytes The input; not copied, so it must not change while elements of it are in use.
   * @param field Names the input in messages.
   * @param baseOffset Octets in front of `bytes` in the outermost input, for messages.
   * @param depth Levels above this one.
   */
  constructor(bytes: Uint8Array, field: string, baseOffset = 0, depth = 0) {
    if (bytes.length > MAX_LENGTH) {
      throw derError(field, baseOffset, `${bytes.length} octets are more than ${MAX_LENGTH}`);
    }
    if (depth > MAX_DEPTH) {
      throw derError(field, baseOffset, `more than ${MAX_DEPTH} levels of nesting`);
    }
    this.#bytes = bytes.buffer instanceof ArrayBuffer ? bytes as Bytes : toBytes(bytes);
    this.#base = baseOffset;
    this.#depth = depth;
    this.field = field;
  }

  /** Whether everything has been read. */
  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Offset of the next octet, from the start of the outermost input. */
  get offset(): number {
    return this.#base + this.#at;
  }

  /** The next identifier octet; undefined at the end. */
  peekTag(): number | undefined {
    return this.#bytes[this.#at];
  }

  /**
   * The next TLV.
   * @param field Its name within this one.
   * @param tag The identifier octet that it must have.
   */
  read(field: string, tag?: number): Element {
    const bytes = this.#bytes;
    const start = this.#at;
    const path = `${this.field}.${field}`;
    const found = bytes[start];
    if (found === undefined) throw derError(path, this.offset, "the field is missing");
    if (tag !== undefined && found !== tag) {
      throw derError(path, this.offset, `tag is ${hexOctet(found)}, not ${hexOctet(tag)}`);
    }
    checkTag(found, path, this.offset);
    let at = start + 1;
    let length = bytes[at++];
    if (length === undefined) throw derError(path, this.#base + at - 1, "the length is cut off");
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets === 0) throw derError(path, this.#base + at - 1, "the length is indefinite");
      if (octets > MAX_LENGTH_OCTETS) {
        throw derError(path, this.#base + at - 1, `the length has ${octets} octets`);
      }
      length = 0;
      for (let i = 0; i < octets; i++) {
        const octet = bytes[at + i];
        if (octet === undefined) throw derError(path, this.#base + at, "the length is cut off");
        length = length * 256 + octet;
      }
      if (length < 0x80 || length < 256 ** (octets - 1)) {
        throw derError(path, this.#base + at - 1, "the length is not minimal");
      }
      at += octets;
    }
    if (length > bytes.length - at) {
      const state = `${length} octets are announced and ${bytes.length - at} are there`;
      throw derError(path, this.#base + start, state);
    }
    this.#at = at + length;
    return {
      tag: found,
      content: bytes.subarray(at, this.#at),
      tlv: bytes.subarray(start, this.#at),
      offset: this.#base + start,
      field: path,
    };
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
      throw derError(
        element.field,
        element.offset,
        `tag ${hexOctet(element.tag)} is not constructed`,
      );
    }
    return new DerReader(element.content, element.field, contentOffset(element), this.#depth + 1);
  }

  /** Throws where anything is left to read. */
  finish(): void {
    if (this.done) return;
    const left = this.#bytes.length - this.#at;
    throw derError(this.field, this.offset, `${left} octets follow its end`);
  }
}

/** Offset of the first content octet, from the start of the outermost input. */
export function contentOffset(element: Element): number {
  return element.offset + element.tlv.length - element.content.length;
}

function checkTag(tag: number, field: string, offset: number): void {
  const number = tag & 0x1f;
  if (number === 0x1f) throw derError(field, offset, "the tag number is above 30");
  if (tag >= 0x40) return; // application, context-specific, private: the caller knows the type
  if (number === 0) throw derError(field, offset, "tag 00 is end-of-contents, which DER has not");
  // X.690, 10.2: strings are primitive; EXTERNAL, EMBEDDED PDV, SEQUENCE, SET, CHARACTER STRING are constructed.
  const constructed = number === 8 || number === 11 || number === 16 || number === 17 ||
    number === 29;
  if (constructed !== ((tag & 0x20) !== 0)) {
    throw derError(field, offset, `tag ${hexOctet(tag)} has the wrong constructed bit`);
  }
}

function hexOctet(octet: number): string {
  return octet.toString(16).padStart(2, "0");
}
