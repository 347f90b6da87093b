/**
 * Issuing certificates for servers and clients of TLS (profile: facts/certificate-profiles.md).
 *
 * @module
 */

import { type Bytes, concatBytes, toHex } from "../bytes.ts";
import { OID } from "../der/oids.ts";
import { encodePem } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
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
import type { KeyType } from "../x509/key_algorithms.ts";
import type { KeyUsage } from "../x509/key_usage.ts";
import { EMPTY_NAME, encodeName } from "../x509/name.ts";
import { randomSerialNumber, SERIAL_OCTETS } from "../x509/serial_number.ts";
import type { Authority } from "./authority.ts";
import { checkPermitted, checkWildcard } from "./permitted.ts";
import { MAX_NAMES } from "./profiles.ts";
import type { RequestedName } from "./requested_name.ts";
import { subjectKey, type SubjectKeyOptions } from "./subject_key.ts";
import type { CertificateUsage, SubjectName } from "./subject_name.ts";
import { chooseValidity, type ValidityOptions } from "./validity.ts";

/** What to issue to a server. */
export interface IssueOptions {
  /** 1 to 1,000; repetitions are dropped. */
  readonly names: readonly RequestedName[];
  readonly now: Date;
  /** 1 to 825. Default 397. */
  readonly days?: number;
  /** Default p256. */
  readonly keyType?: KeyType;
}

/** What to issue. */
export interface CertificateOptions extends ValidityOptions, SubjectKeyOptions {
  /** 1 to 1,000; repetitions are dropped. */
  readonly names: readonly SubjectName[];
  readonly usages: CertificateUsage;
  /** 1 to 64 characters. Default: an empty subject. */
  readonly commonName?: string | undefined;
}

/** A certificate, and its key where it was made here. */
export interface IssuedCertificate {
  /** Read from what was made when it is first asked for: who issues many seldom asks. */
  readonly certificate: Certificate;
  /** Fingerprint of the certificate, computed when it is asked for. */
  sha256(): Promise<string>;
  /** Hexadecimal, lower case. */
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** It ends sooner than asked for, with its CA. */
  readonly shortened: boolean;
  /** "p256", "rsa2048"; a request may have an RSA key of another size: "rsa2560". */
  readonly keyType: string;
  /** Canonical, without repetitions, in the order given. */
  readonly names: readonly string[];
  /** Certificate and issuer. The root is not part of it: clients that trust it have it (RFC 8446, 4.4.2). */
  readonly fullchainPem: string;
  /** PKCS#8; absent where the certificate answers a request. Secret. */
  readonly keyPem?: string;
}

/** A certificate whose key was made here. */
export interface IssuedWithKey extends IssuedCertificate {
  readonly keyPem: string;
}

/** The key purposes of each usage (RFC 5280, 4.2.1.12). */
export const PURPOSES: Readonly<Record<CertificateUsage, readonly string[]>> = {
  server: [OID.serverAuth],
  client: [OID.clientAuth],
  both: [OID.serverAuth, OID.clientAuth],
};

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
): Promise<IssuedWithKey> {
  for (const name of options.names) {
    checkPermitted(name, authority.permitted);
    if (name.type === "dns" && name.wildcard) await checkWildcard(name);
  }
  return await issueUnchecked(authority, options);
}

/**
 * As {@link issueServerCertificate}, for any name: what somebody could do who stole the issuer's key. Tests play
 * the thief with it, and show that clients refuse the result.
 */
export async function issueUnchecked(
  authority: Authority,
  options: IssueOptions,
): Promise<IssuedWithKey> {
  const issued = await build(authority, { ...options, usages: "server" });
  return issued as IssuedWithKey; // a new key is always here
}

/**
 * Issues a certificate for servers, clients or both: with a new key, with one that is kept, or for the public key of a
 * request.
 *
 * Throws as {@link issueServerCertificate} does, and NAME_INVALID for names of clients in a server's
 * certificate, KEY_INVALID and DER_INVALID for a key that was given.
 */
