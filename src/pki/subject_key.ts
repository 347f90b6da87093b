/**
 * The key of a certificate that is about to be issued: a new one, one that is kept, or one that somebody
 * else has and only asks for.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import { parsePublicKeyInfo } from "../x509/algorithm_identifier.ts";
import {
  algorithmOf,
  KEY_ALGORITHMS,
  type KeyAlgorithm,
  type KeyType,
} from "../x509/key_algorithms.ts";
import {
  exportPkcs8,
  exportPublicKey,
  generateKey,
  importPkcs8,
  publicKeyInside,
  type PublicKeyParts,
} from "../x509/keys.ts";
import type { KeyUsage } from "../x509/key_usage.ts";

/** Where the key comes from; a new P-256 key if nothing is said. */
export interface SubjectKeyOptions {
  /** Type of a new key. */
  readonly keyType?: KeyType | undefined;
  /** SubjectPublicKeyInfo TLV of a request: then there is no private key here. */
  readonly publicKey?: Bytes | undefined;
  /** A key that is kept: an extractable pair, or PKCS#8 DER. */
  readonly reuseKey?: CryptoKeyPair | Bytes | undefined;
}

/** A key as issuing needs it. */
export interface SubjectKey {
  /** SubjectPublicKeyInfo TLV. */
  readonly spki: Bytes;
  /** Content of its BIT STRING. */
  readonly publicKeyBits: Bytes;
  /** PKCS#8 DER; undefined where somebody else has it. Secret. */
  readonly pkcs8: Bytes | undefined;
  /** "p256", "rsa2048"; requests may have RSA keys of other sizes: "rsa2560". */
  readonly keyType: string;
  readonly usages: readonly KeyUsage[];
}

/**
 * Makes or takes the key. Throws KEY_INVALID for a public key that clients refuse and for a kept key
 * that is none; DER_INVALID where it is malformed.
 */
export async function subjectKey(options: SubjectKeyOptions): Promise<SubjectKey> {
  const { keyType, publicKey, reuseKey } = options;
  if (publicKey !== undefined) return await keyOfRequest(publicKey);
  if (reuseKey !== undefined) return await keptKey(reuseKey);
  return await newKey(keyType ?? "p256");
}

async function newKey(keyType: KeyType): Promise<SubjectKey> {
  const pair = await generateKey(keyType, true);
  const algorithm = KEY_ALGORITHMS[keyType];
  const pkcs8 = await exportPkcs8(pair.privateKey);
  const half = publicKeyInside(pkcs8, algorithm) ??
    await exportPublicKey(pair.publicKey, algorithm);
  return describe(algorithm, pkcs8, half);
}

async function keyOfPair(pair: CryptoKeyPair): Promise<SubjectKey> {
  const algorithm = algorithmOf(pair.privateKey);
  const [pkcs8, half] = await Promise.all([
    exportPkcs8(pair.privateKey),
    exportPublicKey(pair.publicKey, algorithm),
  ]);
  return describe(algorithm, pkcs8, half);
}

function describe(algorithm: KeyAlgorithm, pkcs8: Bytes, half: PublicKeyParts): SubjectKey {
  return {
    spki: half.spki,
    publicKeyBits: half.bits,
    pkcs8,
    keyType: algorithm.type,
    usages: algorithm.tlsKeyUsage,
  };
}

/** The public half is computed from the private one: what PKCS#8 says about it is only a claim. */
async function keptKey(kept: CryptoKeyPair | Bytes): Promise<SubjectKey> {
  if (!(kept instanceof Uint8Array)) return await keyOfPair(kept);
  const privateKey = await importPkcs8(kept, true);
  const { generate, sign } = algorithmOf(privateKey);
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey("jwk", privateKey);
  const half = kty === "RSA" ? { kty, n, e } : { kty, crv, x, y };
  try {
    const publicKey = await crypto.subtle.importKey(
      "jwk",
      half as JsonWebKey,
      { ...generate, hash: sign.hash },
      true,
      ["verify"],
    );
    return await keyOfPair({ privateKey, publicKey });
  } catch (cause) {
    if (cause instanceof LocalTlsError) throw cause;
    const message = "Cannot use the private key: it has no public half";
    throw new LocalTlsError("KEY_INVALID", message, { cause });
  }
}

/** Policy is loaded for requests alone: a certificate with a new key does not pay for it. */
async function keyOfRequest(spki: Bytes): Promise<SubjectKey> {
  const { checkTlsPublicKey } = await import("../x509/public_key_policy.ts");
  const { describePublicKey } = await import("../x509/public_key.ts");
  checkTlsPublicKey(spki);
  const { label, modulusBits } = describePublicKey(spki);
  return {
    spki,
    publicKeyBits: parsePublicKeyInfo(spki).bits,
    pkcs8: undefined,
    keyType: modulusBits === undefined ? label.toLowerCase().replace("-", "") : `rsa${modulusBits}`,
    usages: KEY_ALGORITHMS[modulusBits === undefined ? "p256" : "rsa2048"].tlsKeyUsage,
  };
}
