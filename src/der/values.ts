/**
 * The contents of the primitive types, strict as DER wants them (ITU-T X.690, 8 and 11). Every
 * function takes an element that DerReader gave, and throws DER_INVALID with its field and offset.
 *
 * @module
 */

import { type Bytes, latin1 } from "../bytes.ts";
import { derError, type Element } from "./element.ts";
import { TAG } from "./tags.ts";

/** RFC 5280, 4.1.2.2: conforming CAs do not use serial numbers longer than 20 octets. */
export const MAX_SERIAL_OCTETS = 20;

/** Octets. The longest OIDs in use (2.25 with a UUID) have 20; more only costs time. */
const MAX_OID_OCTETS = 128;

function fail(element: Element, state: string): never {
  throw derError(element.field, element.offset, state);
}

/** Refuses an element of another universal type; context tags (IMPLICIT) are the caller's. */
function checkType(element: Element, tag: number, name: string): void {
  if (element.tag < 0x40 && element.tag !== tag) fail(element, `it is no ${name}`);
}

/** A BOOLEAN: 00 or FF (X.690, 11.1). */
export function decodeBoolean(element: Element): boolean {
  checkType(element, TAG.boolean, "BOOLEAN");
  const value = element.content[0];
  if (element.length !== 1) fail(element, `a BOOLEAN has 1 octet, not ${element.length}`);
  if (value !== 0 && value !== 0xff) fail(element, "a BOOLEAN is 00 or ff");
  return value === 0xff;
}

/** NULL: no content. */
export function decodeNull(element: Element): void {
  checkType(element, TAG.null, "NULL");
  if (element.length > 0) fail(element, "a NULL has no content");
}

function checkInteger(element: Element): Bytes {
  checkType(element, TAG.integer, "INTEGER");
  const content = element.content;
  const first = content[0];
  const second = content[1];
  if (first === undefined) fail(element, "the INTEGER has no content");
  if (second !== undefined && (first === 0 ? second < 0x80 : first === 0xff && second >= 0x80)) {
    fail(element, "the INTEGER is not minimal");
  }
  return content;
}

/** A non-negative INTEGER of any size, as its magnitude: big-endian, no sign octet. */
export function decodeIntegerUnsigned(element: Element): Bytes {
  const content = checkInteger(element);
  if ((content[0] ?? 0) >= 0x80) fail(element, "the INTEGER is negative");
  return content.length > 1 && content[0] === 0 ? content.subarray(1) : content;
}

/**
 * A non-negative INTEGER that is small.
 * @param max The largest value allowed; at most 2^31 - 1.
 */
export function decodeSmallInteger(element: Element, max: number): number {
  const magnitude = decodeIntegerUnsigned(element);
  let value = 0;
  if (magnitude.length <= 4) { for (const octet of magnitude) value = value * 256 + octet; }
  if (magnitude.length > 4 || value > max) fail(element, `the INTEGER is above ${max}`);
  return value;
}

/**
 * A CertificateSerialNumber (RFC 5280, 4.1.2.2): the content octets of a minimal INTEGER of at most 20
 * octets, positive.
 * @param zero "refused" unless the caller judges a zero itself.
 */
export function decodeSerialNumber(element: Element, zero: "refused" | "kept" = "refused"): Bytes {
  const content = checkInteger(element);
  if ((content[0] ?? 0) >= 0x80) fail(element, "the serial number is negative");
  if (content.length > MAX_SERIAL_OCTETS) {
    fail(element, `the serial number has ${content.length} octets, more than ${MAX_SERIAL_OCTETS}`);
  }
  if (zero === "refused" && isZeroSerial(content)) fail(element, "the serial number is zero");
  return content;
}

/** Whether the content octets of a serial number say zero. */
export function isZeroSerial(content: Uint8Array): boolean {
  return content.length === 1 && content[0] === 0;
}

