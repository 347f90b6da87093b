/**
 * Issuing server certificates (profile: facts/certificate-profiles.md).
 *
 * @module
 */

import { type Bytes, toHex } from "../bytes.ts";
import { OID } from "../der/oids.ts";
import { encodePem } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
import { parsePublicKeyInfo } from "../x509/algorithm_identifier.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { buildCertificate } from "../x509/certificate_builder.ts";
import {
  encodeAuthorityKeyIdentifier,
  encodeBasicConstraints,
  encodeExtKeyUsage,
  encodeKeyUsage,
  encodeSubjectAltName,
  encodeSubjectKeyIdentifier,
} from "../x509/extensions.ts";
import { sha256Hex } from "../x509/fingerprint.ts";
import { keyIdentifier } from "../x509/key_identifier.ts";
import {
  exportPkcs8,
  exportSpki,
  generateKey,
  KEY_ALGORITHMS,
  type KeyType,
} from "../x509/keys.ts";
import { EMPTY_NAME } from "../x509/name.ts";
import { randomSerialNumber } from "../x509/serial_number.ts";
import type { Authority } from "./authority.ts";
import { checkPermitted } from "./permitted.ts";
import {
  BACKDATE_MS,
  DAY_MS,
  DEFAULT_DAYS,
  MAX_DAYS,
  MAX_NAMES,
  wholeSeconds,
} from "./profiles.ts";
import type { RequestedName } from "./requested_name.ts";

/** What to issue. */
export interface IssueOptions {
  /** 1 to 1,000; repetitions are dropped. */
  readonly names: readonly RequestedName[];
  readonly now: Date;
  /** 1 to 825. Default 397. */
  readonly days?: number;
  /** Default p256. */
  readonly keyType?: KeyType;
}

/** A certificate and its key. */
export interface IssuedCertificate {
  readonly certificate: Certificate;
  /** Fingerprint of the certificate. */
  readonly sha256: string;
  /** Hexadecimal, lower case. */
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly keyType: KeyType;
  /** Canonical, without repetitions, in the order given. */
  readonly names: readonly string[];
  /** Certificate and issuer. The root is not part of it: clients that trust it have it (RFC 8446, 4.4.2). */
  readonly fullchainPem: string;
  /** PKCS#8. Secret. */
  readonly keyPem: string;
}

/**
 * Issues a server certificate with a new key.
 *
 * Throws NAME_INVALID (no name, or more than 1,000), NAME_NOT_PERMITTED, CA_EXPIRED (also for a CA that is
 * not valid yet, which is a clock that was set back), USAGE (days).
 *
 * An opened authority can issue any number; calls may run at once, and should where many are wanted: WebCrypto
 * then works beside this thread.
 *
 * @example
 * ```ts
 * import { equal, rejects } from "node:assert/strict";
 * import { openAuthority } from "./authority.ts";
 * import { createHierarchy } from "./hierarchy.ts";
 * import { issueServerCertificate } from "./issue.ts";
 * import { parseRequestedName } from "./requested_name.ts";
 *
 * const now = new Date();
 * const permitted = { any: false, domains: ["localhost", "test"] } as const;
 * const authority = await openAuthority(
 *   await createHierarchy({ description: "ann@laptop", permitted, now }),
 * );
 * const names = [parseRequestedName("localhost").name, parseRequestedName("::1").name];
 * const issued = await issueServerCertificate(authority, { names, now });
 * equal(issued.fullchainPem.match(/BEGIN CERTIFICATE/g)?.length, 2);
 *
 * const stolen = [parseRequestedName("google.com").name];
 * await rejects(issueServerCertificate(authority, { names: stolen, now }), { code: "NAME_NOT_PERMITTED" });
 * ```
 */
export async function issueServerCertificate(
  authority: Authority,
  options: IssueOptions,
): Promise<IssuedCertificate> {
  for (const name of options.names) checkPermitted(name, authority.permitted);
  return await issueUnchecked(authority, options);
}

/**
 * As {@link issueServerCertificate}, for any name: what somebody could do who stole the issuer's key. Tests play
 * the thief with it, and show that clients refuse the result.
 */
