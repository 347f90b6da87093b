/**
 * Signatures of certificates: making ours, checking everybody's with WebCrypto.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../bytes.ts";
import { decodeIntegerUnsigned, DerReader } from "../der/decode.ts";
import { integerBytes, nullValue, sequence } from "../der/encode.ts";
import { OID } from "../der/oids.ts";
import { TAG } from "../der/tags.ts";
import { LocalTlsError } from "../errors.ts";
import { parsePublicKeyInfo } from "./algorithm_identifier.ts";
import type { Certificate } from "./certificate.ts";
import { algorithmOf } from "./key_algorithms.ts";
import { readNamedCurve } from "./private_key_info.ts";
import { CURVES } from "./public_key.ts";

/**
 * Signs the TLV of a TBSCertificate or CertificationRequestInfo.
 * @returns The content of the signature's BIT STRING; its algorithm is `algorithmOf(key).signatureAlgorithm`.
 */
export async function sign(key: CryptoKey, tbs: Bytes): Promise<Bytes> {
  const algorithm = algorithmOf(key);
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm.sign, key, tbs));
  return algorithm.ecdsaSize === undefined ? signature : ecdsaRawToDer(signature);
}

/** WebCrypto's r || s as ECDSA-Sig-Value (RFC 3279, 2.2.3). */
export function ecdsaRawToDer(raw: Uint8Array): Bytes {
  const half = raw.length / 2;
  return sequence(integerBytes(raw.subarray(0, half)), integerBytes(raw.subarray(half)));
}

/**
 * ECDSA-Sig-Value as r || s for WebCrypto; undefined where it is malformed or too large for the curve.
 * @param size Octets of a coordinate.
 */
export function ecdsaDerToRaw(der: Uint8Array, size: number): Bytes | undefined {
  const out = new Uint8Array(2 * size);
  try {
    const outer = new DerReader(der, "signature");
    const reader = outer.enter("ecdsaSigValue");
    outer.finish();
    const r = decodeIntegerUnsigned(reader.read("r", TAG.integer));
    const s = decodeIntegerUnsigned(reader.read("s", TAG.integer));
    reader.finish();
    if (r.length > size || s.length > size) return undefined;
    out.set(r, size - r.length);
    out.set(s, 2 * size - s.length);
  } catch (error) {
    if (error instanceof LocalTlsError) return undefined;
    throw error;
  }
  return out;
}

/** What a signature algorithm needs. SHA-1 is listed for old roots, whose own signature protects nothing. */
interface SignatureAlgorithm {
  readonly name: "ECDSA" | "RSASSA-PKCS1-v1_5" | "Ed25519";
  readonly hash: string;
}

const SIGNATURE_ALGORITHMS: Readonly<Record<string, SignatureAlgorithm>> = {
  [OID.ecdsaWithSha256]: { name: "ECDSA", hash: "SHA-256" },
  [OID.ecdsaWithSha384]: { name: "ECDSA", hash: "SHA-384" },
  [OID.ecdsaWithSha512]: { name: "ECDSA", hash: "SHA-512" },
  [OID.ecdsaWithSha1]: { name: "ECDSA", hash: "SHA-1" },
  [OID.sha256WithRsa]: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  [OID.sha384WithRsa]: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" },
  [OID.sha512WithRsa]: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" },
  [OID.sha1WithRsa]: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-1" },
  [OID.ed25519]: { name: "Ed25519", hash: "" },
};

/** Options of {@link verifySignature}. */
export interface VerifyOptions {
  /** For the self-signature of a root alone. Forged SHA-1 certificates exist (shattered.io, SHA-mbles). */
  readonly allowSha1?: boolean;
}

/**
 * Whether a certificate was signed with the private key that belongs to `issuerSpki`. Names, dates and
 * extensions are not looked at.
 *
 * Throws CERTIFICATE_INVALID where the algorithm is none that can be checked here (MD5, SHA-1 unless
 * allowed, RSA-PSS, Ed448, unusual curves), DER_INVALID where `issuerSpki` is malformed.
 * @param issuerSpki SubjectPublicKeyInfo TLV.
 */
export async function verifySignature(
  certificate: Pick<
    Certificate,
    "tbs" | "signature" | "signatureAlgorithm" | "signatureParameters"
  >,
  issuerSpki: Uint8Array,
  options: VerifyOptions = {},
): Promise<boolean> {
  const oid = certificate.signatureAlgorithm;
  const algorithm = SIGNATURE_ALGORITHMS[oid];
  if (algorithm === undefined || (algorithm.hash === "SHA-1" && options.allowSha1 !== true)) {
    throw unsupported(`signatures of the algorithm ${oid} cannot be checked`);
  }
  if (!parametersFit(certificate.signatureParameters, algorithm)) return false;
  const info = parsePublicKeyInfo(issuerSpki);
  let params: { name: string; hash: string; namedCurve?: string } = algorithm;
  let signature: Bytes | undefined = certificate.signature;
  if (algorithm.name === "ECDSA") {
    if (info.algorithm.algorithm !== OID.ecPublicKey) return false;
    const curve = CURVES[readNamedCurve(info.algorithm) ?? ""];
    if (curve === undefined) throw unsupported("the issuer's elliptic curve is not supported");
    params = { ...algorithm, namedCurve: curve.name };
    signature = ecdsaDerToRaw(certificate.signature, curve.size);
  } else {
    const expected = algorithm.name === "Ed25519" ? OID.ed25519 : OID.rsaEncryption;
    if (info.algorithm.algorithm !== expected) return false;
  }
  if (signature === undefined) return false;
  try {
    const key = await crypto.subtle.importKey("spki", info.tlv, params, false, ["verify"]);
    return await crypto.subtle.verify(params, key, signature, certificate.tbs);
  } catch (cause) {
    throw unsupported("the issuer's public key cannot be used", cause);
  }
}

/** RFC 5758, 3.2 and RFC 8410, 3: none. RFC 4055, 5: NULL, which some leave out. */
function parametersFit(parameters: Bytes | undefined, { name }: SignatureAlgorithm): boolean {
  if (parameters === undefined) return true;
  return name === "RSASSA-PKCS1-v1_5" && equalBytes(parameters, nullValue());
}

/**
 * Whether a certificate is signed with its own key, which is what makes a root (RFC 5280, 3.2).
 * Throws as {@link verifySignature} does; SHA-1 is allowed, as nothing rests on a root's own signature.
 */
export async function isSelfSigned(certificate: Certificate): Promise<boolean> {
  if (!certificate.selfIssued) return false;
  return await verifySignature(certificate, certificate.spki, { allowSha1: true });
}

function unsupported(state: string, cause?: unknown): LocalTlsError {
  return new LocalTlsError("CERTIFICATE_INVALID", `Cannot check a signature: ${state}`, { cause });
}
