/**
 * A file taken apart into certificates, requests and keys, whatever it wraps them in. Nothing is judged here.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { berToDer } from "../der/ber.ts";
import { derError, DerReader } from "../der/decode.ts";
import { decodeBase64, decodePem } from "../der/pem.ts";
import { contextConstructed, TAG } from "../der/tags.ts";
import { LocalTlsError } from "../errors.ts";
import { readCertificateSet } from "./pkcs7.ts";
import { sniff } from "./sniff.ts";

/** What one DER value is. */
export type PartKind =
  | "certificate"
  | "request"
  | "pkcs8"
  | "encrypted-key"
  | "pkcs1"
  | "pkcs1-public"
  | "sec1"
  | "public-key"
  | "pfx"
  | "pkcs7"
  | "crl"
  | "parameters"
  | "unknown";

/** One thing in a file. */
export interface Part {
  readonly kind: PartKind;
  readonly der: Bytes;
  /** What stands after BEGIN; undefined for DER. */
  readonly label: string | undefined;
}

/** A file, taken apart. */
export interface Contents {
  /** "PEM", "DER", "base64", "PKCS#12", "PKCS#7". */
  readonly format: string;
  readonly parts: readonly Part[];
}

/** PEM labels (RFC 7468, and openssl's older ones) whose content is taken at their word. */
const LABELS: Readonly<Record<string, PartKind>> = {
  "CERTIFICATE": "certificate",
  "X509 CERTIFICATE": "certificate",
  "TRUSTED CERTIFICATE": "certificate",
  "CERTIFICATE REQUEST": "request",
  "NEW CERTIFICATE REQUEST": "request",
  "PRIVATE KEY": "pkcs8",
  "ENCRYPTED PRIVATE KEY": "encrypted-key",
  "RSA PRIVATE KEY": "pkcs1",
  "EC PRIVATE KEY": "sec1",
  "PUBLIC KEY": "public-key",
  "RSA PUBLIC KEY": "pkcs1-public",
  "PKCS7": "pkcs7",
  "CMS": "pkcs7",
  "PKCS12": "pfx",
  "X509 CRL": "crl",
  "EC PARAMETERS": "parameters",
  "DH PARAMETERS": "parameters",
};

/**
 * Takes a file apart. A PKCS#7 file becomes its certificates; a PKCS#12 file is one part, which needs a password.
 * Throws PEM_INVALID, DER_INVALID, CERTIFICATE_INVALID (a file of another kind, named).
 */
export function readContents(content: Bytes): Contents {
  if (content.length === 0) throw notUsable("it is empty");
  const sniffed = sniff(content);
  switch (sniffed.kind) {
    case "other":
      throw notUsable(`it is ${sniffed.what}`, sniffed.hint);
    case "pem": {
      const blocks = decodePem(sniffed.text);
      if (blocks.length === 0) throw notUsable("its PEM lines are not on lines of their own");
      const parts = blocks.map(({ label, der }): Part => {
        const kind = LABELS[label] ?? "unknown";
        return { kind, label, der: kind === "certificate" ? withoutTrustSettings(der) : der };
      });
      return { format: "PEM", parts: parts.flatMap(opened) };
    }
    case "base64":
      return readBinary(decodeBase64(sniffed.base64, "base64 text"), "base64");
    case "der":
      return readBinary(content, "DER");
  }
}

function readBinary(content: Bytes, format: string): Contents {
  // Old writers of PKCS#12 and PKCS#7 use BER's indefinite lengths.
  const der = content[1] === 0x80 ? berToDer(content, "BER") : content;
  const kind = kindOf(der);
  if (kind === "unknown") throw notUsable("it is DER of a kind that is not known here");
  const parts = opened({ kind, der: kind === "pfx" ? content : der, label: undefined });
  const name = kind === "pfx" ? "PKCS#12" : kind === "pkcs7" ? "PKCS#7" : format;
  return { format: name, parts };
}

function opened(part: Part): Part[] {
  if (part.kind !== "pkcs7") return [part];
  const der = part.der[1] === 0x80 ? berToDer(part.der, "BER") : part.der;
  return readCertificateSet(der).map((certificate): Part => ({
    kind: "certificate",
    der: certificate,
    label: part.label,
  }));
}

/** openssl's "TRUSTED CERTIFICATE": a certificate, and after it what openssl trusts it for. */
function withoutTrustSettings(der: Bytes): Bytes {
  try {
    return new DerReader(der, "certificate").read("certificate").tlv;
  } catch {
    return der; // the certificate's own reader has the better words
  }
}

/** Tells DER structures apart by the tags of their fields. Throws DER_INVALID where it is none. */
export function kindOf(der: Bytes): PartKind {
  const outer = new DerReader(der, "DER");
  const reader = outer.enter("value");
  outer.finish();
  const fields = [];
  while (!reader.done && fields.length < 10) fields.push(reader.read("field"));
  const [first, second, third] = fields;
  if (first === undefined) throw derError("DER", 0, "the value is empty");
  const tags = fields.map(({ tag }) => tag);
  const isTags = (...wanted: number[]) => wanted.every((tag, i) => tags[i] === tag);
  if (isTags(TAG.integer, TAG.sequence, TAG.octetString)) return "pkcs8";
  if (isTags(TAG.integer, TAG.sequence)) return "pfx";
  if (isTags(TAG.integer, TAG.octetString)) return "sec1";
  if (isTags(TAG.integer, TAG.integer)) return fields.length > 2 ? "pkcs1" : "pkcs1-public";
  if (isTags(TAG.sequence, TAG.octetString)) return "encrypted-key";
  if (isTags(TAG.sequence, TAG.bitString) && third === undefined) return "public-key";
  if (isTags(TAG.oid, contextConstructed(0))) return "pkcs7";
  if (!isTags(TAG.sequence, TAG.sequence, TAG.bitString) || second === undefined) return "unknown";
  const signed = reader.into(first);
  const inner: number[] = [];
  while (!signed.done) inner.push(signed.read("field").tag);
  if (inner[0] === contextConstructed(0)) return "certificate";
  if (inner[3] === contextConstructed(0) && inner[0] === TAG.integer) return "request";
  const times: readonly number[] = [TAG.utcTime, TAG.generalizedTime];
  if (inner.slice(2, 4).some((tag) => times.includes(tag))) return "crl";
  return "certificate"; // version 1
}

/** The error for a file that holds nothing to inspect. */
function notUsable(state: string, hint?: string): LocalTlsError {
  return new LocalTlsError("CERTIFICATE_INVALID", `Cannot read the file: ${state}`, {
    hints: hint === undefined ? [] : [hint],
  });
}

/**
 * The state in the message of a reader, for a message that names the file: "Cannot read PEM: block ..." gives
 * "block ...", and "Cannot read certificate.version at offset 3: ..." keeps its place.
 */
export function stateOf(message: string): string {
  const place = /^Cannot read ((?!PEM|the )[\w.#-]+ at offset .*)$/s.exec(message)?.[1];
  return place ?? message.replace(/^Cannot [^:"]+: /, "");
}
