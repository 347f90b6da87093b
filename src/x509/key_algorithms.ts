/**
 * The table of key types that localtls generates and signs with.
 *
 * A further type is a further entry. Not in it, by facts/certificate-profiles.md: Ed25519 (Chromium and
 * Firefox refuse), P-521 (Chromium refuses), RSA-PSS keys (Deno and Firefox refuse).
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { nullValue, oid, sequence } from "../der/encode.ts";
import { OID } from "../der/oids.ts";
import { LocalTlsError } from "../errors.ts";
import type { KeyUsage } from "./key_usage.ts";

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

/** KEY_INVALID, for a private key. @param state What is wrong with it. */
export function keyError(state: string, cause?: unknown): LocalTlsError {
  return new LocalTlsError("KEY_INVALID", `Cannot use the private key: ${state}`, { cause });
}
