/**
 * Certification requests with single parts replaced by wrong ones, signed by a real key unless a signature is given.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../src/bytes.ts";
import { bitString, explicit, integer, oid, sequence, set } from "../../src/der/encode.ts";
import { OID } from "../../src/der/oids.ts";
import { encodeSubjectAltName } from "../../src/x509/extension_encoders.ts";
import { algorithmOf } from "../../src/x509/key_algorithms.ts";
import { exportSpki, generateKey } from "../../src/x509/keys.ts";
import { encodeName } from "../../src/x509/name.ts";
import { sign } from "../../src/x509/signature.ts";

const pair = await generateKey("p256", true);

/** TLVs. */
export interface RequestTlvs {
  version: Bytes;
  subject: Bytes;
  spki: Bytes;
  /** The whole [0] field. */
  attributes: Bytes;
  algorithm: Bytes;
  /** Whole BIT STRING; made with `key` where it is left out. */
  signature: Bytes | undefined;
}

/** A request for a.test, with changes. @param key Signs it. */
export async function craftRequest(
  changes: Partial<RequestTlvs> = {},
  key: CryptoKeyPair = pair,
): Promise<Bytes> {
  const parts: RequestTlvs = {
    version: integer(0),
    subject: encodeName([[OID.commonName, "a.test"]]),
    spki: await exportSpki(key.publicKey),
    attributes: attributes(extensionRequest(subjectAltName("a.test"))),
    algorithm: algorithmOf(key.privateKey).signatureAlgorithm,
    signature: undefined,
    ...changes,
  };
  const info = sequence(parts.version, parts.subject, parts.spki, parts.attributes);
  const signature = parts.signature ?? bitString(await sign(key.privateKey, info));
  return sequence(info, parts.algorithm, signature);
}

/** The [0] field. */
export function attributes(...list: Bytes[]): Bytes {
  return explicit(0, concatBytes(list));
}

/** The attribute that asks for extensions. */
export function extensionRequest(...extensions: Bytes[]): Bytes {
  return sequence(oid(OID.extensionRequest), set(sequence(...extensions)));
}

/** A subjectAltName with one dNSName. */
export function subjectAltName(value: string): Bytes {
  return encodeSubjectAltName([{ type: "dns", value }], false);
}
