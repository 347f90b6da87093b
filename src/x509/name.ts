/**
 * Distinguished names (RFC 5280, 4.1.2.4): building ours, and showing everybody's as RFC 4514 text.
 *
 * Text for people must not lie or drive a terminal: everything that is not printable, and what RFC 4514,
 * 2.4 reserves, is escaped; a value whose bytes do not fit its string type is shown in hexadecimal.
 *
 * @module
 */

import { type Bytes, isAscii, latin1, toHex } from "../bytes.ts";
import { decodeOid, DerReader, type Element } from "../der/decode.ts";
import { oid, sequence, sequenceOf, set, utf8String } from "../der/encode.ts";
import { OID } from "../der/oids.ts";
import { TAG } from "../der/tags.ts";

/** Short names of attribute types: RFC 4514, 3, and those that openssl and browsers show. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  [OID.commonName]: "CN",
  [OID.localityName]: "L",
  [OID.stateOrProvinceName]: "ST",
  [OID.organizationName]: "O",
  [OID.organizationalUnitName]: "OU",
  [OID.countryName]: "C",
  [OID.streetAddress]: "STREET",
  [OID.domainComponent]: "DC",
  [OID.userId]: "UID",
  [OID.emailAddress]: "emailAddress",
  [OID.serialNumberAttribute]: "serialNumber",
  [OID.surname]: "SN",
  [OID.givenName]: "GN",
  [OID.title]: "title",
  [OID.organizationIdentifier]: "organizationIdentifier",
};

/** One attribute of a name. */
export interface NameAttribute {
  /** OID. */
  readonly type: string;
  /** Not escaped; undefined where the value is no readable string. */
  readonly value: string | undefined;
  /** TLV of the value. */
  readonly tlv: Bytes;
}

/** The Name without any attribute. */
export const EMPTY_NAME: Bytes = sequence();

/**
 * Encodes a Name: each attribute an RDN of its own, in this order, as UTF8String.
 * @param attributes Pairs of OID and value. Values are 1 to 64 characters where RFC 5280, appendix A.1 says so: the caller's duty.
 */
export function encodeName(attributes: readonly (readonly [type: string, value: string])[]): Bytes {
  return sequenceOf(
    attributes.map(([type, value]) => set(sequence(oid(type), utf8String(value)))),
  );
}

/**
 * Every RDN of a Name, in its order.
 * Throws DER_INVALID.
 * @param name Name TLV.
 */
export function readName(name: Uint8Array): NameAttribute[][] {
  const outer = new DerReader(name, "DER");
  const rdns = outer.enter("name");
  outer.finish();
  const out: NameAttribute[][] = [];
  while (!rdns.done) {
    const rdn = rdns.enter("rdn", TAG.set);
    const attributes: NameAttribute[] = [];
    do {
      const attribute = rdn.enter("attribute");
      const type = decodeOid(attribute.read("type", TAG.oid));
      const element = attribute.read("value");
      attribute.finish();
      attributes.push({ type, value: readString(element), tlv: element.tlv });
    } while (!rdn.done);
    out.push(attributes);
  }
  return out;
}

/**
 * A Name as RFC 4514 writes it, last RDN first: "CN=..., OU=..., O=...". Empty for an empty name.
 * Throws DER_INVALID.
 * @param name Name TLV.
 */
export function readSubjectText(name: Uint8Array): string {
  return readName(name).reverse().map((rdn) => rdn.map(attributeText).join("+")).join(", ");
}

/**
 * The last commonName of a Name, not escaped: for comparing; for showing use {@link readSubjectText}
 * or {@link escapeText}. Throws DER_INVALID.
 */
export function readCommonName(name: Uint8Array): string | undefined {
  return readName(name).flat().findLast(({ type }) => type === OID.commonName)?.value;
}

function attributeText({ type, value, tlv }: NameAttribute): string {
  const label = SHORT_NAMES[type] ?? type;
  return `${label}=${value === undefined ? `#${toHex(tlv)}` : escapeValue(value)}`;
}

/** RFC 4514, 2.4. */
function escapeValue(value: string): string {
  return escapeText(value.replace(/["+,;<>\\]/g, "\\$&").replace(/^[ #]| $/g, "\\$&"));
}

/** Writes every character that does not show, or that changes how others show, as its UTF-8 octets: \0a, \e2\80\ae. */
export function escapeText(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu,
    (character) => toHex(new TextEncoder().encode(character)).replace(/../g, "\\$&"),
  );
}

/** A DirectoryString or IA5String; undefined where the octets do not fit the type. */
export function readString({ tag, content }: Element): string | undefined {
  switch (tag) {
    case TAG.utf8String:
      return decodeUtf8(content);
    case TAG.printableString:
    case TAG.numericString:
    case TAG.ia5String:
    case TAG.visibleString:
      return ascii(content);
    case TAG.teletexString:
      // T.61 is read by nobody; every client shows Latin-1, which is what its writers meant.
      return latin1(content);
    case TAG.bmpString:
      return content.length % 2 === 0 ? wide(content, 2) : undefined;
    case TAG.universalString:
      return content.length % 4 === 0 ? wide(content, 4) : undefined;
    default:
      return undefined;
  }
}

/** Made once, when first needed: a certificate has ten strings. */
let utf8: TextDecoder | undefined;

function decodeUtf8(content: Bytes): string | undefined {
  utf8 ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return utf8.decode(content);
  } catch {
    return undefined;
  }
}

function ascii(content: Bytes): string | undefined {
  const text = latin1(content);
  return isAscii(text) ? text : undefined;
}

function wide(content: Bytes, size: 2 | 4): string | undefined {
  let text = "";
  for (let at = 0; at < content.length; at += size) {
    let code = 0;
    for (let i = 0; i < size; i++) code = code * 256 + (content[at + i] ?? 0);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    text += String.fromCodePoint(code);
  }
  return text;
}
