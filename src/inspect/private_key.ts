/**
 * Private keys in the forms that files have, brought to PKCS#8, and which public key they belong to.
 *
 * What leaves this file of a key is its kind, its size and its public half.
 *
 * @module
 */

import { type Bytes, equalBytes, toBytes } from "../bytes.ts";
import { decodeIntegerUnsigned, decodeOid, DerReader } from "../der/decode.ts";
import { bitString, integer, nullValue, octetString, oid, sequence } from "../der/encode.ts";
import { OID, oidName } from "../der/oids.ts";
import { contextConstructed, TAG } from "../der/tags.ts";
import { LocalTlsError } from "../errors.ts";
import {
  type AlgorithmIdentifier,
  parsePublicKeyInfo,
  readAlgorithmIdentifier,
} from "../x509/algorithm_identifier.ts";
import { parsePrivateKeyInfo, readNamedCurve } from "../x509/private_key_info.ts";
import { CURVES } from "../x509/public_key.ts";

/** PKCS#1 RSAPrivateKey (RFC 8017, A.1.2) as PKCS#8. */
export function wrapPkcs1(der: Bytes): Bytes {
  return sequence(integer(0), sequence(oid(OID.rsaEncryption), nullValue()), octetString(der));
}

/** SEC 1 ECPrivateKey (RFC 5915, 3) as PKCS#8. Throws DER_INVALID, KEY_INVALID where it does not name its curve. */
export function wrapSec1(der: Bytes): Bytes {
  const outer = new DerReader(der, "EC private key");
  const reader = outer.enter("ecPrivateKey");
  reader.read("version", TAG.integer);
  reader.read("privateKey", TAG.octetString);
  if (reader.peekTag() !== contextConstructed(0)) {
    throw new LocalTlsError("KEY_INVALID", "Cannot read the EC private key: it names no curve");
  }
  const parameters = reader.enter("parameters", contextConstructed(0)).read("curve").tlv;
  return sequence(
    integer(0),
    sequence(oid(OID.ecPublicKey), parameters),
    octetString(der),
  );
}

/** PKCS#1 RSAPublicKey as SubjectPublicKeyInfo. */
export function wrapPkcs1Public(der: Bytes): Bytes {
  return sequence(sequence(oid(OID.rsaEncryption), nullValue()), bitString(der));
}

/** "RSA 2048", "P-256": without looking at the secret numbers. Throws DER_INVALID. */
export function privateKeyLabel(pkcs8: Bytes): string {
  const { algorithm, privateKey } = parsePrivateKeyInfo(pkcs8);
  switch (algorithm.algorithm) {
    case OID.rsaEncryption:
    case OID.rsassaPss: {
      const reader = new DerReader(privateKey, "RSA private key").enter("rsaPrivateKey");
      reader.read("version", TAG.integer);
      const modulus = decodeIntegerUnsigned(reader.read("modulus", TAG.integer));
      const bits = modulus.length * 8 - Math.clz32((modulus[0] ?? 0) << 24);
      return `${algorithm.algorithm === OID.rsassaPss ? "RSA-PSS" : "RSA"} ${bits}`;
    }
    case OID.ecPublicKey: {
      const curve = readNamedCurve(algorithm);
      return curve === undefined
        ? "EC, explicit parameters"
        : CURVES[curve]?.name ?? `EC ${oidName(curve)}`;
    }
    case OID.ed25519:
      return "Ed25519";
    case OID.ed448:
      return "Ed448";
    default:
      return oidName(algorithm.algorithm);
  }
}

/** What an EncryptedPrivateKeyInfo is encrypted with: "PBES2, aes256Cbc". Throws DER_INVALID. */
export function encryptionLabel(der: Bytes): string {
  const reader = new DerReader(der, "encrypted key").enter("encryptedPrivateKeyInfo");
  const algorithm = readAlgorithmIdentifier(reader, "encryptionAlgorithm");
  if (algorithm.algorithm !== OID.pbes2 || algorithm.parameters === undefined) {
    return oidName(algorithm.algorithm);
  }
  const parameters = new DerReader(algorithm.parameters, "pbes2").enter("parameters");
  parameters.read("keyDerivationFunc", TAG.sequence);
  const scheme = parameters.enter("encryptionScheme");
  return `PBES2, ${oidName(decodeOid(scheme.read("algorithm", TAG.oid)))}`;
}

/** Any fixed octets: only the pair of operations matters. */
const PROBE = Uint8Array.of(0x69, 0x6e, 0x73, 0x70, 0x65, 0x63, 0x74);

/**
 * Whether a private key belongs to a public key: one signs, the other verifies, because the public half that a
 * private key's file carries is a claim. Undefined where WebCrypto does not know such keys.
 *
 * @param pkcs8 PrivateKeyInfo DER.
 * @param spki SubjectPublicKeyInfo TLV.
 */
export async function belongsTogether(pkcs8: Bytes, spki: Bytes): Promise<boolean | undefined> {
  const { algorithm } = parsePrivateKeyInfo(pkcs8);
  const other = parsePublicKeyInfo(spki).algorithm;
  if (algorithm.algorithm !== other.algorithm) return false;
  if (algorithm.algorithm === OID.ecPublicKey && !sameParameters(algorithm, other)) return false;
  const params = signingParams(algorithm);
  if (params === undefined) return undefined;
  try {
    const { subtle } = crypto;
    const privateKey = await subtle.importKey("pkcs8", toBytes(pkcs8), params, false, ["sign"]);
    const publicKey = await subtle.importKey("spki", toBytes(spki), params, false, ["verify"]);
    const signature = await subtle.sign(params, privateKey, PROBE);
    return await subtle.verify(params, publicKey, signature, PROBE);
  } catch {
    // The runtime has not this curve or size, or the numbers are no key.
    return undefined;
  }
}

function sameParameters(a: AlgorithmIdentifier, b: AlgorithmIdentifier): boolean {
  return a.parameters !== undefined && b.parameters !== undefined &&
    equalBytes(a.parameters, b.parameters);
}

function signingParams(algorithm: AlgorithmIdentifier) {
  if (algorithm.algorithm === OID.rsaEncryption) {
    return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  }
  if (algorithm.algorithm === OID.ed25519) return { name: "Ed25519" };
  const namedCurve = CURVES[readNamedCurve(algorithm) ?? ""]?.name;
  if (algorithm.algorithm !== OID.ecPublicKey || namedCurve === undefined) return undefined;
  return { name: "ECDSA", namedCurve, hash: "SHA-256" };
}
