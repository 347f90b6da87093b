/**
 * The extensions that path validation alone reads (RFC 5280, 4.2): policies, and the parts of the authority key
 * identifier. Readers answer undefined where the extension is not there and throw DER_INVALID where it is malformed.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import { decodeOid, decodeSmallInteger, derError, DerReader } from "../../der/decode.ts";
import { OID } from "../../der/oids.ts";
import { context, contextConstructed, TAG } from "../../der/tags.ts";
import type { HasExtensions } from "../../x509/extensions.ts";
import { readGeneralName } from "../../x509/general_name.ts";

/** RFC 5280, 4.2.1.1. */
export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Bytes | undefined;
  /** Whether authorityCertIssuer or authorityCertSerialNumber is there. */
  readonly namesCertificate: boolean;
}

/** RFC 5280, 4.2.1.11: certificates that may follow before the rule holds. */
export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | undefined;
  readonly inhibitPolicyMapping: number | undefined;
}

/** RFC 5280, 4.2.1.5. */
export interface PolicyMapping {
  readonly issuerDomain: string;
  readonly subjectDomain: string;
}

/** Larger than any path. */
const MAX_SKIP = 0x7fffffff;

/** Of a certificate, as many as BoringSSL and the web's CAs could ever need; more only costs time. */
const MAX_POLICIES = 256;

/** Reads one extension's value with a reader at its top, to the end. */
function read<T>(
  certificate: HasExtensions,
  oid: string,
  name: string,
  decode: (reader: DerReader) => T,
): T | undefined {
  const extension = certificate.extensions.get(oid);
  if (extension === undefined) return undefined;
  const outer = new DerReader(extension.value, name);
  const value = decode(outer);
  outer.finish();
  return value;
}

/** RFC 5280, 4.2.1.1. */
export function readAuthorityKeyIdentifier(
  certificate: HasExtensions,
): AuthorityKeyIdentifier | undefined {
  return read(certificate, OID.authorityKeyIdentifier, "authorityKeyIdentifier", (outer) => {
    const reader = outer.enter("value");
    const keyIdentifier = reader.readOptional("keyIdentifier", context(0))?.content;
    const issuer = reader.readOptional("authorityCertIssuer", contextConstructed(1));
    const serial = reader.readOptional("authorityCertSerialNumber", context(2));
    reader.finish();
    return { keyIdentifier, namesCertificate: (issuer ?? serial) !== undefined };
  });
}

/** RFC 5280, 4.2.1.4: the policies, as OIDs. Qualifiers say nothing to programs. */
export function readCertificatePolicies(certificate: HasExtensions): string[] | undefined {
  return read(certificate, OID.certificatePolicies, "certificatePolicies", (outer) => {
    const reader = outer.enter("value");
    const policies = new Set<string>();
    do {
      const element = reader.read("policyInformation", TAG.sequence);
      const information = reader.into(element);
      const policy = decodeOid(information.read("policyIdentifier", TAG.oid));
      if (!information.done) information.read("policyQualifiers", TAG.sequence);
      information.finish();
      if (policies.has(policy)) {
        throw derError(element.field, element.offset, "a policy comes twice");
      }
      policies.add(policy);
      checkCount(policies.size, reader);
    } while (!reader.done);
    return [...policies];
  });
}

/** RFC 5280, 4.2.1.5. anyPolicy may not be mapped. */
export function readPolicyMappings(certificate: HasExtensions): PolicyMapping[] | undefined {
  return read(certificate, OID.policyMappings, "policyMappings", (outer) => {
    const reader = outer.enter("value");
    const mappings: PolicyMapping[] = [];
    do {
      const pair = reader.enter("mapping");
      const issuerDomain = decodeOid(pair.read("issuerDomainPolicy", TAG.oid));
      const subjectDomain = decodeOid(pair.read("subjectDomainPolicy", TAG.oid));
      pair.finish();
      mappings.push({ issuerDomain, subjectDomain });
      checkCount(mappings.length, reader);
    } while (!reader.done);
    return mappings;
  });
}

function checkCount(count: number, reader: DerReader): void {
  if (count <= MAX_POLICIES) return;
  throw derError(reader.field, reader.offset, `more than ${MAX_POLICIES} policies`);
}

/** RFC 5280, 4.2.1.11: never empty. */
export function readPolicyConstraints(certificate: HasExtensions): PolicyConstraints | undefined {
  return read(certificate, OID.policyConstraints, "policyConstraints", (outer) => {
    const reader = outer.enter("value");
    if (reader.done) throw derError(reader.field, reader.offset, "it is empty");
    const explicit = reader.readOptional("requireExplicitPolicy", context(0));
    const mapping = reader.readOptional("inhibitPolicyMapping", context(1));
    reader.finish();
    return {
      requireExplicitPolicy: explicit && decodeSmallInteger(explicit, MAX_SKIP),
      inhibitPolicyMapping: mapping && decodeSmallInteger(mapping, MAX_SKIP),
    };
  });
}

/** RFC 5280, 4.2.1.14. */
export function readInhibitAnyPolicy(certificate: HasExtensions): number | undefined {
  return read(
    certificate,
    OID.inhibitAnyPolicy,
    "inhibitAnyPolicy",
    (outer) => decodeSmallInteger(outer.read("value", TAG.integer), MAX_SKIP),
  );
}

/** RFC 5280, 4.2.2.1: nothing is fetched; it only has to be what it says. */
export function checkAuthorityInfoAccess(certificate: HasExtensions): void {
  read(certificate, OID.authorityInfoAccess, "authorityInfoAccess", (outer) => {
    const reader = outer.enter("value");
    do {
      const description = reader.enter("accessDescription");
      decodeOid(description.read("accessMethod", TAG.oid));
      readGeneralName(description, "accessLocation", [4, 16]);
      description.finish();
    } while (!reader.done);
  });
}
