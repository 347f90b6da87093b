/**
 * From the parts of a file to its report.
 *
 * @module
 */

import { type Bytes, toHex } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import { quoteInput } from "../input_text.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { type CertificationRequest, parseRequest } from "../x509/certification_request.ts";
import { readKeyIdentifiers } from "../x509/extensions.ts";
import { sha256Hex } from "../x509/fingerprint.ts";
import { readSubjectText } from "../x509/name.ts";
import { describePublicKey } from "../x509/public_key.ts";
import { verifySignature } from "../x509/signature.ts";
import { type Link, linkCertificates, type OwnCa } from "./chain.ts";
import type { Part } from "./contents.ts";
import {
  belongsTogether,
  encryptionLabel,
  privateKeyLabel,
  wrapPkcs1,
  wrapPkcs1Public,
  wrapSec1,
} from "./private_key.ts";
import type { CertificateReport, KeyReport, RequestReport } from "./report.ts";
import { attempt, reportSubject, sha1Hex } from "./subject_report.ts";
import { describeValidity } from "./validity_words.ts";

/** Everything that was found out. */
export interface FileReport {
  readonly certificates: readonly CertificateReport[];
  readonly requests: readonly RequestReport[];
  readonly keys: readonly KeyReport[];
  /** The certificates themselves, in the same order. */
  readonly parsed: readonly Certificate[];
  /** Parts that are something else, or that could not be read, a sentence each. */
  readonly unreadable: readonly string[];
}

/** Opens an encrypted key; undefined where no password was given. */
export type OpenKey = (encrypted: Bytes) => Promise<Bytes | undefined>;

/** What the report depends on besides the file. */
export interface InspectOptions {
  readonly now: Date;
  readonly own: OwnCa | undefined;
  readonly openKey: OpenKey;
}

interface OpenedKey {
  readonly report: Omit<KeyReport, "certificates" | "requests">;
  /** PKCS#8; secret. */
  readonly pkcs8?: Bytes;
  readonly spki?: Bytes;
}

/** Reports on the parts of one file. Throws PASSWORD_WRONG. */
export async function inspectParts(
  parts: readonly Part[],
  options: InspectOptions,
): Promise<FileReport> {
  const unreadable: string[] = [];
  const parsed: Certificate[] = [];
  const requests: CertificationRequest[] = [];
  const opened: OpenedKey[] = [];
  for (const [index, part] of parts.entries()) {
    try {
      if (part.kind === "certificate") parsed.push(parseCertificate(part.der));
      else if (part.kind === "request") requests.push(parseRequest(part.der));
      else if (part.kind === "crl" || part.kind === "unknown") {
        const what = part.kind === "crl"
          ? "a revocation list"
          : `a block ${quoteInput(part.label ?? "")}`;
        unreadable.push(`part ${index + 1} is ${what}, which is not looked into`);
      } else if (part.kind !== "parameters") opened.push(await openKeyPart(part, options.openKey));
    } catch (error) {
      if (!(error instanceof LocalTlsError) || error.code === "PASSWORD_WRONG") throw error;
      if (parts.length === 1) throw error;
      unreadable.push(`part ${index + 1}: ${error.message.replace(/^Cannot read /, "")}`);
    }
  }
  const links = await linkCertificates(parsed, options.own);
  const certificates: CertificateReport[] = [];
  for (const [i, certificate] of parsed.entries()) {
    certificates.push(await reportCertificate(certificate, links[i]!, options.now));
  }
  const requestReports: RequestReport[] = [];
  for (const request of requests) requestReports.push(await reportRequest(request));
  const keys: KeyReport[] = [];
  for (const key of opened) {
    keys.push({
      ...key.report,
      certificates: await owners(key, parsed),
      requests: await owners(key, requests),
    });
  }
  return { certificates, requests: requestReports, keys, parsed, unreadable };
}

async function reportCertificate(
  certificate: Certificate,
  link: Link,
  now: Date,
): Promise<CertificateReport> {
  const unreadable: string[] = [];
  const ids = attempt(unreadable, () => readKeyIdentifiers(certificate));
  return {
    ...await reportSubject(certificate, unreadable),
    sha1: await sha1Hex(certificate.der),
    version: certificate.version,
    serial: toHex(certificate.serialNumber),
    issuer: attempt(unreadable, () => readSubjectText(certificate.issuer)) ?? "",
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    validity: describeValidity(certificate, now),
    ...(ids?.subject === undefined ? {} : { subjectKeyId: toHex(ids.subject) }),
    ...(ids?.authority === undefined ? {} : { authorityKeyId: toHex(ids.authority) }),
    ...link,
  };
}

async function reportRequest(request: CertificationRequest): Promise<RequestReport> {
  let signature: RequestReport["signature"];
  try {
    signature = await verifySignature(request, request.spki, { allowSha1: true }) ? "good" : "bad";
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    signature = "unchecked";
  }
  return { ...await reportSubject(request, []), signature };
}

async function openKeyPart(part: Part, openKey: OpenKey): Promise<OpenedKey> {
  switch (part.kind) {
    case "public-key":
      return await publicKey(part.der, "SubjectPublicKeyInfo");
    case "pkcs1-public":
      return await publicKey(wrapPkcs1Public(part.der), "PKCS#1");
    case "encrypted-key": {
      const encryption = encryptionLabel(part.der);
      const pkcs8 = await openKey(part.der);
      const report = { private: true, format: "PKCS#8", encryption };
      if (pkcs8 === undefined) return { report: { ...report, keyType: "unknown" } };
      return { report: { ...report, keyType: privateKeyLabel(pkcs8) }, pkcs8 };
    }
    case "pkcs1":
      return privateKey(wrapPkcs1(part.der), "PKCS#1");
    case "sec1":
      return privateKey(wrapSec1(part.der), "SEC 1");
    default:
      return privateKey(part.der, "PKCS#8");
  }
}

async function publicKey(spki: Bytes, format: string): Promise<OpenedKey> {
  const { label } = describePublicKey(spki);
  const report = { private: false, keyType: label, format, spkiSha256: await sha256Hex(spki) };
  return { report, spki };
}

function privateKey(pkcs8: Bytes, format: string): OpenedKey {
  return { report: { private: true, keyType: privateKeyLabel(pkcs8), format }, pkcs8 };
}

/** Whose key it is, by position. */
async function owners(
  { pkcs8, spki }: OpenedKey,
  subjects: readonly { readonly spki: Bytes }[],
): Promise<number[]> {
  const found: number[] = [];
  for (const [i, subject] of subjects.entries()) {
    const same = pkcs8 === undefined
      ? spki !== undefined && toHex(spki) === toHex(subject.spki)
      : await belongsTogether(pkcs8, subject.spki);
    if (same === true) found.push(i);
  }
  return found;
}
