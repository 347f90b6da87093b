/**
 * Who issued whom in a file, proven by signatures and not by names alone. Trust is not judged.
 *
 * @module
 */

import { equalBytes, toHex } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import type { Certificate } from "../x509/certificate.ts";
import { readKeyIdentifiers } from "../x509/extensions.ts";
import { verifySignature } from "../x509/signature.ts";
import type { CertificateReport } from "./report.ts";

/** Who made a certificate, as far as it can be found. */
export type Link = Pick<CertificateReport, "signature" | "selfSigned" | "issuedBy">;

/** Our own CA, whose certificates count as there. */
export interface OwnCa {
  readonly root: Certificate;
  readonly issuer: Certificate;
}

/** Candidates by name whose keys are tried for one certificate: more is an attack on our time. */
const MAX_TRIED = 8;

/** Finds the issuer of each certificate among the others and our own CA. */
export async function linkCertificates(
  certificates: readonly Certificate[],
  own: OwnCa | undefined,
): Promise<Link[]> {
  const bySubject = new Map<string, number[]>();
  certificates.forEach(({ subject }, index) => {
    const key = toHex(subject);
    bySubject.set(key, [...bySubject.get(key) ?? [], index]);
  });
  const links: Link[] = [];
  for (const [index, certificate] of certificates.entries()) {
    const named = bySubject.get(toHex(certificate.issuer)) ?? [];
    // Itself first, or a file that has a root twice would say that the copy issued it.
    const found = named.includes(index) ? [index, ...named.filter((i) => i !== index)] : named;
    links.push(await link(certificate, index, found, certificates, own));
  }
  return links;
}

async function link(
  certificate: Certificate,
  index: number,
  named: readonly number[],
  certificates: readonly Certificate[],
  own: OwnCa | undefined,
): Promise<Link> {
  const candidates: { issuer: Certificate; by: number | "own-root" | "own-issuer" }[] = [
    ...named.slice(0, MAX_TRIED).map((by) => ({ issuer: certificates[by]!, by })),
    ...(own === undefined ? [] : [
      { issuer: own.issuer, by: "own-issuer" as const },
      { issuer: own.root, by: "own-root" as const },
    ].filter(({ issuer }) => equalBytes(issuer.subject, certificate.issuer))),
  ];
  let signature: Link["signature"] = "no-issuer";
  let unchecked: number | "own-root" | "own-issuer" | undefined;
  for (const { issuer, by } of candidates) {
    const verdict = await check(certificate, issuer, by === index);
    if (verdict === "good") {
      return { signature: "good", selfSigned: by === index, issuedBy: by };
    }
    if (verdict === "unchecked") unchecked ??= by;
    // The name alone is no issuer: only where key identifiers agree is a wrong signature a bad one.
    else if (by === index || keysAgree(certificate, issuer)) signature = "bad";
  }
  if (unchecked !== undefined) {
    return { signature: "unchecked", selfSigned: unchecked === index, issuedBy: unchecked };
  }
  return { signature, selfSigned: false };
}

async function check(
  certificate: Certificate,
  issuer: Certificate,
  isItself: boolean,
): Promise<"good" | "bad" | "unchecked"> {
  try {
    // What SHA-1 still proves is that nobody changed it by accident; the algorithm is shown beside it.
    const good = await verifySignature(certificate, issuer.spki, { allowSha1: true });
    return good ? "good" : "bad";
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    return isItself || keysAgree(certificate, issuer) ? "unchecked" : "bad";
  }
}

function keysAgree(certificate: Certificate, issuer: Certificate): boolean {
  try {
    const { authority } = readKeyIdentifiers(certificate);
    const { subject } = readKeyIdentifiers(issuer);
    return authority === undefined || subject === undefined || equalBytes(authority, subject);
  } catch {
    return true;
  }
}

/**
 * Whether the certificates are one chain, and stand as a server has to send it: each followed by its issuer.
 * @returns undefined where they are no chain.
 */
export function chainOrder(links: readonly Link[]): "in-order" | "out-of-order" | undefined {
  if (links.length < 2) return undefined;
  const issuers = links.map(({ issuedBy }, i) => issuedBy === i ? undefined : issuedBy);
  const inside = issuers.filter((by) => typeof by === "number");
  // One chain: all but one have their issuer here, and no two the same.
  if (inside.length !== links.length - 1 || new Set(inside).size !== inside.length) {
    return undefined;
  }
  const follows = issuers.every((by, i) => i === links.length - 1 || by === i + 1);
  return follows ? "in-order" : "out-of-order";
}
