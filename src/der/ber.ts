/**
 * BER (ITU-T X.690, 8) turned into DER, as far as PKCS#12 needs it: RFC 7292 asks for BER only, and NSS
 * writes indefinite lengths and octet strings in pieces.
 *
 * Only lengths and OCTET STRINGs are rewritten; the order of sets, booleans and everything else stays as it
 * is. What must not be changed (a certificate, whose signature is over its octets) stands in an OCTET STRING,
 * whose content is copied. Nothing but DER_INVALID is thrown.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../bytes.ts";
import { derError } from "./element.ts";
import { encodeTlv } from "./encode.ts";
import { MAX_DEPTH, MAX_LENGTH } from "./reader.ts";
import { TAG } from "./tags.ts";

const CONSTRUCTED = 0x20;
const CONSTRUCTED_OCTET_STRING = TAG.octetString | CONSTRUCTED;

/** A place in the input. */
interface Cursor {
  readonly bytes: Uint8Array;
  readonly field: string;
  at: number;
}

/**
 * Rewrites one BER value as DER.
 * @param field Names the input in messages; offsets are the input's.
 */
export function berToDer(bytes: Uint8Array, field: string): Bytes {
  if (bytes.length > MAX_LENGTH) {
    throw derError(field, 0, `${bytes.length} octets are more than ${MAX_LENGTH}`);
  }
  const cursor = { bytes, field, at: 0 };
  const out = convert(cursor, bytes.length, 0);
  if (cursor.at !== bytes.length) {
    throw derError(field, cursor.at, `${bytes.length - cursor.at} octets follow its end`);
  }
  return out;
}

/** The value at the cursor, which ends before `end`, as DER. */
function convert(cursor: Cursor, end: number, depth: number): Bytes {
  const start = cursor.at;
  const tag = take(cursor, end);
  if ((tag & 0x1f) === 0x1f) throw derError(cursor.field, start, "the tag number is above 30");
  if (tag === 0) throw derError(cursor.field, start, "end-of-contents stands where a value should");
  const length = takeLength(cursor, end);
  if ((tag & CONSTRUCTED) === 0) {
    if (length === undefined) {
      throw derError(cursor.field, start, "the length of a primitive value is indefinite");
    }
    cursor.at += length;
    return encodeTlv(tag, cursor.bytes.subarray(cursor.at - length, cursor.at));
  }
  if (depth >= MAX_DEPTH) {
    throw derError(cursor.field, start, `more than ${MAX_DEPTH} levels of nesting`);
  }
  const children = convertChildren(cursor, length, end, depth);
  if (tag !== CONSTRUCTED_OCTET_STRING) return encodeTlv(tag, concatBytes(children));
  return encodeTlv(TAG.octetString, joinPieces(children, cursor.field, start));
}

function convertChildren(
  cursor: Cursor,
  length: number | undefined,
  end: number,
  depth: number,
): Bytes[] {
  const children: Bytes[] = [];
  if (length !== undefined) {
    const last = cursor.at + length;
    while (cursor.at < last) children.push(convert(cursor, last, depth + 1));
    return children;
  }
  while (cursor.bytes[cursor.at] !== 0 || cursor.at >= end) {
    children.push(convert(cursor, end, depth + 1));
  }
  cursor.at++;
  const at = cursor.at;
  if (take(cursor, end) !== 0) throw derError(cursor.field, at, "end-of-contents has a length");
  return children;
}

/** The contents of the OCTET STRINGs that a constructed one consists of (X.690, 8.7.3); they are DER by now. */
export function joinPieces(pieces: readonly Uint8Array[], field: string, offset: number): Bytes {
  return concatBytes(pieces.map((piece) => {
    if (piece[0] !== TAG.octetString) {
      throw derError(field, offset, "an OCTET STRING in pieces has a piece of another type");
    }
    const second = piece[1] ?? 0;
    return piece.subarray(second < 0x80 ? 2 : 2 + (second & 0x7f));
  }));
}

function take(cursor: Cursor, end: number): number {
  const octet = cursor.at < end ? cursor.bytes[cursor.at] : undefined;
  if (octet === undefined) throw derError(cursor.field, cursor.at, "the value is cut off");
  cursor.at++;
  return octet;
}

/** X.690, 8.1.3; undefined for an indefinite length. */
function takeLength(cursor: Cursor, end: number): number | undefined {
  const start = cursor.at;
  const first = take(cursor, end);
  if (first === 0x80) return undefined;
  let length = first;
  if (first > 0x80) {
    length = 0;
    for (let left = first & 0x7f; left > 0; left--) {
      length = length * 256 + take(cursor, end);
      if (length > MAX_LENGTH) throw derError(cursor.field, start, "the length is too large");
    }
  }
  if (length > end - cursor.at) {
    throw derError(
      cursor.field,
      start,
      `${length} octets are announced and ${end - cursor.at} are there`,
    );
  }
  return length;
}
