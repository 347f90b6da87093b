/**
 * What every profile asks of a certificate in a path, and of one that issues others (RFC 5280, 6.1.3 and 6.1.4).
 *
 * @module
 */

import { OID, oidName } from "../../der/oids.ts";
import type { PathQuery } from "./options.ts";
import type { PathCertificate } from "./path_certificate.ts";
import { keyFault } from "./public_key.ts";
import { type Fault, fault, type PathRole } from "./reason.ts";
import { signatureAlgorithmFault } from "./signature_check.ts";

/** Extensions that are processed, and so may be critical (RFC 5280, 4.2). The others in the table of OIDs are not. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  OID.keyUsage,
  OID.subjectAltName,
  OID.basicConstraints,
  OID.nameConstraints,
  OID.certificatePolicies,
  OID.policyMappings,
  OID.policyConstraints,
  OID.extKeyUsage,
  OID.inhibitAnyPolicy,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
]);

/** What is wrong with any certificate by itself, at the time of the query. */
export function* commonFaults(
  read: PathCertificate,
  role: PathRole,
  query: PathQuery,
): Generator<Fault> {
  const { certificate } = read;
  for (const { oid, critical } of certificate.extensions.values()) {
    if (!critical || UNDERSTOOD.has(oid)) continue;
    const name = oidName(oid);
    const state = `it has the critical extension ${name}, which is not processed`;
    yield fault("CRITICAL_EXTENSION_UNKNOWN", `extensions.${name}`, "RFC 5280, 4.2", state);
  }
  const key = keyFault(read.key);
  if (key !== undefined) yield key;
  // Nothing rests on an anchor's own signature.
  const algorithm = role === "anchor" ? undefined : signatureAlgorithmFault(certificate);
  if (algorithm !== undefined) yield algorithm;
  const validity = validityFault(read, query.time);
  if (validity !== undefined) yield validity;
  if (read.issuerKey === "") {
    yield fault("ISSUER_EMPTY", "issuer", "RFC 5280, 4.1.2.4", "its issuer has no name");
  }
}

/** RFC 5280, 4.1.2.5: both ends are inside, and a second lasts until the next. */
function validityFault({ certificate }: PathCertificate, time: number): Fault | undefined {
  const { notBefore, notAfter } = certificate;
  if (time < notBefore.getTime()) {
    const state = `it is not valid before ${notBefore.toISOString()}`;
    return fault("NOT_YET_VALID", "validity.notBefore", "RFC 5280, 4.1.2.5", state);
  }
  if (time >= notAfter.getTime() + 1000) {
    const state = `it expired on ${notAfter.toISOString()}`;
    return fault("EXPIRED", "validity.notAfter", "RFC 5280, 4.1.2.5", state);
  }
  return undefined;
}

/**
 * What is wrong with a certificate as an issuer.
 * @param below Intermediates between it and the leaf that count for path lengths: those not self-issued.
 */
export function* issuerFaults(
  read: PathCertificate,
  below: number,
  query: PathQuery,
): Generator<Fault> {
  const { basicConstraints, keyUsage, extKeyUsage } = read;
  if (basicConstraints?.ca !== true) {
    const state = "it issued a certificate and is no CA";
    yield fault("NOT_A_CA", "extensions.basicConstraints", "RFC 5280, 6.1.4 (k)", state);
  }
  if (keyUsage !== undefined && !keyUsage.has("keyCertSign")) {
    const state = "it issued a certificate, and its key usage leaves keyCertSign out";
    yield fault("KEY_USAGE_MISSING", "extensions.keyUsage", "RFC 5280, 6.1.4 (n)", state);
  }
  if (basicConstraints?.pathLength !== undefined && below > basicConstraints.pathLength) {
    const state = `it allows ${basicConstraints.pathLength} CAs below it, and there are ${below}`;
    const field = "extensions.basicConstraints.pathLenConstraint";
    yield fault("PATH_LENGTH_EXCEEDED", field, "RFC 5280, 6.1.4 (l) and (m)", state);
  }
  // Not in RFC 5280, 6.1; every TLS client that was measured nests key purposes, and the BR, 7.1.2.10.6 rest on it.
  if (extKeyUsage !== undefined && !allowsPurpose(extKeyUsage, query, true)) {
    const state = `it may not issue for ${query.purpose}s`;
    yield fault("PURPOSE_NOT_ALLOWED", "extensions.extKeyUsage", "BR, 7.1.2.10.6", state);
  }
  if (read.subjectRdns.length === 0) {
    yield fault("SUBJECT_EMPTY", "subject", "RFC 5280, 4.1.2.6", "it is a CA without a name");
  }
}

/** Whether key purposes hold the one that is asked for (RFC 5280, 4.2.1.12). */
export function allowsPurpose(
  purposes: readonly string[],
  { purpose }: PathQuery,
  anyCounts: boolean,
): boolean {
  const wanted = purpose === "server" ? OID.serverAuth : OID.clientAuth;
  return purposes.includes(wanted) || (anyCounts && purposes.includes(OID.anyExtendedKeyUsage));
}
