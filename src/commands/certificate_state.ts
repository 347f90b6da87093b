/**
 * How the certificates of the ledger stand, and when one is to be renewed.
 *
 * @module
 */

import { type Bytes, toHex } from "../bytes.ts";
import type { IssuedEvent } from "../castore/ledger.ts";
import { decodePem } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import type { Authority } from "../pki/authority.ts";
import { BACKDATE_MS, DAY_MS, DEFAULT_DAYS } from "../pki/profiles.ts";
import { type Certificate, parseCertificate, readCommonName } from "../x509/certificate.ts";
import { readSubjectAltNameTexts } from "../x509/extensions.ts";
import { sha256Hex } from "../x509/fingerprint.ts";
import { importPkcs8, keyBelongsTo } from "../x509/keys.ts";
import { verifySignature } from "../x509/signature.ts";
import type { CertificateState } from "./documents.ts";
import { DUE_DAYS } from "./issuing.ts";
import { allowOwnFiles, isOwnCertificate } from "./own_certificate.ts";

const MAX_CHAIN_BYTES = 1 << 20;
const MAX_KEY_BYTES = 1 << 16;

/** What stands at the places that the ledger names. */
export interface HeldCertificate {
  readonly state: CertificateState;
  /**
   * The line of the ledger; where a certificate was written and its line was not (the program was killed in between, or the
   * disk was full), with the fingerprint and the dates of what is there.
   */
  readonly event: IssuedEvent;
  /** The certificate; undefined where it is missing or another one. */
  readonly certificate: Certificate | undefined;
  /** PKCS#8 DER; undefined for one that answers a request, and as above. Secret. */
  readonly key: Bytes | undefined;
}

/**
 * When a certificate is due, in milliseconds before its end.
 *
 * @param due What was asked for. By default 30 days; for one that does not live much longer the last third of its life, or
 * it would be due from the day it was issued.
 */
export function dueWindow(
  event: Pick<IssuedEvent, "notBefore" | "notAfter">,
  due?: number,
): number {
  if (due !== undefined) return due;
  const life = Date.parse(event.notAfter) - Date.parse(event.notBefore);
  return Math.min(DUE_DAYS * DAY_MS, life / 3);
}

/**
 * As {@link dueWindow} for whoever looks again and again: no certificate is due in the first third of its life, or a long
 * --due would renew it every time.
 */
export function repeatedDueWindow(
  event: Pick<IssuedEvent, "notBefore" | "notAfter">,
  due?: number,
): number {
  const life = Date.parse(event.notAfter) - Date.parse(event.notBefore);
  return Math.min(dueWindow(event, due), life * 2 / 3);
}

/** Whether a new certificate would live longer than this one: not where both end with their CA. */
export function canOutlive(event: IssuedEvent, authority: Authority, now: Date): boolean {
  const wanted = now.getTime() - BACKDATE_MS + (event.days ?? DEFAULT_DAYS) * DAY_MS;
  const end = authority.notAfter.getTime();
  // Some seconds are lost in rounding.
  return wanted <= end || end - Date.parse(event.notAfter) > 60_000;
}

/** Looks at the files of a certificate. Throws nothing that is about them: what cannot be read is not ours. */
export async function lookAt(
  host: Host,
  authority: Authority | undefined,
  recorded: IssuedEvent,
  due?: number,
): Promise<HeldCertificate> {
  const found = await readHeld(host, authority, recorded);
  if (typeof found === "string") {
    return { state: found, event: recorded, certificate: undefined, key: undefined };
  }
  const { event } = found;
  const left = Date.parse(event.notAfter) - host.now().getTime();
  const state = event.issuer !== authority?.issuerSha256
    ? "foreign"
    : left <= 0
    ? "expired"
    : found.certificate.notBefore.getTime() > host.now().getTime()
    ? "not-yet-valid"
    : left <= dueWindow(event, due)
    ? "due"
    : "valid";
  return { state, ...found };
}

interface FoundCertificate extends Omit<HeldCertificate, "state"> {
  readonly certificate: Certificate;
}

async function readHeld(
  host: Host,
  authority: Authority | undefined,
  recorded: IssuedEvent,
): Promise<FoundCertificate | "missing" | "changed"> {
  try {
    // Looking is all that follows from it, unless the certificate turns out to be this CA's.
    host.allowRoot(recorded.cert);
    const chain = await host.files.read(recorded.cert, MAX_CHAIN_BYTES);
    if (chain === undefined) return "missing";
    const leaf = decodePem(new TextDecoder().decode(chain))[0];
    if (leaf?.label !== "CERTIFICATE") return "changed";
    const certificate = parseCertificate(leaf.der);
    const sha256 = await sha256Hex(certificate.der);
    const event = sha256 === recorded.sha256
      ? recorded
      : await recognize(authority, recorded, certificate, sha256);
    if (event === undefined || !await isOwnCertificate(authority, certificate)) return "changed";
    await allowOwnFiles(host, authority, certificate, event);
    if (event.key === undefined) return { event, certificate, key: undefined };
    const text = await host.files.read(event.key, MAX_KEY_BYTES);
    if (text === undefined) return "missing";
    const block = decodePem(new TextDecoder().decode(text))[0];
    if (block?.label !== "PRIVATE KEY") return "changed";
    if (!await keyBelongsTo(await importPkcs8(block.der), certificate)) return "changed";
    return { event, certificate, key: block.der };
  } catch (error) {
    if (error instanceof LocalTlsError) return "changed";
    throw error;
  }
}

/**
 * A certificate that our issuer signed for just the names that the ledger has for this place is one whose line was lost.
 * @returns The line as it would be; undefined for a certificate that somebody else put there.
 */
async function recognize(
  authority: Authority | undefined,
  recorded: IssuedEvent,
  certificate: Certificate,
  sha256: string,
): Promise<IssuedEvent | undefined> {
  if (authority === undefined) return undefined;
  const names = readSubjectAltNameTexts(certificate);
  const commonName = readCommonName(certificate.subject); // all that the certificate of a user has
  if (commonName !== undefined && !names.includes(commonName)) names.push(commonName);
  if (names.toSorted().join() !== recorded.names.toSorted().join()) return undefined;
  if (!await verifySignature(certificate, authority.issuer.spki)) return undefined;
  return {
    ...recorded,
    sha256,
    serial: toHex(certificate.serialNumber),
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    issuer: authority.issuerSha256,
  };
}
