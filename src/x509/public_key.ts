/**
 * What a public key is, for people and for policy.
 *
 * @module
 */

import { decodeIntegerUnsigned, DerReader } from "../der/decode.ts";
import { OID } from "../der/oids.ts";
import { TAG } from "../der/tags.ts";
import { parsePublicKeyInfo } from "./algorithm_identifier.ts";
import { readNamedCurve } from "./private_key_info.ts";

/** Elliptic curves by OID: the name in WebCrypto and in messages, and octets of a coordinate. */
export const CURVES: Readonly<Record<string, { readonly name: string; readonly size: number }>> = {
  [OID.prime256v1]: { name: "P-256", size: 32 },
  [OID.secp384r1]: { name: "P-384", size: 48 },
  [OID.secp521r1]: { name: "P-521", size: 66 },
};

/** A public key in words. */
export interface PublicKeyDescription {
  /** "P-256", "RSA 2048", "Ed25519"; the algorithm's OID where it is unknown. */
  readonly label: string;
  /** Bits of the RSA modulus; undefined for other keys. */
  readonly modulusBits: number | undefined;
}

/**
 * Describes a SubjectPublicKeyInfo. Throws DER_INVALID where it or its RSA key is malformed.
 * @param spki TLV.
 */
export function describePublicKey(spki: Uint8Array): PublicKeyDescription {
  const { algorithm, bits } = parsePublicKeyInfo(spki);
  switch (algorithm.algorithm) {
    case OID.rsaEncryption:
    case OID.rsassaPss: {
      const modulusBits = readModulusBits(bits);
      const family = algorithm.algorithm === OID.rsassaPss ? "RSA-PSS" : "RSA";
      return { label: `${family} ${modulusBits}`, modulusBits };
    }
    case OID.ecPublicKey: {
      const curve = readNamedCurve(algorithm);
      const label = curve === undefined
        ? "EC, explicit parameters"
        : CURVES[curve]?.name ?? `EC ${curve}`;
      return { label, modulusBits: undefined };
    }
    case OID.ed25519:
      return { label: "Ed25519", modulusBits: undefined };
    case OID.ed448:
      return { label: "Ed448", modulusBits: undefined };
    default:
      return { label: algorithm.algorithm, modulusBits: undefined };
  }
}

/** RSAPublicKey (RFC 8017, A.1.1). */
function readModulusBits(bits: Uint8Array): number {
  const outer = new DerReader(bits, "public key");
  const reader = outer.enter("rsaPublicKey");
  outer.finish();
  const modulus = decodeIntegerUnsigned(reader.read("modulus", TAG.integer));
  decodeIntegerUnsigned(reader.read("publicExponent", TAG.integer));
  reader.finish();
  return modulus.length * 8 - Math.clz32((modulus[0] ?? 0) << 24);
}
