/**
 * A certificate with everything that path validation reads in it, read once.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../../bytes.ts";
import { DerReader } from "../../der/decode.ts";
import { TAG } from "../../der/tags.ts";
import { LocalTlsError } from "../../errors.ts";
import { type Certificate, parseCertificate } from "../../x509/certificate.ts";
import {
  type BasicConstraints,
  type KeyUsage,
  type NameConstraints,
  readBasicConstraints,
  readExtKeyUsage,
  readKeyIdentifiers,
  readKeyUsage,
  readNameConstraints,
  readSubjectAltNames,
} from "../../x509/extensions.ts";
import type { GeneralName } from "../../x509/general_name.ts";
import { canonicalKey, canonicalRdns } from "./canonical_name.ts";
import { type ConstraintSet, readConstraintSet } from "./constraint_set.ts";
import {
  type AuthorityKeyIdentifier,
  checkAuthorityInfoAccess,
  type PolicyConstraints,
  type PolicyMapping,
  readAuthorityKeyIdentifier,
  readCertificatePolicies,
  readInhibitAnyPolicy,
  readPolicyConstraints,
  readPolicyMappings,
} from "./more_extensions.ts";
import { type Fault, fault } from "./reason.ts";
import { type PathKey, readPathKey } from "./public_key.ts";

/** A certificate, read. */
export interface PathCertificate {
  readonly certificate: Certificate;
  /** Comparable forms of the two names (RFC 5280, 7.1). */
  readonly subjectRdns: readonly string[];
  readonly subjectKey: string;
  readonly issuerKey: string;
  /** Subject and issuer are the same name, by comparison (RFC 5280, 6.1). */
  readonly selfIssued: boolean;
  readonly basicConstraints: BasicConstraints | undefined;
  readonly keyUsage: ReadonlySet<KeyUsage> | undefined;
  readonly extKeyUsage: readonly string[] | undefined;
  readonly subjectAltNames: readonly GeneralName[] | undefined;
  readonly nameConstraints: ConstraintSet | undefined;
  readonly subjectKeyIdentifier: Bytes | undefined;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined;
  readonly policies: readonly string[] | undefined;
  readonly policyMappings: readonly PolicyMapping[] | undefined;
  readonly policyConstraints: PolicyConstraints | undefined;
  readonly inhibitAnyPolicy: number | undefined;
  readonly key: PathKey;
  /** Whether a time from 1950 to 2049 is a GeneralizedTime (RFC 5280, 4.1.2.5 wants a UTCTime). */
  readonly earlyGeneralizedTime: boolean;
  /** Whether the signature is that of a key, for the keys tried: it depends on the octets of the two alone. */
  readonly signedWith: WeakMap<PathKey, boolean>;
}

/** Certificates kept: issuers come back with every leaf, and a machine has 150 anchors. */
const CACHE_SIZE = 512;

/** Octets of a certificate that is kept: what holds a thousand names comes once. */
const MAX_CACHED_LENGTH = 8192;

/** Least recently used first. The key is a hash; the octets decide. */
const cache = new Map<number, PathCertificate>();

/**
 * Reads a certificate, or takes it from the cache, where each was copied when it was read.
 * @returns A fault where it is malformed; nothing is thrown.
 */
export function readPathCertificate(der: Bytes): PathCertificate | Fault {
  const key = der.length > MAX_CACHED_LENGTH ? undefined : hash(der);
  const known = key === undefined ? undefined : cache.get(key);
  if (key !== undefined && known !== undefined && equalBytes(known.certificate.der, der)) {
    cache.delete(key);
    cache.set(key, known);
    return known;
  }
  try {
    const read = parse(der);
    if (key !== undefined) remember(key, read);
    return read;
  } catch (error) {
    if (error instanceof LocalTlsError) return malformed(error);
    throw error;
  }
}

