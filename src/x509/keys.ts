/**
 * Private keys in WebCrypto: made, exported, read from PKCS#8, and held against a public key.
 *
 * @module
 */

import { type Bytes, toBytes } from "../bytes.ts";
import { bitString, sequence } from "../der/encode.ts";
import { OID } from "../der/oids.ts";
import { TAG } from "../der/tags.ts";
import type { LocalTlsError } from "../errors.ts";
import { parsePublicKeyInfo } from "./algorithm_identifier.ts";
import {
  algorithmOf,
  KEY_ALGORITHMS,
  type KeyAlgorithm,
  keyError,
  type KeyType,
} from "./key_algorithms.ts";
import { parsePrivateKeyInfo, readNamedCurve } from "./private_key_info.ts";

/**
 * Generates a key pair.
 * @param extractable False for a key that must never leave this process; the public half is exportable always.
 */
export async function generateKey(type: KeyType, extractable: boolean): Promise<CryptoKeyPair> {
  const { generate } = KEY_ALGORITHMS[type];
  const pair = await crypto.subtle.generateKey(generate, extractable, ["sign", "verify"]);
  return pair as CryptoKeyPair;
}

/** A private key as PKCS#8 DER (RFC 5958). The key must be extractable. */
export async function exportPkcs8(key: CryptoKey): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey("pkcs8", key));
}

/** A public key as SubjectPublicKeyInfo DER. */
export async function exportSpki(key: CryptoKey): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey("spki", key));
}

/** A public key as SubjectPublicKeyInfo TLV, and the content of its BIT STRING. */
export interface PublicKeyParts {
  readonly spki: Bytes;
  readonly bits: Bytes;
}

/**
 * A public key in its parts. That of an elliptic curve is put together from its point (RFC 5480, 2), which takes
 * WebCrypto half the time.
 * @param algorithm That of the key.
 */
export async function exportPublicKey(
  key: CryptoKey,
  { curveAlgorithm }: KeyAlgorithm,
): Promise<PublicKeyParts> {
  if (curveAlgorithm === undefined) {
    const spki = await exportSpki(key);
    return { spki, bits: parsePublicKeyInfo(spki).bits };
  }
  const bits = new Uint8Array(await crypto.subtle.exportKey("raw", key));
  return { spki: sequence(curveAlgorithm, bitString(bits)), bits };
}

/**
 * The public half of a key pair that WebCrypto has made, out of its own PKCS#8 (RFC 5915, 3, publicKey): an export less,
 * a tenth of what a certificate takes. Not for keys from elsewhere, in which that field is a claim.
 * @returns undefined where PKCS#8 does not end with a point: RSA, or a runtime that leaves it out.
 */
export function publicKeyInside(
  pkcs8: Bytes,
  { curveAlgorithm, ecdsaSize, pkcs8Size }: KeyAlgorithm,
): PublicKeyParts | undefined {
  if (curveAlgorithm === undefined || ecdsaSize === undefined) return undefined;
  if (pkcs8.length !== pkcs8Size) return undefined;
  const length = 2 * ecdsaSize + 1;
  const at = pkcs8.length - length;
  // [1] { BIT STRING { no unused bits, uncompressed point } }
  const isPoint = pkcs8[at - 5] === 0xa1 && pkcs8[at - 4] === length + 3 &&
    pkcs8[at - 3] === TAG.bitString && pkcs8[at - 2] === length + 1 &&
    pkcs8[at - 1] === 0 && pkcs8[at] === 0x04;
  if (!isPoint) return undefined;
  const bits = pkcs8.subarray(at);
  return { spki: sequence(curveAlgorithm, bitString(bits)), bits };
}

/**
 * Reads a private key from PKCS#8 DER, for signing.
 * Throws DER_INVALID, or KEY_INVALID for a type that is not in the table or a key that is none. Deno looks at the
 * numbers of an elliptic curve key only when it signs: {@link keyBelongsTo} then throws instead.
 *
 * @param extractable Whether it can be exported again.
 * @example
 * ```ts
 * import { equal, rejects } from "node:assert/strict";
 * import { algorithmOf } from "./key_algorithms.ts";
 * import { exportPkcs8, generateKey, importPkcs8 } from "./keys.ts";
 *
 * const { privateKey } = await generateKey("p256", true);
 * const key = await importPkcs8(await exportPkcs8(privateKey));
 * equal(algorithmOf(key).label, "P-256");
 * await rejects(exportPkcs8(key)); // not extractable unless asked
 * ```
 */
export async function importPkcs8(pkcs8: Uint8Array, extractable = false): Promise<CryptoKey> {
  const der = toBytes(pkcs8);
  const { algorithm } = parsePrivateKeyInfo(der);
  const params = importParams(algorithm.algorithm, readNamedCurve(algorithm));
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey("pkcs8", der, params, extractable, ["sign"]);
  } catch (cause) {
    throw notNumbers(cause);
  }
  algorithmOf(key); // refuses sizes that are not in the table
  return key;
}

/** Any fixed octets: only the pair of operations matters. */
const PROBE = Uint8Array.of(0x6c, 0x6f, 0x63, 0x61, 0x6c, 0x74, 0x6c, 0x73);

/**
 * Whether a private key is the one of a certificate's public key. Signs and verifies, because the public half that
 * PKCS#8 may carry is a claim, which nothing ties to the private numbers.
 * Throws KEY_INVALID where the private key cannot sign.
 */
export async function keyBelongsTo(
  privateKey: CryptoKey,
  { spki }: { readonly spki: Bytes },
): Promise<boolean> {
  const { generate, sign } = algorithmOf(privateKey);
  let publicKey: CryptoKey;
  try {
    publicKey = await crypto.subtle.importKey("spki", spki, generate, false, ["verify"]);
  } catch {
    return false; // a key of another algorithm, or none
  }
  let signature: ArrayBuffer;
  try {
    signature = await crypto.subtle.sign(sign, privateKey, PROBE);
  } catch (cause) {
    throw notNumbers(cause);
  }
  return await crypto.subtle.verify(sign, publicKey, signature, PROBE).catch(() => false);
}

function importParams(algorithm: string, curve: string | undefined) {
  if (algorithm === OID.rsaEncryption) return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  if (algorithm !== OID.ecPublicKey) {
    throw keyError(`keys of the algorithm ${algorithm} are not supported`);
  }
  if (curve === OID.prime256v1) return { name: "ECDSA", namedCurve: "P-256" };
  if (curve === OID.secp384r1) return { name: "ECDSA", namedCurve: "P-384" };
  throw keyError(`the elliptic curve ${curve ?? "with explicit parameters"} is not supported`);
}

function notNumbers(cause: unknown): LocalTlsError {
  return keyError("the numbers in it are no key", cause);
}
