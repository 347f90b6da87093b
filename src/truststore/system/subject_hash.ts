/**
 * OpenSSL's subject hash: the name of the link under which `-CApath` clients look for an issuer.
 *
 * No RFC; OpenSSL's X509_NAME_hash since 1.0.0: SHA-1 over the RDNs in a canonical form (every string a
 * UTF8String, ASCII letters lower-case, spaces trimmed and runs of them folded to one, no outer
 * SEQUENCE), of which the first four octets are read as a little-endian number.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../bytes.ts";
import { DerReader, type Element } from "../../der/decode.ts";
import { encodeTlv } from "../../der/encode.ts";
import { TAG } from "../../der/tags.ts";

/**
 * The hash of a subject, 8 lower-case hexadecimal digits.
 * @param name The Name TLV.
 */
export async function opensslSubjectHash(name: Uint8Array): Promise<string> {
  const rdns = new DerReader(name, "subject").enter("name");
  const parts: Bytes[] = [];
  while (!rdns.done) {
    const attributes = rdns.enter("rdn", TAG.set);
    const encoded: Bytes[] = [];
    while (!attributes.done) {
      const attribute = attributes.enter("attribute");
      const type = attribute.read("type");
      encoded.push(
        encodeTlv(TAG.sequence, concatBytes([type.tlv, canonical(attribute.read("value"))])),
      );
      attribute.finish();
    }
    // DER orders a SET OF by its encodings, and the canonical ones may sort differently.
    encoded.sort(compareBytes);
    parts.push(encodeTlv(TAG.set, concatBytes(encoded)));
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", concatBytes(parts)));
  return new DataView(digest.buffer).getUint32(0, true).toString(16).padStart(8, "0");
}

function canonical(value: Element): Bytes {
  const text = decodeText(value.tag, value.content);
  if (text === undefined) return value.tlv;
  const folded = text.replaceAll(/[ \t\n\v\f\r]+/g, " ").replaceAll(/^ | $/g, "")
    .replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return encodeTlv(TAG.utf8String, new TextEncoder().encode(folded));
}

/** The string types that OpenSSL makes canonical (ASN1_MASK_CANON); undefined for every other. */
function decodeText(tag: number, content: Uint8Array): string | undefined {
  switch (tag) {
    case TAG.utf8String:
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.visibleString:
      return new TextDecoder().decode(content);
    case TAG.teletexString: // taken for Latin-1, as OpenSSL does
      return codePoints(content, 1);
    case TAG.bmpString:
      return codePoints(content, 2);
    case TAG.universalString:
      return codePoints(content, 4);
    default:
      return undefined;
  }
}

function codePoints(content: Uint8Array, width: number): string {
  let text = "";
  for (let at = 0; at + width <= content.length; at += width) {
    const point = content.subarray(at, at + width).reduce((sum, octet) => sum * 256 + octet, 0);
    text += point <= 0x10ffff ? String.fromCodePoint(point) : "\ufffd";
  }
  return text;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}
