/**
 * Signatures between the certificates of a path (RFC 5280, 6.1.3 (a) (1)), with WebCrypto.
 *
 * What WebCrypto does not judge alike in every runtime is judged here first: parameters, the length of an RSA
 * signature, the DER and the range of ECDSA's r and s.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../../bytes.ts";
import { decodeSmallInteger, DerReader } from "../../der/decode.ts";
import { nullValue } from "../../der/encode.ts";
import { OID } from "../../der/oids.ts";
import { contextConstructed, TAG } from "../../der/tags.ts";
import { LocalTlsError } from "../../errors.ts";
import { readAlgorithmIdentifier } from "../../x509/algorithm_identifier.ts";
import type { Certificate } from "../../x509/certificate.ts";
import { ecdsaDerToRaw } from "../../x509/signature.ts";
import { importForVerifying, type PathKey } from "./public_key.ts";
import { type Fault, fault } from "./reason.ts";

/** A signature algorithm in WebCrypto's words. */
type SignatureScheme =
  | { readonly name: "ECDSA" | "RSASSA-PKCS1-v1_5"; readonly hash: string }
  | { readonly name: "RSA-PSS"; readonly hash: string; readonly saltLength: number }
  | { readonly name: "Ed25519" };

const SCHEMES: Readonly<Record<string, SignatureScheme>> = {
  [OID.ecdsaWithSha256]: { name: "ECDSA", hash: "SHA-256" },
  [OID.ecdsaWithSha384]: { name: "ECDSA", hash: "SHA-384" },
  [OID.ecdsaWithSha512]: { name: "ECDSA", hash: "SHA-512" },
  [OID.sha256WithRsa]: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  [OID.sha384WithRsa]: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" },
  [OID.sha512WithRsa]: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" },
  [OID.ed25519]: { name: "Ed25519" },
};

const WEAK: Readonly<Record<string, string>> = {
  [OID.md2WithRsa]: "MD2",
  [OID.md5WithRsa]: "MD5",
  [OID.sha1WithRsa]: "SHA-1",
  [OID.ecdsaWithSha1]: "SHA-1",
};

/** Hashes that RSA-PSS is accepted with, and their octets. */
const PSS_HASHES: Readonly<Record<string, { readonly name: string; readonly length: number }>> = {
  [OID.sha256]: { name: "SHA-256", length: 32 },
  [OID.sha384]: { name: "SHA-384", length: 48 },
  [OID.sha512]: { name: "SHA-512", length: 64 },
};

const FIELD = "signatureAlgorithm";

/** Why the signature of a certificate cannot be taken whoever made it; undefined where it can. */
export function signatureAlgorithmFault(certificate: Certificate): Fault | undefined {
  const scheme = readScheme(certificate);
  return "code" in scheme ? scheme : undefined;
}

function readScheme(
  { signatureAlgorithm, signatureParameters }: Certificate,
): SignatureScheme | Fault {
  const weak = WEAK[signatureAlgorithm];
  if (weak !== undefined) {
    const state = `it is signed with ${weak}, which can be forged`;
    return fault("SIGNATURE_ALGORITHM_WEAK", FIELD, "BR, 7.1.3.2; RFC 9155", state);
  }
  if (signatureAlgorithm === OID.rsassaPss) return readPss(signatureParameters);
  const scheme = SCHEMES[signatureAlgorithm];
  if (scheme === undefined) {
    return unsupported(`it is signed with the algorithm ${signatureAlgorithm}`);
  }
  // RFC 5758, 3.2 and RFC 8410, 3: none. RFC 4055, 5: NULL, and readers take its absence.
  const fits = signatureParameters === undefined ||
    (scheme.name === "RSASSA-PKCS1-v1_5" && equalBytes(signatureParameters, nullValue()));
  return fits ? scheme : unsupported("its signature algorithm has parameters that do not fit");
}

function unsupported(state: string): Fault {
  return fault("SIGNATURE_ALGORITHM_UNSUPPORTED", FIELD, "RFC 5280, 4.1.1.2", state);
}

/**
 * RSASSA-PSS-params (RFC 4055, 3.1), narrowed to what the CA/Browser Forum BR, 7.1.3.2.1 allow: SHA-2, MGF1 with the same
 * hash, a salt as long as the hash.
 */
function readPss(parameters: Bytes | undefined): SignatureScheme | Fault {
  const refused = unsupported("its RSA-PSS parameters are none of SHA-2 with MGF1 of the same");
  if (parameters === undefined) return refused;
  try {
    const outer = new DerReader(parameters, FIELD);
    const reader = outer.enter("parameters");
    outer.finish();
    const explicit = <T>(n: number, decode: (inner: DerReader) => T): T => {
      const inner = reader.enter(`[${n}]`, contextConstructed(n));
      const value = decode(inner);
      inner.finish();
      return value;
    };
    const digest = explicit(0, (inner) => readAlgorithmIdentifier(inner, "hashAlgorithm"));
    const mask = explicit(1, (inner) => readAlgorithmIdentifier(inner, "maskGenAlgorithm"));
    const saltLength = explicit(
      2,
      (inner) => decodeSmallInteger(inner.read("saltLength", TAG.integer), 1024),
    );
    const hash = PSS_HASHES[digest.algorithm];
    reader.finish(); // the trailer field has its default, which DER leaves out
    if (hash === undefined || mask.algorithm !== OID.mgf1 || mask.parameters === undefined) {
      return refused;
    }
    const maskHash = PSS_HASHES[
      readAlgorithmIdentifier(new DerReader(mask.parameters, FIELD), "maskGenHash").algorithm
    ];
    if (maskHash !== hash || saltLength !== hash.length) return refused;
    return { name: "RSA-PSS", hash: hash.name, saltLength };
  } catch (error) {
    if (error instanceof LocalTlsError) return refused;
    throw error;
  }
}

/** Whether `subject` was signed with the private half of `key`. Never throws: what cannot be checked is not good. */
export async function isSignedWith(subject: Certificate, key: PathKey): Promise<boolean> {
  const scheme = readScheme(subject);
  if ("code" in scheme) return false;
  let signature: Bytes | undefined = subject.signature;
  let params: { name: string; hash?: string; namedCurve?: string } = scheme;
  switch (scheme.name) {
    case "ECDSA":
      if (key.type !== "ec") return false;
      params = { ...scheme, namedCurve: key.curve };
      signature = ecdsaSignature(signature, key.size);
      break;
    case "Ed25519":
      if (key.type !== "ed25519") return false;
      break;
    default:
      if (key.type !== "rsa" || key.fault !== undefined) return false;
      // RFC 8017, 8.2.2, step 1: exactly as long as the modulus.
      if (signature.length !== Math.ceil(key.modulusBits / 8)) return false;
  }
  if (signature === undefined) return false;
  try {
    const imported = await importForVerifying(key, params);
    return await crypto.subtle.verify(scheme, imported, signature, subject.tbs);
  } catch {
    return false; // a point that is not on its curve, and the like
  }
}

/** r || s; undefined where the DER is not strict or a number is zero (SEC 1, 4.1.4, step 1). */
function ecdsaSignature(der: Bytes, size: number): Bytes | undefined {
  const raw = ecdsaDerToRaw(der, size);
  const isZero = (octets: Bytes) => octets.every((octet) => octet === 0);
  if (raw === undefined || isZero(raw.subarray(0, size)) || isZero(raw.subarray(size))) return;
  return raw;
}