export async function issueUnchecked(
  authority: Authority,
  options: IssueOptions,
): Promise<IssuedCertificate> {
  const names = uniqueNames(options.names);
  const { notBefore, notAfter } = validity(authority, options);
  const { keyType = "p256" } = options;
  const pair = await generateKey(keyType, true);
  const [pkcs8, spki] = await Promise.all([
    exportPkcs8(pair.privateKey),
    exportSpki(pair.publicKey),
  ]);
  const subjectKeyId = await keyIdentifier(parsePublicKeyInfo(spki).bits);
  const der: Bytes = await buildCertificate({
    serialTlv: randomSerialNumber(),
    issuer: authority.issuer.subject,
    notBefore,
    notAfter,
    subject: EMPTY_NAME, // every client reads the alternative names alone (RFC 9525)
    spki,
    extensions: [
      encodeBasicConstraints(false),
      encodeKeyUsage(KEY_ALGORITHMS[keyType].tlsKeyUsage),
      encodeExtKeyUsage([OID.serverAuth]),
      encodeSubjectKeyIdentifier(subjectKeyId),
      encodeAuthorityKeyIdentifier(authority.issuerKeyId),
      encodeSubjectAltName(names, true), // critical with an empty subject: else Chromium and Java refuse
    ],
  }, authority.issuerKey);
  const certificate = parseCertificate(der);
  return {
    certificate,
    sha256: await sha256Hex(der),
    serial: toHex(certificate.serialNumber),
    notBefore,
    notAfter,
    keyType,
    names: names.map(({ value }) => value),
    fullchainPem: encodePem("CERTIFICATE", der) + authority.issuerPem,
    keyPem: encodePem("PRIVATE KEY", pkcs8),
  };
}

function uniqueNames(names: readonly RequestedName[]): RequestedName[] {
  const unique = [...new Map(names.map((name) => [`${name.type}:${name.value}`, name])).values()];
  if (unique.length === 0) {
    throw new LocalTlsError("NAME_INVALID", "Cannot issue a certificate: no name is given");
  }
  if (unique.length > MAX_NAMES) {
    throw new LocalTlsError(
      "NAME_INVALID",
      `Cannot issue a certificate: ${unique.length} names are more than ${MAX_NAMES}, which not every client accepts`,
      { hints: ["Spread the names over several certificates, or use a wildcard"] },
    );
  }
  return unique;
}

/**
 * From an hour back, to the days asked for, and within the CA's own life on both sides: outside it the certificate is
 * good for nobody (RFC 5280, 6.1.3 checks every date of the path), and a date that says otherwise only misleads.
 */
function validity(
  authority: Authority,
  options: IssueOptions,
): { notBefore: Date; notAfter: Date } {
  const { now, days = DEFAULT_DAYS } = options;
  if (!Number.isInteger(days) || days < 1 || days > MAX_DAYS) {
    throw new LocalTlsError(
      "USAGE",
      `Cannot issue for ${days} days: it must be a whole number from 1 to ${MAX_DAYS} (Apple refuses longer)`,
      { hints: [`--days ${days > MAX_DAYS ? MAX_DAYS : DEFAULT_DAYS}`] },
    );
  }
  const start = Math.max(authority.root.notBefore.getTime(), authority.issuer.notBefore.getTime());
  const end = authority.notAfter.getTime();
  if (now.getTime() < start) {
    throw new LocalTlsError(
      "CA_EXPIRED",
      `Cannot issue: the CA is valid from ${
        new Date(start).toISOString()
      }, and now is ${now.toISOString()}`,
      { hints: ["Check this machine's clock: date"] },
    );
  }
  if (now.getTime() > end) {
    throw new LocalTlsError(
      "CA_EXPIRED",
      `Cannot issue: the CA ended on ${
        new Date(end).toISOString()
      }, and now is ${now.toISOString()}`,
      { hints: ["Check this machine's clock: date"] },
    );
  }
  const notBefore = wholeSeconds(Math.max(now.getTime() - BACKDATE_MS, start));
  // Both ends belong to the validity (RFC 5280, 4.1.2.5), so the last second is taken off.
  const notAfter = wholeSeconds(Math.min(notBefore.getTime() + days * DAY_MS - 1000, end));
  return { notBefore, notAfter };
}
