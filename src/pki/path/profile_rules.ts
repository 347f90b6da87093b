/**
 * What RFC 5280, 4 and the CA/Browser Forum's Baseline Requirements ask of each certificate beyond what validation
 * rests on. Not in profile "path": many private CAs break one of these, and clients differ.
 *
 * @module
 */

import { equalBytes } from "../../bytes.ts";
import { OID, oidName } from "../../der/oids.ts";
import type { PathQuery } from "./options.ts";
import type { PathCertificate } from "./path_certificate.ts";
import { type Fault, fault, type PathRole } from "./reason.ts";

/** Extensions that are never critical, and where it says so. */
const NEVER_CRITICAL: Readonly<Record<string, string>> = {
  [OID.authorityKeyIdentifier]: "RFC 5280, 4.2.1.1",
  [OID.subjectKeyIdentifier]: "RFC 5280, 4.2.1.2",
};

/** Extensions that always are. Name constraints are not among them: BR, 7.1.2.5.2 makes an exception from RFC 5280. */
const ALWAYS_CRITICAL: Readonly<Record<string, string>> = {
  [OID.policyConstraints]: "RFC 5280, 4.2.1.11",
  [OID.inhibitAnyPolicy]: "RFC 5280, 4.2.1.14",
};

/** What is wrong with the form of a certificate. */
export function* profileFaults(
  read: PathCertificate,
  role: PathRole,
  { profile }: PathQuery,
): Generator<Fault> {
  if (profile === "path") return;
  const { certificate, key } = read;
  if (certificate.version !== 3) {
    const state = `it is of version ${certificate.version}`;
    yield fault("VERSION_UNSUPPORTED", "version", "BR, 7.1.1", state);
  }
  // Nothing rests on how an anchor writes its dates, and one that is in every store writes them so.
  if (role !== "anchor" && read.earlyGeneralizedTime) {
    const state = "a GeneralizedTime is for a year before 2050";
    yield fault("TIME_ENCODING_INVALID", "validity", "RFC 5280, 4.1.2.5", state);
  }
  if (key.type === "ed25519") {
    const state = "its key is Ed25519, which browsers do not take";
    yield fault("KEY_UNSUPPORTED", "subjectPublicKeyInfo", "BR, 7.1.3.1", state);
  }
  if (key.type === "rsa" && key.modulusBits % 8 !== 0) {
    const state = `its RSA key has ${key.modulusBits} bits, which 8 does not divide`;
    yield fault("KEY_UNSUPPORTED", "subjectPublicKeyInfo", "BR, 6.1.5", state);
  }
  yield* criticalityFaults(read, role);
  if (role !== "leaf") yield* caFaults(read, role);
  yield* authorityKeyFaults(read, role);
}

function* criticalityFaults({ certificate }: PathCertificate, role: PathRole): Generator<Fault> {
  const wrong = (oid: string, rule: string, state: string) =>
    fault("EXTENSION_CRITICALITY", `extensions.${oidName(oid)}`, rule, `${oidName(oid)} ${state}`);
  for (const { oid, critical } of certificate.extensions.values()) {
    const never = NEVER_CRITICAL[oid];
    if (critical && never !== undefined) yield wrong(oid, never, "is critical");
    const always = ALWAYS_CRITICAL[oid];
    if (!critical && always !== undefined) yield wrong(oid, always, "is not critical");
    if (!critical && oid === OID.basicConstraints && role !== "leaf") {
      yield wrong(oid, "RFC 5280, 4.2.1.9", "is not critical");
    }
  }
}

function* caFaults(read: PathCertificate, role: PathRole): Generator<Fault> {
  if (read.subjectKeyIdentifier === undefined) {
    const state = "it is a CA without a subject key identifier";
    const field = "extensions.subjectKeyIdentifier";
    yield fault("EXTENSION_MISSING", field, "RFC 5280, 4.2.1.2", state);
  }
  // Roots from before RFC 5280 have none, and anchors are chosen by hand.
  if (role === "intermediate" && read.keyUsage === undefined) {
    const state = "it is a CA without a key usage";
    yield fault("EXTENSION_MISSING", "extensions.keyUsage", "RFC 5280, 4.2.1.3", state);
  }
  // An intermediate may be an anchor, and then has what intermediates have.
  if (role === "anchor" && read.selfIssued && read.extKeyUsage !== undefined) {
    const state = "it is a root, and has an extended key usage";
    yield fault("EXTENSION_FORBIDDEN", "extensions.extKeyUsage", "BR, 7.1.2.1.2", state);
  }
}

/** RFC 5280, 4.2.1.1: everything below an anchor that is not self-signed says which key signed it. */
function* authorityKeyFaults(read: PathCertificate, role: PathRole): Generator<Fault> {
  const field = "extensions.authorityKeyIdentifier";
  const authority = read.authorityKeyIdentifier;
  const root = role === "anchor" && read.selfIssued;
  // A cross-certificate that was made an anchor is found by its own name and key, not by its issuer's. A self-signed
  // certificate elsewhere is refused for having no issuer, which says more.
  if (authority === undefined && (role === "anchor" || read.selfIssued)) return;
  if (authority?.keyIdentifier === undefined) {
    const state = "it has no authority key identifier";
    yield fault("EXTENSION_MISSING", field, "RFC 5280, 4.2.1.1", state);
  } else if (
    root && read.subjectKeyIdentifier !== undefined &&
    !equalBytes(authority.keyIdentifier, read.subjectKeyIdentifier)
  ) {
    const state = "it is a root, and its two key identifiers differ";
    yield fault("KEY_IDENTIFIER_MISMATCH", field, "BR, 7.1.2.1.3", state);
  }
  if (root && authority?.namesCertificate) {
    const state = "it is a root, and its authority key identifier names a certificate";
    yield fault("EXTENSION_FORBIDDEN", field, "BR, 7.1.2.1.3", state);
  }
}

/** Whether the key identifiers of a certificate and its issuer contradict each other. */
export function keyIdentifiersDiffer(subject: PathCertificate, issuer: PathCertificate): boolean {
  const wanted = subject.authorityKeyIdentifier?.keyIdentifier;
  const found = issuer.subjectKeyIdentifier;
  return wanted !== undefined && found !== undefined && !equalBytes(wanted, found);
}
