/**
 * The signatures over trust attributes, rows of metaData: PBMAC1 (RFC 8018, 7.1) keyed with the
 * password row. Where NSS can verify and one is missing or wrong, the trust does not count.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../bytes.ts";
import { decodeOid, DerReader } from "../../der/decode.ts";
import { octetString, oid, sequence } from "../../der/encode.ts";
import { OID } from "../../der/oids.ts";
import { TAG } from "../../der/tags.ts";
import { LocalTlsError } from "../../errors.ts";
import { ulong } from "./attributes.ts";
import { encodeKdf, type PasswordKey, pbkdf2, readKdf } from "./password.ts";

/** The start of the metaData ids of all signatures of an object. */
export function signaturePrefix(id: bigint): string {
  return `sig_cert_${id.toString(16).padStart(8, "0")}_`;
}

/** The metaData id of the signature over one attribute of an object. */
export function signatureName(id: bigint, type: number): string {
  return signaturePrefix(id) + type.toString(16).padStart(8, "0");
}

/**
 * Signs an attribute.
 * @param id Object id.
 * @param type Attribute type.
 * @param value The octets as stored.
 * @returns item1 of the metaData row.
 */
export async function signAttribute(
  key: PasswordKey,
  id: bigint,
  type: number,
  value: Uint8Array,
): Promise<Bytes> {
  const salt = crypto.getRandomValues(new Uint8Array(32));
  const hmac = await macKey(key, salt, key.iterations, "sign");
  const mac = await crypto.subtle.sign("HMAC", hmac, signedOctets(id, type, value));
  return sequence(
    sequence(
      oid(OID.pbmac1),
      sequence(encodeKdf(salt, key.iterations), sequence(oid(OID.hmacWithSha256))),
    ),
    octetString(new Uint8Array(mac)),
  );
}

/** Whether a signature is one of this key over this attribute. An unreadable one is not. */
export async function verifyAttribute(
  key: PasswordKey,
  id: bigint,
  type: number,
  value: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  try {
    const { salt, iterations, mac } = readSignature(signature);
    const hmac = await macKey(key, salt, iterations, "verify");
    return await crypto.subtle.verify("HMAC", hmac, mac, signedOctets(id, type, value));
  } catch (error) {
    // Whatever cannot be read is written anew.
    if (error instanceof LocalTlsError) return false;
    throw error;
  }
}

function readSignature(signature: Uint8Array): { salt: Bytes; iterations: number; mac: Bytes } {
  const reader = new DerReader(signature, "NSS signature").enter("value");
  const algorithm = reader.enter("algorithm");
  const mac = reader.read("mac", TAG.octetString).content;
  const name = decodeOid(algorithm.read("identifier", TAG.oid));
  const parameters = algorithm.enter("parameters");
  const kdf = readKdf(parameters);
  const hash = decodeOid(parameters.enter("hash").read("identifier", TAG.oid));
  if (name !== OID.pbmac1 || hash !== OID.hmacWithSha256) {
    throw new LocalTlsError(
      "STORE_UNAVAILABLE",
      `Cannot verify an NSS signature: ${name} with ${hash} is not supported`,
    );
  }
  return { ...kdf, mac };
}

async function macKey(key: PasswordKey, salt: Bytes, iterations: number, use: "sign" | "verify") {
  const secret = await pbkdf2(key.passKey, salt, iterations);
  return await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, [
    use,
  ]);
}

function signedOctets(id: bigint, type: number, value: Uint8Array): Bytes {
  return concatBytes([ulong(Number(id)), ulong(type), value]);
}