/** An OBJECT IDENTIFIER in dotted form; minimal arcs only, of any size. */
export function decodeOid(element: Element): string {
  checkType(element, TAG.oid, "OBJECT IDENTIFIER");
  const content = element.content;
  if (content.length === 0) fail(element, "the OBJECT IDENTIFIER has no content");
  if (content.length > MAX_OID_OCTETS) {
    fail(element, `the OBJECT IDENTIFIER has more than ${MAX_OID_OCTETS} octets`);
  }
  let text = "";
  let arc = 0;
  let large: bigint | undefined; // above 2^46, where seven more bits could leave the safe integers
  let inArc = false;
  for (let at = 0; at < content.length; at++) {
    const octet = content[at]!;
    if (!inArc && octet === 0x80) fail(element, "an arc of the OBJECT IDENTIFIER is not minimal");
    inArc = octet >= 0x80;
    if (large === undefined && arc >= 2 ** 46) large = BigInt(arc);
    if (large === undefined) arc = arc * 128 + (octet & 0x7f);
    else large = (large << 7n) | BigInt(octet & 0x7f);
    if (inArc) continue;
    if (text !== "") text += `.${large ?? arc}`;
    else if (large !== undefined) text = `2.${large - 80n}`;
    else text = arc < 80 ? `${arc < 40 ? 0 : 1}.${arc % 40}` : `2.${arc - 80}`;
    arc = 0;
    large = undefined;
  }
  if (inArc) fail(element, "the last arc of the OBJECT IDENTIFIER is cut off");
  return text;
}

/** A BIT STRING's octets and how many bits of the last one are not part of it; these are zero (X.690, 11.2.1). */
export function decodeBitString(element: Element): { bytes: Bytes; unusedBits: number } {
  checkType(element, TAG.bitString, "BIT STRING");
  const { content } = element;
  const unusedBits = content[0];
  if (unusedBits === undefined) fail(element, "the BIT STRING has no content");
  const bytes = content.subarray(1);
  if (unusedBits > 7) fail(element, `the BIT STRING claims ${unusedBits} unused bits`);
  if (bytes.length === 0 && unusedBits > 0) fail(element, "an empty BIT STRING has unused bits");
  if (((bytes[bytes.length - 1] ?? 0) & ((1 << unusedBits) - 1)) !== 0) {
    fail(element, "the unused bits of the BIT STRING are not zero");
  }
  return { bytes, unusedBits };
}

/** A BIT STRING that holds whole octets: a key, a signature. */
export function decodeOctetBits(element: Element): Bytes {
  const { bytes, unusedBits } = decodeBitString(element);
  if (unusedBits !== 0) fail(element, "the BIT STRING does not end with a whole octet");
  return bytes;
}

/**
 * UTCTime or GeneralizedTime as RFC 5280, 4.1.2.5 narrows them: seconds, Zulu, no fractions. A UTCTime's
 * year is 1950 to 2049. That early years are a UTCTime is not enforced: real roots break it, nothing depends on it.
 */
export function decodeTime(element: Element): Date {
  if (element.length > 15) fail(element, "the time is too long");
  const text = latin1(element.content);
  let year: number;
  if (element.tag === TAG.utcTime) {
    if (!/^[0-9]{12}Z$/.test(text)) fail(element, "a UTCTime is YYMMDDHHMMSSZ");
    year = Number(text.slice(0, 2));
    year += year < 50 ? 2000 : 1900;
  } else if (element.tag === TAG.generalizedTime) {
    if (!/^[0-9]{14}Z$/.test(text)) fail(element, "a GeneralizedTime is YYYYMMDDHHMMSSZ");
    year = Number(text.slice(0, 4));
  } else fail(element, "it is neither UTCTime nor GeneralizedTime");
  const at = text.length - 11;
  const part = (index: number) => Number(text.slice(at + 2 * index, at + 2 * index + 2));
  const [month, day, hour, minute, second] = [part(0), part(1), part(2), part(3), part(4)];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day;
  if (!exists) fail(element, `there is no day ${year}-${month}-${day}`);
  if (hour > 23 || minute > 59 || second > 59) fail(element, "there is no such time of day");
  date.setUTCHours(hour, minute, second);
  return date;
}
