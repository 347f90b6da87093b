/**
 * DER encoding (ITU-T X.690): the part that certificates, requests, keys and PKCS#12 need.
 *
 * Every function returns a whole TLV in an array of its own. Low tag numbers (0 to 30) and definite
 * lengths only. What these functions are given comes from our own code, so a wrong argument is a bug
 * and throws RangeError; what comes from outside is judged by the layer that took it in.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { TAG } from "./tags.ts";

/** Length of the tag and length octets in front of `length` content octets. */
function headerLength(length: number): number {
  if (length < 0x80) return 2;
  if (length < 0x100) return 3;
  if (length < 0x10000) return 4;
  return length < 0x1000000 ? 5 : 6;
}

/** Allocates a TLV and fills in its header; the content belongs at `out.length - length`. */
function allocate(tag: number, length: number): Bytes {
  const header = headerLength(length);
  const out = new Uint8Array(header + length);
  out[0] = tag;
  if (header === 2) {
    out[1] = length;
    return out;
  }
  out[1] = 0x80 | (header - 2);
  for (let at = header - 1, rest = length; at > 1; at--, rest = Math.floor(rest / 256)) {
    out[at] = rest & 0xff;
  }
  return out;
}

function joinInto(tag: number, parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = allocate(tag, length);
  let at = out.length - length;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * One TLV.
 * @param tag The identifier octet, class and constructed bit included.
 */
export function encodeTlv(tag: number, content: Uint8Array): Bytes {
  if (!Number.isInteger(tag) || tag < 1 || tag > 0xff || (tag & 0x1f) === 0x1f) {
    throw new RangeError(`Cannot encode tag ${tag}: only low tag numbers are supported`);
  }
  const out = allocate(tag, content.length);
  out.set(content, out.length - content.length);
  return out;
}

/**
 * A SEQUENCE of whole TLVs.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { toHex } from "../bytes.ts";
 * import { boolean, integer, sequence } from "./encode.ts";
 *
 * equal(toHex(sequence(boolean(true), integer(300))), "30070101ff0202012c");
 * ```
 */
export function sequence(...parts: Uint8Array[]): Bytes {
  return joinInto(TAG.sequence, parts);
}

/** As {@link sequence}, from an array of any length (spreading one has a limit). */
export function sequenceOf(parts: readonly Uint8Array[]): Bytes {
  return joinInto(TAG.sequence, parts);
}

/** A SET OF whole TLVs, in ascending order of their encodings (X.690, 11.6). */
export function set(...parts: Uint8Array[]): Bytes {
  return joinInto(TAG.set, parts.length < 2 ? parts : [...parts].sort(compareBytes));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** An OCTET STRING. */
export function octetString(content: Uint8Array): Bytes {
  return encodeTlv(TAG.octetString, content);
}

/** A BIT STRING; the unused bits at its end must be zero (X.690, 11.2.1). */
export function bitString(content: Uint8Array, unusedBits = 0): Bytes {
  const last = content[content.length - 1] ?? 0;
  if (unusedBits < 0 || unusedBits > 7 || (content.length === 0 && unusedBits > 0)) {
    throw new RangeError(`Cannot encode a BIT STRING with ${unusedBits} unused bits`);
  }
  if ((last & ((1 << unusedBits) - 1)) !== 0) {
    throw new RangeError("Cannot encode a BIT STRING whose unused bits are not zero");
  }
  const out = allocate(TAG.bitString, content.length + 1);
  const at = out.length - content.length;
  out[at - 1] = unusedBits;
  out.set(content, at);
  return out;
}

/** An INTEGER from a number (safe integers only) or bigint, negative ones included. */
export function integer(content: bigint | number): Bytes {
  if (typeof content === "number" && !Number.isSafeInteger(content)) {
    throw new RangeError(`Cannot encode the INTEGER ${content}: it is no safe integer`);
  }
  let rest = BigInt(content);
  const octets: number[] = [];
  do {
    octets.unshift(Number(rest & 0xffn));
    rest >>= 8n;
  } while (rest !== 0n && rest !== -1n);
  const first = octets[0] ?? 0;
  if (rest === 0n && first >= 0x80) octets.unshift(0);
  if (rest === -1n && first < 0x80) octets.unshift(0xff);
  return encodeTlv(TAG.integer, new Uint8Array(octets));
}

/** A non-negative INTEGER from its magnitude; leading zero octets are dropped, a sign octet added where needed. */
export function integerBytes(unsignedBigEndian: Uint8Array): Bytes {
  let start = 0;
  while (start < unsignedBigEndian.length - 1 && unsignedBigEndian[start] === 0) start++;
  const magnitude = unsignedBigEndian.subarray(start);
  if (magnitude.length === 0) return encodeTlv(TAG.integer, new Uint8Array(1));
  const sign = (magnitude[0] ?? 0) >= 0x80 ? 1 : 0;
  const out = allocate(TAG.integer, magnitude.length + sign);
  out.set(magnitude, out.length - magnitude.length);
  return out;
}

/** An OBJECT IDENTIFIER from its dotted form; arcs of any size. */
export function oid(dotted: string): Bytes {
  if (!/^[0-2](?:\.(?:0|[1-9][0-9]*))+$/.test(dotted)) {
    throw new RangeError(`Cannot encode the OID "${dotted}": it is not in dotted form`);
  }
  const [root, second = "", ...others] = dotted.split(".");
  if (root !== "2" && Number(second) > 39) {
    throw new RangeError(`Cannot encode the OID "${dotted}": its second arc is above 39`);
  }
  const octets: number[] = [];
  pushArc(octets, second, Number(root) * 40);
  for (const arc of others) pushArc(octets, arc, 0);
  return encodeTlv(TAG.oid, new Uint8Array(octets));
}

/** Seven bits an octet, the last without the mark that more follow (X.690, 8.19.2). */
function pushArc(octets: number[], digits: string, more: number): void {
  const arc = Number(digits) + more;
  if (arc < 0x80) octets.push(arc);
  else if (arc < 0x4000) octets.push((arc >> 7) | 0x80, arc & 0x7f);
  else {
    // Arcs of any size, UUIDs as well.
    const tail: number[] = [];
    for (let rest = BigInt(digits) + BigInt(more); rest > 0n; rest >>= 7n) {
      tail.unshift(Number(rest & 0x7fn) | (tail.length > 0 ? 0x80 : 0));
    }
    octets.push(...tail);
  }
}

/** A BOOLEAN: FF for true (X.690, 11.1). */
export function boolean(value: boolean): Bytes {
  return encodeTlv(TAG.boolean, Uint8Array.of(value ? 0xff : 0));
}

/** NULL. */
export function nullValue(): Bytes {
  return Uint8Array.of(TAG.null, 0);
}

/** A UTF8String. Throws RangeError for lone surrogates, which have no UTF-8 form. */
export function utf8String(text: string): Bytes {
  if (/\p{Cs}/u.test(text)) throw new RangeError("Cannot encode a lone surrogate as UTF-8");
  return encodeTlv(TAG.utf8String, new TextEncoder().encode(text));
}

/** A PrintableString (X.680, 41.4): letters, digits, space and '()+,-./:=? alone. */
export function printableString(text: string): Bytes {
  if (!/^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text)) {
    throw new RangeError(`Cannot encode "${text}" as a PrintableString`);
  }
  return encodeTlv(TAG.printableString, new TextEncoder().encode(text));
}

/** An IA5String: ASCII. */
export function ia5String(text: string): Bytes {
  return encodeTlv(TAG.ia5String, asciiOctets(text));
}

/** The octets of an ASCII text. Throws RangeError for anything else. */
export function asciiOctets(text: string): Bytes {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) throw new RangeError(`Cannot encode "${text}" as ASCII`);
    out[i] = code;
  }
  return out;
}

