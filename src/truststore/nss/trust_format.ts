/**
 * The two ways in which NSS writes down what a certificate is trusted for.
 *
 * @module
 */

import { type Bytes, equalBytes, toHex } from "../../bytes.ts";
import {
  ATTRIBUTE,
  columnOf,
  FALSE,
  NSS_TRUST,
  OBJECT_CLASS,
  SHA256_MECHANISM,
  TRUST,
  ulong,
} from "./attributes.ts";

/** CKO_TRUST is that of NSS 3.114 and later. */
export type TrustFormat = "CKO_TRUST" | "CKO_NSS_TRUST";

/**
 * delegator: a CA whose server certificates are accepted (C in certutil's words). peer: a server's
 * certificate that is accepted as itself and may issue nothing (P).
 */
export type TrustLevel = "delegator" | "peer";

/** Digests of the certificate's DER, by which a trust row names it. */
export interface CertificateDigests {
  readonly md5: Bytes;
  readonly sha1: Bytes;
  readonly sha256: Bytes;
}

/** Attribute types and their values. */
export type AttributeValues = ReadonlyMap<number, Bytes>;

interface FormatDefinition {
  readonly objectClass: number;
  /** What decides about TLS servers. */
  readonly serverAuth: number;
  /** Attributes that name the certificate. */
  readonly digests: readonly number[];
  /** What is written. Every one of these attributes is signed. */
  values(digests: CertificateDigests, level: TrustLevel): AttributeValues;
}

/** Server authentication alone is granted; for all other purposes NSS is to look for another anchor. */
export const TRUST_FORMATS: Readonly<Record<TrustFormat, FormatDefinition>> = {
  CKO_TRUST: {
    objectClass: OBJECT_CLASS.trust,
    serverAuth: ATTRIBUTE.trustServerAuth,
    digests: [ATTRIBUTE.nameHashAlgorithm, ATTRIBUTE.hashOfCertificate],
    values: (digests, level) =>
      new Map([
        [ATTRIBUTE.nameHashAlgorithm, ulong(SHA256_MECHANISM)],
        [ATTRIBUTE.hashOfCertificate, digests.sha256],
        [ATTRIBUTE.trustServerAuth, ulong(level === "peer" ? TRUST.trusted : TRUST.trustAnchor)],
        [ATTRIBUTE.trustClientAuth, ulong(TRUST.mustVerify)],
        [ATTRIBUTE.trustCodeSigning, ulong(TRUST.mustVerify)],
        [ATTRIBUTE.trustEmailProtection, ulong(TRUST.mustVerify)],
      ]),
  },
  CKO_NSS_TRUST: {
    objectClass: OBJECT_CLASS.nssTrust,
    serverAuth: ATTRIBUTE.nssTrustServerAuth,
    digests: [ATTRIBUTE.nssCertSha1Hash, ATTRIBUTE.nssCertMd5Hash],
    values: (digests, level) =>
      new Map([
        [ATTRIBUTE.nssCertSha1Hash, digests.sha1],
        [ATTRIBUTE.nssCertMd5Hash, digests.md5],
        [
          ATTRIBUTE.nssTrustServerAuth,
          ulong(level === "peer" ? NSS_TRUST.trusted : NSS_TRUST.trustedDelegator),
        ],
        [
          ATTRIBUTE.nssTrustClientAuth,
          // As NSS: a CA for servers is a valid one for clients, without being trusted for them.
          ulong(level === "peer" ? NSS_TRUST.mustVerify : NSS_TRUST.validDelegator),
        ],
        [ATTRIBUTE.nssTrustCodeSigning, ulong(NSS_TRUST.mustVerify)],
        [ATTRIBUTE.nssTrustEmailProtection, ulong(NSS_TRUST.mustVerify)],
        [ATTRIBUTE.nssTrustStepUpApproved, FALSE],
      ]),
  },
};

/** What {@link judgeValues} finds. */
export type Judgement = "trusted" | "distrusted" | "not-trusted" | "other-certificate";

/**
 * Judges a trust row by what decides about servers. What a user grants beyond it (e-mail, client
 * certificates) is the user's own, and no reason to write the row anew.
 */
export function judgeValues(
  format: TrustFormat,
  found: AttributeValues,
  wanted: AttributeValues,
): Judgement {
  const { digests, serverAuth } = TRUST_FORMATS[format];
  const equal = (type: number) => {
    const [a, b] = [found.get(type), wanted.get(type)];
    return a !== undefined && b !== undefined && equalBytes(a, b);
  };
  if (!digests.every(equal)) return "other-certificate";
  if (equal(serverAuth)) return "trusted";
  const value = toHex(found.get(serverAuth) ?? new Uint8Array());
  const distrust = format === "CKO_TRUST" ? TRUST.notTrusted : NSS_TRUST.notTrusted;
  return value === toHex(ulong(distrust)) ? "distrusted" : "not-trusted";
}

/**
 * The format that the database's users read: once NSS 3.114 or later has opened it for writing, the
 * columns of CKO_TRUST are there and rows of the old format are a mere fallback.
 * @param columns Column names of nssPublic.
 */
export function formatInForce(columns: ReadonlySet<string>): TrustFormat {
  return columns.has(columnOf(ATTRIBUTE.trustServerAuth)) ? "CKO_TRUST" : "CKO_NSS_TRUST";
}
