/**
 * Putting certificates together (RFC 5280, 4.1): version 3, from parts that are encoded already.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { bitString, encodeTime, explicit, integer, sequence } from "../der/encode.ts";
import { encodeExtensions } from "./extension_encoders.ts";
import { algorithmOf } from "./key_algorithms.ts";
import { sign } from "./signature.ts";

/** A private key, or what gets it when it is needed: an encrypted one is opened for signing alone. */
export type SigningKey = CryptoKey | (() => Promise<CryptoKey>);

/** The parts of a certificate. */
export interface CertificateParts {
  /** INTEGER TLV. */
  readonly serialTlv: Bytes;
  /** Name TLV. */
  readonly issuer: Bytes;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Name TLV. */
  readonly subject: Bytes;
  /** SubjectPublicKeyInfo TLV. */
  readonly spki: Bytes;
  /** Extension TLVs. */
  readonly extensions: readonly Bytes[];
}

/** Version 3 is written as 2. */
const VERSION = explicit(0, integer(2));

/**
 * Encodes and signs a certificate.
 * @param issuerKey The issuer's private key; decides the signature algorithm.
 * @returns Certificate DER.
 */
export async function buildCertificate(
  parts: CertificateParts,
  issuerKey: SigningKey,
): Promise<Bytes> {
  const key = typeof issuerKey === "function" ? await issuerKey() : issuerKey;
  const { signatureAlgorithm } = algorithmOf(key);
  const tbs = sequence(
    VERSION,
    parts.serialTlv,
    signatureAlgorithm,
    parts.issuer,
    sequence(encodeTime(parts.notBefore), encodeTime(parts.notAfter)),
    parts.subject,
    parts.spki,
    encodeExtensions(parts.extensions),
  );
  return sequence(tbs, signatureAlgorithm, bitString(await sign(key, tbs)));
}