export async function issueCertificate(
  authority: Authority,
  options: CertificateOptions,
): Promise<IssuedCertificate> {
  const { names, usages } = options;
  for (const name of names) {
    if (name.type === "dns" || name.type === "ip") {
      checkPermitted(name, authority.permitted);
      if (name.type === "dns" && name.wildcard) await checkWildcard(name);
    } else if (usages === "server") {
      const message = `Cannot issue for "${name.value}": it is no name of a server`;
      throw new LocalTlsError("NAME_INVALID", message);
    }
  }
  return await build(authority, options);
}

async function build(
  authority: Authority,
  options: CertificateOptions,
): Promise<IssuedCertificate> {
  const names = uniqueNames(options.names);
  const { notBefore, notAfter, shortened } = chooseValidity(authority, options);
  const key = await subjectKey(options);
  const subjectKeyId = await keyIdentifier(key.publicKeyBits);
  const { commonName, usages } = options;
  // Servers have no subject: every client reads the alternative names alone (RFC 9525).
  const subject = commonName === undefined
    ? EMPTY_NAME
    : encodeName([[OID.commonName, commonName]]);
  const alternatives = names.filter((name) => name.type !== "user");
  if (alternatives.length === 0 && commonName === undefined) {
    throw new LocalTlsError("NAME_INVALID", "Cannot issue a certificate: it would have no name");
  }
  const serialTlv = randomSerialNumber();
  const der = await buildCertificate({
    serialTlv,
    issuer: authority.issuer.subject,
    notBefore,
    notAfter,
    subject,
    spki: key.spki,
    extensions: [
      fixedExtensions(authority, key.usages, usages),
      encodeSubjectKeyIdentifier(subjectKeyId),
      // Critical with an empty subject (RFC 5280, 4.2.1.6): else Chromium and Java refuse.
      ...(alternatives.length === 0
        ? []
        : [encodeSubjectAltName(alternatives, commonName === undefined)]),
    ],
  }, authority.issuerKey);
  let certificate: Certificate | undefined;
  return {
    get certificate() {
      return certificate ??= parseCertificate(der);
    },
    sha256: () => sha256Hex(der),
    serial: toHex(serialTlv.subarray(serialTlv.length - SERIAL_OCTETS)),
    notBefore,
    notAfter,
    shortened,
    keyType: key.keyType,
    names: names.map(({ value }) => value),
    fullchainPem: encodePem("CERTIFICATE", der) + authority.issuerPem,
    ...(key.pkcs8 === undefined ? {} : { keyPem: encodePem("PRIVATE KEY", key.pkcs8) }),
  };
}

const fixed = new WeakMap<Authority, Map<string, Bytes>>();

/** What all certificates of a CA, a kind of key and a usage have in common, encoded once. */
function fixedExtensions(
  authority: Authority,
  keyUsages: readonly KeyUsage[],
  usages: CertificateUsage,
): Bytes {
  let known = fixed.get(authority);
  if (known === undefined) fixed.set(authority, known = new Map());
  const kind = `${usages} ${keyUsages.join()}`;
  let extensions = known.get(kind);
  if (extensions === undefined) {
    extensions = concatBytes([
      encodeBasicConstraints(false),
      encodeKeyUsage(keyUsages),
      encodeExtKeyUsage(PURPOSES[usages]),
      encodeAuthorityKeyIdentifier(authority.issuerKeyId),
    ]);
    known.set(kind, extensions);
  }
  return extensions;
}

function uniqueNames(names: readonly SubjectName[]): SubjectName[] {
  const unique = names.length === 1 ? [...names] : [
    ...new Map(names.map((name) => [`${name.type}:${name.value}`, name])).values(),
  ];
  if (unique.length === 0) {
    throw new LocalTlsError("NAME_INVALID", "Cannot issue a certificate: no name is given");
  }
  checkNameCount(unique.length);
  return unique;
}

/** Throws NAME_INVALID for more names than one certificate can have. */
export function checkNameCount(count: number): void {
  if (count <= MAX_NAMES) return;
  throw new LocalTlsError(
    "NAME_INVALID",
    `Cannot issue a certificate: ${count} names are more than ${MAX_NAMES}, which not every client accepts`,
    { hints: ["Spread the names over several certificates, or use a wildcard"] },
  );
}
