/**
 * Reading certificates (RFC 5280, 4.1), ours and everybody's: versions 1 to 3, any key, any extension.
 *
 * Validated here: the structure down to each extension's envelope, that the two signature algorithms
 * agree, that no extension comes twice, the serial number. Not validated here: what is in names
 * (name.ts), in extensions (extensions.ts) and in keys (keys.ts, when used), the signature
 * (signature.ts), dates and trust (pki/).
 *
 * @module
 */

import { type Bytes, equalBytes, toBytes } from "../bytes.ts";
import {
  decodeBoolean,
  decodeOctetBits,
  decodeOid,
  decodeSerialNumber,
  decodeSmallInteger,
  decodeTime,
  DerReader,
  isZeroSerial,
} from "../der/decode.ts";
import { context, contextConstructed, TAG } from "../der/tags.ts";
import { LocalTlsError } from "../errors.ts";
import { readAlgorithmIdentifier, readPublicKeyInfo } from "./algorithm_identifier.ts";

export { readCommonName, readSubjectText } from "./name.ts";

/** One extension, not interpreted. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** Content of the OCTET STRING: the DER of the extension's own type. */
  readonly value: Bytes;
}

/** A certificate. The byte strings are views of `der`, which belongs to the certificate. */
export interface Certificate {
  readonly der: Bytes;
  readonly version: 1 | 2 | 3;
  /** TBSCertificate TLV: what is signed. */
  readonly tbs: Bytes;
  /** Content octets: big-endian, with the sign octet where there is one. */
  readonly serialNumber: Bytes;
  readonly serialTlv: Bytes;
  /** Name TLV. */
  readonly issuer: Bytes;
  /** Name TLV. */
  readonly subject: Bytes;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo TLV. */
  readonly spki: Bytes;
  /** Content of the BIT STRING in `spki`. */
  readonly publicKeyBits: Bytes;
  /** OID. */
  readonly keyAlgorithm: string;
  /** OID. */
  readonly signatureAlgorithm: string;
  /** TLV of the signature algorithm's parameters; undefined where they are left out. */
  readonly signatureParameters: Bytes | undefined;
  /** Content of the BIT STRING. */
  readonly signature: Bytes;
  /** By OID, in the order of the certificate. */
  readonly extensions: ReadonlyMap<string, Extension>;
  /** Whether subject and issuer are the same name (RFC 5280, 3.2). Says nothing about the signature. */
  readonly selfIssued: boolean;
}

/** Octets. 1,000 names of 255 characters are 260 kB; what is larger is no certificate. */
export const MAX_CERTIFICATE_LENGTH = 1024 * 1024;

/**
 * Reads a certificate from DER, which is copied.
 *
 * Throws DER_INVALID (an encoding or a field, with its offset) or CERTIFICATE_INVALID (fields that do not
 * go together). Two deviations from the letter, both because public roots need them: a zero serial number
 * is accepted in self-issued certificates (RFC 5280, 4.1.2.2 asks for grace; nothing looks a trust anchor up by
 * serial), and a critical flag that is FALSE may be written out.
 *
 * @example
 * ```ts
 * import { throws } from "node:assert/strict";
 * import { parseCertificate } from "./certificate.ts";
 *
 * throws(() => parseCertificate(Uint8Array.of(0x30, 0x00)), { code: "DER_INVALID" });
 * ```
 */