/** The subject of a certificate whose extensions or key are malformed; undefined where that cannot be read either. */
export function readBrokenSubject(
  der: Bytes,
): { readonly subject: Bytes; readonly subjectKey: string } | undefined {
  try {
    const { subject } = parseCertificate(der);
    return { subject, subjectKey: canonicalKey(canonicalRdns(subject)) };
  } catch (error) {
    if (error instanceof LocalTlsError) return undefined;
    throw error;
  }
}

/** Whether reading went wrong. */
export function isFault(read: PathCertificate | Fault): read is Fault {
  return "code" in read;
}

function remember(key: number, read: PathCertificate): void {
  cache.set(key, read);
  if (cache.size <= CACHE_SIZE) return;
  for (const oldest of cache.keys()) {
    cache.delete(oldest);
    break;
  }
}

/** Octets from the end that tell certificates apart: they are of the signature. */
const HASHED_LENGTH = 32;

/** FNV-1a. Whoever makes two certificates meet in it has their certificates read more often, nothing else. */
function hash(der: Uint8Array): number {
  let value = 0x811c9dc5 ^ der.length;
  for (let i = Math.max(0, der.length - HASHED_LENGTH); i < der.length; i++) {
    value = Math.imul(value ^ der[i]!, 0x01000193);
  }
  return value;
}

function parse(der: Bytes): PathCertificate {
  const certificate = parseCertificate(der);
  const subjectRdns = canonicalRdns(certificate.subject);
  const subjectKey = canonicalKey(subjectRdns);
  const issuerKey = equalBytes(certificate.subject, certificate.issuer)
    ? subjectKey
    : canonicalKey(canonicalRdns(certificate.issuer));
  checkAuthorityInfoAccess(certificate);
  const constraints: NameConstraints | undefined = readNameConstraints(certificate);
  return {
    certificate,
    subjectRdns,
    subjectKey,
    issuerKey,
    selfIssued: subjectKey === issuerKey,
    basicConstraints: readBasicConstraints(certificate),
    keyUsage: readKeyUsage(certificate),
    extKeyUsage: readExtKeyUsage(certificate),
    subjectAltNames: readSubjectAltNames(certificate),
    nameConstraints: constraints && readConstraintSet(constraints),
    subjectKeyIdentifier: readKeyIdentifiers(certificate).subject,
    authorityKeyIdentifier: readAuthorityKeyIdentifier(certificate),
    policies: readCertificatePolicies(certificate),
    policyMappings: readPolicyMappings(certificate),
    policyConstraints: readPolicyConstraints(certificate),
    inhibitAnyPolicy: readInhibitAnyPolicy(certificate),
    key: readPathKey(certificate),
    earlyGeneralizedTime: hasEarlyGeneralizedTime(certificate),
    signedWith: new WeakMap(),
  };
}

function hasEarlyGeneralizedTime({ tbs, version, notBefore, notAfter }: Certificate): boolean {
  const reader = new DerReader(tbs, "certificate").enter("tbsCertificate");
  for (let fields = version === 1 ? 3 : 4; fields > 0; fields--) reader.read("field");
  const validity = reader.enter("validity");
  return [notBefore, notAfter].some((time) => {
    const { tag } = validity.read("time");
    const year = time.getUTCFullYear();
    return tag === TAG.generalizedTime && year >= 1950 && year < 2050;
  });
}

/** The reason for what the readers of DER threw: they name the field in front of the offset. */
function malformed({ message }: LocalTlsError): Fault {
  const [, path = "certificate", state = message] =
    /^Cannot read (\S+) at offset \d+: (.*)$/s.exec(message) ?? [];
  const field = path.replace(/^DER\./, "").replace(/^certificate\.(?:tbsCertificate\.)?/, "");
  if (field === "serialNumber") {
    return fault("SERIAL_NUMBER_INVALID", field, "RFC 5280, 4.1.2.2", state);
  }
  const plain = message.replace(/^Cannot read the certificate: /, "");
  if (/^version \d+ is unknown$|^version 1 is written out$/.test(plain)) {
    return fault("VERSION_UNSUPPORTED", "version", "RFC 5280, 4.1.2.1", plain);
  }
  return fault("MALFORMED", field, "RFC 5280, 4", plain);
}
