/**
 * Any DER value as one line of text, for what no reader here knows: `{ 1.3.6.1.4.1.311.21.8, 100, "text" }`.
 *
 * The text is safe to show: strings are escaped. What is no DER is hexadecimal.
 *
 * @module
 */

import { toHex } from "../bytes.ts";
import { decodeOid, decodeTime, DerReader, type Element } from "../der/decode.ts";
import { oidName } from "../der/oids.ts";
import { TAG } from "../der/tags.ts";
import { LocalTlsError } from "../errors.ts";
import { escapeText, readString } from "../x509/name.ts";

/** Characters. What is longer is cut: whoever wants all of it has `openssl asn1parse`. */
const MAX_LENGTH = 400;

/** Octets of an INTEGER that are written as a decimal number. */
const DECIMAL_OCTETS = 8;

/** Writes one value. */
export function asn1Text(der: Uint8Array): string {
  return cut(tryText(der) ?? hexText(der));
}

/** Shortens a text that nobody reads to its end. */
export function cut(text: string, length = MAX_LENGTH): string {
  return text.length <= length ? text : `${text.slice(0, length)} ...`;
}

/** Octets that mean nothing to us. */
export function hexText(octets: Uint8Array): string {
  return octets.length === 0 ? "(empty)" : `hex ${toHex(octets.subarray(0, MAX_LENGTH))}`;
}

function tryText(der: Uint8Array): string | undefined {
  try {
    const reader = new DerReader(der, "value");
    const text = elementText(reader, reader.read("value"));
    reader.finish();
    return text;
  } catch (error) {
    if (error instanceof LocalTlsError) return undefined;
    throw error;
  }
}

function elementText(reader: DerReader, element: Element): string {
  const { tag } = element;
  if (tag >= 0x80) return contextText(reader, element);
  const string = readString(element);
  if (string !== undefined) return `"${escapeText(string)}"`;
  switch (tag) {
    case TAG.sequence:
    case TAG.set:
      return listText(reader, element);
    case TAG.boolean:
      return element.content[0] === 0 ? "FALSE" : "TRUE";
    case TAG.integer:
    case TAG.enumerated:
      return integerText(element.content);
    case TAG.null:
      return "NULL";
    case TAG.oid:
      return oidName(decodeOid(element));
    case TAG.utcTime:
    case TAG.generalizedTime:
      return decodeTime(element).toISOString();
    case TAG.octetString:
      // Many wrap a further value, and one that is none by accident is seldom all of the octets.
      return element.length > 2 ? tryText(element.content) ?? hexText(element.content) : hexText(
        element.content,
      );
    default:
      return hexText(element.content);
  }
}

function listText(reader: DerReader, element: Element): string {
  const inner = reader.into(element);
  const parts: string[] = [];
  while (!inner.done) parts.push(elementText(inner, inner.read("item")));
  return parts.length === 0 ? "{ }" : `{ ${parts.join(", ")} }`;
}

/** A context tag says nothing about its type: constructed ones have parts, others are mostly text. */
function contextText(reader: DerReader, element: Element): string {
  const label = `[${element.tag & 0x1f}]`;
  if ((element.tag & 0x20) !== 0) return `${label} ${listText(reader, element)}`;
  const isText = element.length > 0 &&
    element.content.every((octet) => octet > 0x1f && octet < 0x7f);
  return isText
    ? `${label} "${String.fromCharCode(...element.content.subarray(0, MAX_LENGTH))}"`
    : `${label} ${hexText(element.content)}`;
}

function integerText(content: Uint8Array): string {
  if (content.length > DECIMAL_OCTETS) return `0x${toHex(content)}`;
  return BigInt.asIntN(content.length * 8, BigInt(`0x${toHex(content) || "0"}`)).toString();
}