/** [n] constructed, around whole TLVs: EXPLICIT tagging, and IMPLICIT tagging of a SEQUENCE's content. */
export function explicit(n: number, content: Uint8Array): Bytes {
  return encodeTlv(0xa0 | contextNumber(n), content);
}

/** [n] primitive, around the content octets of the type it stands for. */
export function implicit(n: number, content: Uint8Array): Bytes {
  return encodeTlv(0x80 | contextNumber(n), content);
}

function contextNumber(n: number): number {
  if (!Number.isInteger(n) || n < 0 || n > 30) {
    throw new RangeError(`Cannot encode the context tag [${n}]`);
  }
  return n;
}

/**
 * A Time as RFC 5280, 4.1.2.5 wants it: UTCTime through 2049, GeneralizedTime from 2050 (and before
 * 1950); whole seconds (fractions are dropped), Zulu.
 */
export function encodeTime(date: Date): Bytes {
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) {
    throw new RangeError("Cannot encode a time without a year 0-9999");
  }
  // YYYY-MM-DDTHH:MM:SS.000Z
  const text = date.toISOString();
  const time = text.slice(5, 7) + text.slice(8, 10) + text.slice(11, 13) + text.slice(14, 16) +
    text.slice(17, 19) + "Z";
  if (year >= 1950 && year <= 2049) {
    return encodeTlv(TAG.utcTime, asciiOctets(text.slice(2, 4) + time));
  }
  return encodeTlv(TAG.generalizedTime, asciiOctets(text.slice(0, 4) + time));
}
