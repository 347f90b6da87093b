/**
 * One TLV of a DER encoding, and the error of this layer.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";

/**
 * One TLV. Its byte strings are views of the input, made when asked for: most elements are only
 * walked through, and views are what parsing costs.
 */
export class Element {
  readonly #bytes: Bytes;
  readonly #base: number;
  readonly #parent: string;
  readonly #name: string;
  /** The identifier octet. */
  readonly tag: number;
  /** Of the identifier octet, from the start of the outermost input. */
  readonly offset: number;
  /** Of the first content octet, from the start of the outermost input. */
  readonly contentOffset: number;
  /** Octets of content. */
  readonly length: number;

  /** For {@link DerReader.read} alone. */
  constructor(
    bytes: Bytes,
    base: number,
    position: { readonly tag: number; readonly start: number; readonly content: number },
    length: number,
    parent: string,
    name: string,
  ) {
    this.#bytes = bytes;
    this.#base = base;
    this.#parent = parent;
    this.#name = name;
    this.tag = position.tag;
    this.offset = base + position.start;
    this.contentOffset = base + position.content;
    this.length = length;
  }

  /** The content octets. */
  get content(): Bytes {
    const start = this.contentOffset - this.#base;
    return this.#bytes.subarray(start, start + this.length);
  }

  /** Header and content. */
  get tlv(): Bytes {
    const end = this.contentOffset - this.#base + this.length;
    return this.#bytes.subarray(this.offset - this.#base, end);
  }

  /** Where it stands: "certificate.tbsCertificate.serialNumber". Part of every message about it. */
  get field(): string {
    return `${this.#parent}.${this.#name}`;
  }
}

/**
 * The error of this layer.
 * @param field Which field.
 * @param offset Octets from the start of the outermost input.
 * @param state What is wrong, without a period.
 */
export function derError(field: string, offset: number, state: string): LocalTlsError {
  return new LocalTlsError("DER_INVALID", `Cannot read ${field} at offset ${offset}: ${state}`);
}
