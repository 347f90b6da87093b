/**
 * The extensions that decide about trust (RFC 5280, 4.2), read strictly. Encoding them is in
 * extension_encoders.ts.
 *
 * Each reader answers undefined where the certificate has no such extension, and throws DER_INVALID,
 * with the offset within the extension, where it is malformed.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import {
  decodeBitString,
  decodeBoolean,
  decodeOid,
  decodeSmallInteger,
  derError,
  DerReader,
} from "../der/decode.ts";
import { OID } from "../der/oids.ts";
import { context, contextConstructed, TAG } from "../der/tags.ts";
import type { Certificate, Extension } from "./certificate.ts";
import { KEY_USAGES, type KeyUsage } from "./key_usage.ts";
import { type GeneralName, generalNameText, readGeneralName } from "./general_name.ts";

/** What extensions are read from: a certificate, or the extensions that a request asks for. */
export type HasExtensions = Pick<Certificate, "extensions">;

/** RFC 5280, 4.2.1.9. */
export interface BasicConstraints {
  readonly ca: boolean;
  /** Intermediate certificates that may follow; undefined for any number. */
  readonly pathLength: number | undefined;
}

/** RFC 5280, 4.2.1.10. */
export interface NameConstraints {
  /** Undefined where only exclusions are given. */
  readonly permitted: readonly GeneralName[] | undefined;
  readonly excluded: readonly GeneralName[] | undefined;
}

/** RFC 5280, 4.2.1.1 and 4.2.1.2. */
export interface KeyIdentifiers {
  readonly subject: Bytes | undefined;
  readonly authority: Bytes | undefined;
}

/** Opens an extension's value; the reader is at the top of it. */
function open(extension: Extension, name: string): DerReader {
  return new DerReader(extension.value, name);
}

function openSequence(extension: Extension, name: string): DerReader {
  const outer = open(extension, name);
  const inner = outer.enter("value");
  outer.finish();
  return inner;
}

/** RFC 5280, 4.2.1.9. A written-out cA FALSE is accepted: public CAs issued many of these. */
export function readBasicConstraints(cert: HasExtensions): BasicConstraints | undefined {
  const extension = cert.extensions.get(OID.basicConstraints);
  if (extension === undefined) return undefined;
  const reader = openSequence(extension, "basicConstraints");
  const flag = reader.readOptional("cA", TAG.boolean);
  const ca = flag === undefined ? false : decodeBoolean(flag);
  const length = reader.readOptional("pathLenConstraint", TAG.integer);
  reader.finish();
  if (length !== undefined && !ca) {
    throw derError(length.field, length.offset, "a path length makes no sense where cA is false");
  }
  return { ca, pathLength: length && decodeSmallInteger(length, 0x7fffffff) };
}

/** RFC 5280, 4.2.1.3. Trailing zero bits, which DER forbids (X.690, 11.2.2), are not refused: they change nothing. */
export function readKeyUsage(cert: HasExtensions): ReadonlySet<KeyUsage> | undefined {
  const extension = cert.extensions.get(OID.keyUsage);
  if (extension === undefined) return undefined;
  const reader = open(extension, "keyUsage");
  const { bytes } = decodeBitString(reader.read("value", TAG.bitString));
  reader.finish();
  const usages = KEY_USAGES.filter((_, bit) =>
    ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0
  );
  return new Set(usages);
}

/** RFC 5280, 4.2.1.12: the key purposes, as OIDs. */
export function readExtKeyUsage(cert: HasExtensions): string[] | undefined {
  const extension = cert.extensions.get(OID.extKeyUsage);
  if (extension === undefined) return undefined;
  const reader = openSequence(extension, "extKeyUsage");
  const purposes: string[] = [];
  do purposes.push(decodeOid(reader.read("keyPurposeId", TAG.oid))); while (!reader.done);
  return purposes;
}

/** RFC 5280, 4.2.1.6. */
export function readSubjectAltNames(cert: HasExtensions): GeneralName[] | undefined {
  const extension = cert.extensions.get(OID.subjectAltName);
  if (extension === undefined) return undefined;
  const reader = openSequence(extension, "subjectAltName");
  const names: GeneralName[] = [];
  do names.push(readGeneralName(reader, "generalName", [4, 16])); while (!reader.done);
  return names;
}

/** The subjectAltNames as text, canonical for addresses; an empty list where there are none. */
export function readSubjectAltNameTexts(cert: HasExtensions): string[] {
  return (readSubjectAltNames(cert) ?? []).map(generalNameText);
}

/** RFC 5280, 4.2.1.10. minimum must be 0 and left out, maximum absent, as there. */
export function readNameConstraints(cert: HasExtensions): NameConstraints | undefined {
  const extension = cert.extensions.get(OID.nameConstraints);
  if (extension === undefined) return undefined;
  const reader = openSequence(extension, "nameConstraints");
  const permitted = readSubtrees(reader, "permittedSubtrees", 0);
  const excluded = readSubtrees(reader, "excludedSubtrees", 1);
  reader.finish();
  return { permitted, excluded };
}

function readSubtrees(reader: DerReader, field: string, n: number): GeneralName[] | undefined {
  if (reader.peekTag() !== contextConstructed(n)) return undefined;
  const list = reader.enter(field, contextConstructed(n));
  const names: GeneralName[] = [];
  do {
    const subtree = list.enter("generalSubtree");
    names.push(readGeneralName(subtree, "base", [8, 32]));
    subtree.finish();
  } while (!list.done);
  return names;
}

/** RFC 5280, 4.2.1.1 and 4.2.1.2. Issuer name and serial number in the authority's are not looked at. */
export function readKeyIdentifiers(cert: HasExtensions): KeyIdentifiers {
  return { subject: readSubjectKeyId(cert), authority: readAuthorityKeyId(cert) };
}

function readSubjectKeyId(cert: HasExtensions): Bytes | undefined {
  const extension = cert.extensions.get(OID.subjectKeyIdentifier);
  if (extension === undefined) return undefined;
  const reader = open(extension, "subjectKeyIdentifier");
  const value = reader.read("value", TAG.octetString).content;
  reader.finish();
  return value;
}

function readAuthorityKeyId(cert: HasExtensions): Bytes | undefined {
  const extension = cert.extensions.get(OID.authorityKeyIdentifier);
  if (extension === undefined) return undefined;
  const reader = openSequence(extension, "authorityKeyIdentifier");
  const value = reader.readOptional("keyIdentifier", context(0))?.content;
  reader.readOptional("authorityCertIssuer", contextConstructed(1));
  reader.readOptional("authorityCertSerialNumber", context(2));
  reader.finish();
  return value;
}

/** Whether a certificate says that it is a CA (RFC 5280, 4.2.1.9): what version 1 and 2 cannot say. */
export function isCa(cert: HasExtensions): boolean {
  return readBasicConstraints(cert)?.ca === true;
}

export * from "./extension_encoders.ts";
export { KEY_USAGES, type KeyUsage } from "./key_usage.ts";
