/**
 * Judging what a CA answered: whether it is for our key, whether its chain holds, whether it has the names that were
 * asked for. Whether anybody trusts that CA is not for us to say.
 *
 * @module
 */

import { equalBytes } from "../../bytes.ts";
import { LocalTlsError } from "../../errors.ts";
import { type Certificate, readCommonName, readSubjectText } from "../../x509/certificate.ts";
import type { CertificationRequest } from "../../x509/certification_request.ts";
import { isCa, readSubjectAltNames, readSubjectAltNameTexts } from "../../x509/extensions.ts";
import { type GeneralName, generalNameText } from "../../x509/general_name.ts";
import { verifySignature } from "../../x509/signature.ts";

/** Issuers above a leaf. Public paths have three. */
const MAX_ISSUERS = 8;

/**
 * Leaf and issuers in order, every signature checked, without a self-signed root: clients have it, or do not trust
 * it. Throws CERTIFICATE_INVALID where a signature is wrong or the leaf's issuer is not there.
 *
 * @param others Certificates in any order; those that are not of the chain are passed over.
 */
export async function orderChain(
  leaf: Certificate,
  others: readonly Certificate[],
): Promise<Certificate[]> {
  const chain = [leaf];
  let last = leaf;
  while (chain.length <= MAX_ISSUERS) {
    const issuer = await findIssuer(last, others, chain);
    if (issuer === undefined) break;
    chain.push(issuer);
    last = issuer;
  }
  if (chain.length === 1) {
    const state = leaf.selfIssued
      ? "it is signed with its own key, and no CA has answered"
      : `the certificate of its issuer "${readSubjectText(leaf.issuer)}" is not there`;
    throw refused(state, leaf.selfIssued ? [] : ["Give the CA's certificates with --chain FILE"]);
  }
  // A root is one that issued itself.
  if (last.selfIssued) chain.pop();
  return chain;
}

async function findIssuer(
  certificate: Certificate,
  others: readonly Certificate[],
  chain: readonly Certificate[],
): Promise<Certificate | undefined> {
  const named = others.filter((other) =>
    equalBytes(other.subject, certificate.issuer) &&
    !chain.some(({ der }) => equalBytes(der, other.der))
  );
  for (const other of named) {
    if (await verifySignature(certificate, other.spki)) {
      if (isCa(other)) return other;
      throw refused(`"${readSubjectText(other.subject)}", who issued it, is no CA`);
    }
  }
  if (named.length === 0) return undefined;
  throw refused(
    `"${readSubjectText(certificate.subject)}" has no signature by "${
      readSubjectText(certificate.issuer)
    }"`,
  );
}

/** What differs between the names that were asked for and those that came. */
export interface NameDifference {
  readonly missing: readonly string[];
  readonly more: readonly string[];
}

/**
 * Compares the subjectAltNames; in names of hosts case does not count. A request without any is for its common name, as
 * that of a user is.
 */
export function compareNames(
  request: CertificationRequest,
  certificate: Certificate,
): NameDifference {
  const asked = nameKeys(request.requestedNames);
  const came = nameKeys(readSubjectAltNames(certificate) ?? []);
  const { commonName } = request;
  const isLost = asked.size === 0 && commonName !== undefined &&
    !namesOf(certificate).includes(commonName);
  return {
    missing: [
      ...[...asked].filter((name) => !came.has(name)).map(withoutType),
      ...(isLost ? [commonName] : []),
    ],
    more: [...came].filter((name) => !asked.has(name)).map(withoutType),
  };
}

/** The names that somebody may know its owner by: the alternative ones, and the common name that is none of them. */
export function namesOf(certificate: Certificate): string[] {
  const names = readSubjectAltNameTexts(certificate);
  const commonName = readCommonName(certificate.subject);
  return commonName === undefined || names.includes(commonName) ? names : [commonName, ...names];
}

function nameKeys(names: readonly GeneralName[]): Set<string> {
  return new Set(names.map((name) => {
    const text = generalNameText(name);
    return `${name.type}:${name.type === "dns" ? text.toLowerCase() : text}`;
  }));
}

function withoutType(key: string): string {
  return key.slice(key.indexOf(":") + 1);
}

/** Refuses a chain that nobody accepts any more; one that is not valid yet only waits. */
export function checkTime(chain: readonly Certificate[], now: Date): void {
  for (const { notAfter, subject } of chain) {
    if (notAfter.getTime() >= now.getTime()) continue;
    const day = notAfter.toISOString().slice(0, 10);
    throw refused(`the certificate of "${readSubjectText(subject)}" ended on ${day}`);
  }
}

/** CERTIFICATE_INVALID, about the answer. */
export function refused(state: string, hints: readonly string[] = []): LocalTlsError {
  return new LocalTlsError("CERTIFICATE_INVALID", `Cannot accept the answer: ${state}`, { hints });
}
