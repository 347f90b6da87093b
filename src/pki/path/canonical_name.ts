/**
 * Distinguished names in a form that can be compared (RFC 5280, 7.1): the string type does not count, nor do case
 * and repeated spaces.
 *
 * @module
 */

import { toHex } from "../../bytes.ts";
import { type NameAttribute, readName } from "../../x509/name.ts";

/** What no NFKC, case or space rule changes: most values, and the whole work for them. */
const PLAIN = /^[!-@[-~]+(?: [!-@[-~]+)*$/;

/**
 * A Name as one text for each RDN. Two names are the same (RFC 5280, 7.1) when their texts are.
 * Throws DER_INVALID.
 * @param name Name TLV.
 */
export function canonicalRdns(name: Uint8Array): string[] {
  return readName(name).map(canonicalRdn);
}

/** One text for the whole name. Lengths in front of values keep apart what could run together. */
export function canonicalKey(rdns: readonly string[]): string {
  return rdns.map((rdn) => `${rdn.length}:${rdn}`).join("");
}

/** A SET has no order that means anything. */
function canonicalRdn(attributes: readonly NameAttribute[]): string {
  if (attributes.length === 1) return canonicalAttribute(attributes[0]!);
  return attributes.map(canonicalAttribute).sort().join("+");
}

function canonicalAttribute({ type, value, tlv }: NameAttribute): string {
  if (value === undefined) return `${type}#${toHex(tlv)}`;
  const prepared = PLAIN.test(value) ? value : prepare(value);
  return `${type}=${prepared.length}:${prepared}`;
}

/** RFC 4518 in short: compatibility forms, case, and spaces that do not count. */
function prepare(value: string): string {
  return value.normalize("NFKC").toLowerCase().normalize("NFKC").replace(/\s+/gu, " ").trim();
}
