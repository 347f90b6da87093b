/**
 * Encoding the extensions that localtls writes (RFC 5280, 4.2). Each function returns a whole Extension.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../bytes.ts";
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  sequenceOf,
} from "../der/encode.ts";
import { OID } from "../der/oids.ts";
import { type EncodableName, encodeGeneralName } from "./general_name.ts";
import { KEY_USAGES, type KeyUsage } from "./key_usage.ts";

export type { EncodableName };

const CRITICAL = boolean(true);

/** OIDs are encoded once: they stand in every certificate of a batch. */
const encodedOids = new Map<string, Bytes>();

function cachedOid(dotted: string): Bytes {
  let encoded = encodedOids.get(dotted);
  if (encoded === undefined) encodedOids.set(dotted, encoded = oid(dotted));
  return encoded;
}

/**
 * One Extension.
 * @param value DER of the extension's own type.
 */
export function encodeExtension(type: string, critical: boolean, value: Uint8Array): Bytes {
  const wrapped = octetString(value);
  return critical
    ? sequence(cachedOid(type), CRITICAL, wrapped)
    : sequence(cachedOid(type), wrapped);
}

/** The [3] field of a TBSCertificate. */
export function encodeExtensions(extensions: readonly Uint8Array[]): Bytes {
  return explicit(3, sequenceOf(extensions));
}

/** Critical, as RFC 5280, 4.2.1.9 wants it in CA certificates. */
export function encodeBasicConstraints(ca: boolean, pathLength?: number): Bytes {
  const parts = ca ? [CRITICAL] : [];
  if (pathLength !== undefined) parts.push(integer(pathLength));
  return encodeExtension(OID.basicConstraints, true, sequence(...parts));
}

/** Critical (RFC 5280, 4.2.1.3: SHOULD), trailing zero bits left out (X.690, 11.2.2). */
export function encodeKeyUsage(usages: readonly KeyUsage[]): Bytes {
  const bits = usages.map((usage) => KEY_USAGES.indexOf(usage));
  const highest = Math.max(0, ...bits);
  const octets = new Uint8Array((highest >> 3) + 1);
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return encodeExtension(OID.keyUsage, true, bitString(octets, 7 - (highest & 7)));
}

/** Not critical: RFC 5280, 4.2.1.12 leaves it open, and nobody marks it. @param purposes OIDs. */
export function encodeExtKeyUsage(purposes: readonly string[]): Bytes {
  return encodeExtension(OID.extKeyUsage, false, sequenceOf(purposes.map(cachedOid)));
}

/** @param critical True where the subject is empty (RFC 5280, 4.2.1.6). */
export function encodeSubjectAltName(names: readonly EncodableName[], critical: boolean): Bytes {
  return encodeExtension(
    OID.subjectAltName,
    critical,
    sequenceOf(names.map(encodeGeneralName)),
  );
}

/** Critical (RFC 5280, 4.2.1.10), permitted dNSName subtrees alone. @param domains Without leading dots. */
export function encodeDnsNameConstraints(domains: readonly string[]): Bytes {
  const subtrees = domains.map((value) => sequence(encodeGeneralName({ type: "dns", value })));
  return encodeExtension(
    OID.nameConstraints,
    true,
    sequence(explicit(0, concatBytes(subtrees))),
  );
}

/** Never critical (RFC 5280, 4.2.1.2). */
export function encodeSubjectKeyIdentifier(identifier: Uint8Array): Bytes {
  return encodeExtension(OID.subjectKeyIdentifier, false, octetString(identifier));
}

/** Never critical (RFC 5280, 4.2.1.1); by key alone, so that a renewed issuer of the same key still fits. */
export function encodeAuthorityKeyIdentifier(identifier: Uint8Array): Bytes {
  return encodeExtension(OID.authorityKeyIdentifier, false, sequence(implicit(0, identifier)));
}