export function parseCertificate(der: Uint8Array): Certificate {
  if (der.length > MAX_CERTIFICATE_LENGTH) {
    throw invalid(`it has ${der.length} octets, more than ${MAX_CERTIFICATE_LENGTH}`);
  }
  const owned = toBytes(der);
  const outer = new DerReader(owned, "DER");
  const reader = outer.enter("certificate");
  outer.finish();

  const tbsElement = reader.read("tbsCertificate", TAG.sequence);
  const outerAlgorithm = readAlgorithmIdentifier(reader, "signatureAlgorithm");
  const signature = decodeOctetBits(reader.read("signatureValue", TAG.bitString));
  reader.finish();

  const tbs = reader.into(tbsElement);
  const version = readVersion(tbs);
  const serialElement = tbs.read("serialNumber", TAG.integer);
  const serialNumber = decodeSerialNumber(serialElement, "kept");
  const innerAlgorithm = readAlgorithmIdentifier(tbs, "signature");
  const issuer = tbs.read("issuer", TAG.sequence).tlv;
  const validity = tbs.enter("validity");
  const notBefore = decodeTime(validity.read("notBefore"));
  const notAfter = decodeTime(validity.read("notAfter"));
  validity.finish();
  const subject = tbs.read("subject", TAG.sequence).tlv;
  const key = readPublicKeyInfo(tbs, "subjectPublicKeyInfo");
  skipUniqueIds(tbs, version);
  const extensions = readExtensions(tbs, version);
  tbs.finish();

  const selfIssued = equalBytes(issuer, subject);
  if (isZeroSerial(serialNumber) && !selfIssued) decodeSerialNumber(serialElement);
  // RFC 5280, 4.1.1.2: the unsigned copy must say the same as the signed one.
  if (!equalBytes(outerAlgorithm.tlv, innerAlgorithm.tlv)) {
    throw invalid("its two signature algorithms differ");
  }
  return {
    der: owned,
    version,
    tbs: tbsElement.tlv,
    serialNumber,
    serialTlv: serialElement.tlv,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki: key.tlv,
    publicKeyBits: key.bits,
    keyAlgorithm: key.algorithm.algorithm,
    signatureAlgorithm: innerAlgorithm.algorithm,
    signatureParameters: innerAlgorithm.parameters,
    signature,
    extensions,
    selfIssued,
  };
}

/** RFC 5280, 4.1.2.1. Version 1 is the default, and DER leaves defaults out. */
function readVersion(tbs: DerReader): 1 | 2 | 3 {
  if (tbs.peekTag() !== contextConstructed(0)) return 1;
  const wrapper = tbs.enter("version", contextConstructed(0));
  const value = decodeSmallInteger(wrapper.read("version", TAG.integer), 0x7fffffff);
  wrapper.finish();
  if (value === 1) return 2;
  if (value === 2) return 3;
  throw invalid(value === 0 ? "version 1 is written out" : `version ${value + 1} is unknown`);
}

/** RFC 5280, 4.1.2.8: obsolete, and harmless. */
function skipUniqueIds(tbs: DerReader, version: number): void {
  const issuerId = tbs.readOptional("issuerUniqueID", context(1));
  const subjectId = tbs.readOptional("subjectUniqueID", context(2));
  if (version === 1 && (issuerId ?? subjectId) !== undefined) {
    throw invalid("version 1 has no unique identifiers");
  }
}

const NO_EXTENSIONS: ReadonlyMap<string, Extension> = new Map();

/** RFC 5280, 4.1.2.9 and 4.2. */
function readExtensions(tbs: DerReader, version: number): ReadonlyMap<string, Extension> {
  if (tbs.peekTag() !== contextConstructed(3)) return NO_EXTENSIONS;
  if (version !== 3) throw invalid(`version ${version} has no extensions`);
  const wrapper = tbs.enter("extensions", contextConstructed(3));
  const list = wrapper.enter("list");
  wrapper.finish();
  if (list.done) throw invalid("its list of extensions is empty");
  const extensions = readExtensionList(list);
  if (extensions === undefined) throw invalid("an extension comes twice");
  return extensions;
}

/**
 * Reads Extensions to the end of the reader.
 * @returns undefined where one comes twice (RFC 5280, 4.2 forbids it).
 */
export function readExtensionList(list: DerReader): Map<string, Extension> | undefined {
  const extensions = new Map<string, Extension>();
  while (!list.done) {
    const reader = list.enter("extension");
    const oid = decodeOid(reader.read("extnID", TAG.oid));
    const flag = reader.readOptional("critical", TAG.boolean);
    const critical = flag === undefined ? false : decodeBoolean(flag);
    const value = reader.read("extnValue", TAG.octetString).content;
    reader.finish();
    if (extensions.has(oid)) return undefined;
    extensions.set(oid, { oid, critical, value });
  }
  return extensions;
}

function invalid(state: string): LocalTlsError {
  return new LocalTlsError("CERTIFICATE_INVALID", `Cannot read the certificate: ${state}`);
}
