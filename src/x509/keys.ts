/**
 * Private keys: the table of key types that localtls generates and signs with, and PKCS#8.
 *
 * A further type is a further entry. Not in it, by facts/certificate-profiles.md: Ed25519 (Chromium and
 * Firefox refuse), P-521 (Chromium refuses), RSA-PSS keys (Deno and Firefox refuse).
 *
 * @module
 */

import { type Bytes, toBytes } from "../bytes.ts";
import { bitString, nullValue, oid, sequence } from "../der/encode.ts";
import { OID } from "../der/oids.ts";
import { TAG } from "../der/tags.ts";
import { LocalTlsError } from "../errors.ts";
import type { KeyUsage } from "./key_usage.ts";
import { parsePublicKeyInfo } from "./algorithm_identifier.ts";
import { parsePrivateKeyInfo, readNamedCurve } from "./private_key_info.ts";

/** The words of `--key`. */
export type KeyType = "p256" | "p384" | "rsa2048" | "rsa3072" | "rsa4096";

/** Everything that depends on the type of a key. */
export interface KeyAlgorithm {
  readonly type: KeyType;
  /** For people: "P-256". */
  readonly label: string;
  readonly generate: EcKeyGenParams | RsaHashedKeyGenParams;
  readonly sign: AlgorithmIdentifierParams;
  /** AlgorithmIdentifier TLV of the signatures that such a key makes. */
  readonly signatureAlgorithm: Bytes;
  /** Octets of r and of s in WebCrypto's ECDSA signatures; undefined for RSA, which needs no rewriting. */
  readonly ecdsaSize: number | undefined;
  /** AlgorithmIdentifier TLV of an elliptic curve key (RFC 5480, 2.1.1); undefined for RSA. */
  readonly curveAlgorithm: Bytes | undefined;
  /** Octets of such a key as PKCS#8 with its point at the end, as WebCrypto exports it; undefined for RSA. */
  readonly pkcs8Size: number | undefined;
  /** keyUsage of a TLS certificate for such a key. */
  readonly tlsKeyUsage: readonly KeyUsage[];
}

interface AlgorithmIdentifierParams {
  readonly name: string;
  readonly hash: string;
}

/** An ECDSA key signs, nothing else: Bun, Java and Chromium refuse other usages alone. */
const ECDSA_USAGE: readonly KeyUsage[] = ["digitalSignature"];

/** keyEncipherment is for the RSA key exchange of TLS 1.2 (RFC 5246, 7.4.2), which old clients still pick. */
const RSA_USAGE: readonly KeyUsage[] = ["digitalSignature", "keyEncipherment"];

function ecdsa(
  type: KeyType,
  namedCurve: string,
  hash: string,
  signature: string,
  curve: string,
  size: number,
  pkcs8Size: number,
): KeyAlgorithm {
  let encoded: Bytes | undefined;
  let curveAlgorithm: Bytes | undefined;
  return {
    type,
    label: namedCurve,
    generate: { name: "ECDSA", namedCurve },
    sign: { name: "ECDSA", hash },
    get signatureAlgorithm() {
      return encoded ??= sequence(oid(signature)); // RFC 5758, 3.2: no parameters
    },
    ecdsaSize: size,
    pkcs8Size,
    get curveAlgorithm() {
      return curveAlgorithm ??= sequence(oid(OID.ecPublicKey), oid(curve));
    },
    tlsKeyUsage: ECDSA_USAGE,
  };
}

function rsa(type: KeyType, modulusLength: number): KeyAlgorithm {
  const name = "RSASSA-PKCS1-v1_5";
  let encoded: Bytes | undefined;
  return {
    type,
    label: `RSA ${modulusLength}`,
    // 65537: the exponent that every client takes (CA/Browser Forum BR, 6.1.6).
    generate: { name, modulusLength, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" },
    sign: { name, hash: "SHA-256" },
    get signatureAlgorithm() {
      return encoded ??= sequence(oid(OID.sha256WithRsa), nullValue()); // RFC 4055, 5: NULL
    },
    ecdsaSize: undefined,
    curveAlgorithm: undefined,
    pkcs8Size: undefined,
    tlsKeyUsage: RSA_USAGE,
  };
}

/** Every key type. P-256 is the default: fast everywhere, accepted everywhere. */
export const KEY_ALGORITHMS: Readonly<Record<KeyType, KeyAlgorithm>> = {
  p256: ecdsa("p256", "P-256", "SHA-256", OID.ecdsaWithSha256, OID.prime256v1, 32, 138),
  // RFC 5480, 4: a hash as strong as the curve.
  p384: ecdsa("p384", "P-384", "SHA-384", OID.ecdsaWithSha384, OID.secp384r1, 48, 185),
  rsa2048: rsa("rsa2048", 2048),
  rsa3072: rsa("rsa3072", 3072),
  rsa4096: rsa("rsa4096", 4096),
};

/** Whether a word names a key type. */
export function isKeyType(word: string): word is KeyType {
  return Object.hasOwn(KEY_ALGORITHMS, word);
}

/**
 * Generates a key pair.
 * @param extractable False for a key that must never leave this process; the public half is exportable always.
 */
export async function generateKey(type: KeyType, extractable: boolean): Promise<CryptoKeyPair> {
  const { generate } = KEY_ALGORITHMS[type];
  const pair = await crypto.subtle.generateKey(generate, extractable, ["sign", "verify"]);
  return pair as CryptoKeyPair;
}

const ENTRIES = Object.values(KEY_ALGORITHMS);

/** What WebCrypto may say of a key. */
type AnyParameters = Algorithm & Partial<EcKeyAlgorithm & RsaKeyAlgorithm>;

/** The table's entry for a key that WebCrypto holds. Throws KEY_INVALID where there is none. */
export function algorithmOf({ algorithm }: CryptoKey): KeyAlgorithm {
  const { name, namedCurve, modulusLength } = algorithm as AnyParameters;
  for (const entry of ENTRIES) {
    const wanted: AnyParameters = entry.generate;
    if (
      wanted.name === name && wanted.namedCurve === namedCurve &&
      wanted.modulusLength === modulusLength
    ) return entry;
  }
  const kind = modulusLength === undefined
    ? `${name} ${namedCurve ?? ""}`.trim()
    : `RSA ${modulusLength}`;
  throw keyError(`${kind} keys are not supported`);
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
 * import { algorithmOf, exportPkcs8, generateKey, importPkcs8 } from "./keys.ts";
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

function keyError(state: string, cause?: unknown): LocalTlsError {
  return new LocalTlsError("KEY_INVALID", `Cannot use the private key: ${state}`, { cause });
}
