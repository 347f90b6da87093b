/**
 * Making certification requests (PKCS#10, RFC 2986).
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { bitString, explicit, integer, oid, sequence, sequenceOf, set } from "../der/encode.ts";
import { OID } from "../der/oids.ts";
import { encodeExtKeyUsage, encodeSubjectAltName } from "./extension_encoders.ts";
import type { EncodableName } from "./general_name.ts";
import { algorithmOf } from "./key_algorithms.ts";
import { EMPTY_NAME, encodeName } from "./name.ts";
import { sign } from "./signature.ts";

/** What a request says. */
export interface RequestParts {
  /** A private key that may sign; decides the signature algorithm. */
  readonly privateKey: CryptoKey;
  /** SubjectPublicKeyInfo TLV of the same key. */
  readonly spki: Uint8Array;
  /** To ask for as subjectAltNames, in this order; none where common name and purposes are all there is. */
  readonly names: readonly EncodableName[];
  /** The subject's only attribute, 1 to 64 characters (the caller's duty); left out, the subject is empty. */
  readonly commonName?: string | undefined;
  /** Object identifiers to ask for as extKeyUsage; left out, the CA decides. */
  readonly purposes?: readonly string[] | undefined;
}

/** RFC 2986, 4.1: version 1 is written as 0. */
const VERSION = integer(0);

/**
 * Encodes and signs a request.
 * Throws KEY_INVALID for a private key that is not in KEY_ALGORITHMS; RangeError where there are no names,
 * and not both a common name and purposes.
 *
 * @returns CertificationRequest DER; its PEM label is "CERTIFICATE REQUEST".
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { parseRequest, verifyRequest } from "./certification_request.ts";
 * import { createRequest } from "./certification_request_builder.ts";
 * import { exportSpki, generateKey } from "./keys.ts";
 *
 * const { privateKey, publicKey } = await generateKey("p256", true);
 * const spki = await exportSpki(publicKey);
 * const request = parseRequest(await createRequest({ privateKey, spki, names: [{ type: "dns", value: "a.test" }] }));
 * await verifyRequest(request);
 * equal(request.requestedNames.length, 1);
 * ```
 */
export async function createRequest(parts: RequestParts): Promise<Bytes> {
  const { privateKey, spki, names, commonName, purposes } = parts;
  if (names.length === 0 && (commonName === undefined || purposes === undefined)) {
    throw new RangeError("Cannot make a request without names");
  }
  const subject = commonName === undefined
    ? EMPTY_NAME
    : encodeName([[OID.commonName, commonName]]);
  // RFC 5280, 4.2.1.6: critical where the subject is empty.
  const extensions = [
    ...(names.length === 0 ? [] : [encodeSubjectAltName(names, commonName === undefined)]),
    ...(purposes === undefined ? [] : [encodeExtKeyUsage(purposes)]),
  ];
  const attribute = sequence(oid(OID.extensionRequest), set(sequenceOf(extensions)));
  const info = sequence(VERSION, subject, spki, explicit(0, attribute));
  const { signatureAlgorithm } = algorithmOf(privateKey);
  return sequence(info, signatureAlgorithm, bitString(await sign(privateKey, info)));
}
