/**
 * Public keys of certificates in a path: which are understood, which are strong enough, and their import.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import { decodeIntegerUnsigned, DerReader } from "../../der/decode.ts";
import { OID } from "../../der/oids.ts";
import { TAG } from "../../der/tags.ts";
import { parsePublicKeyInfo } from "../../x509/algorithm_identifier.ts";
import type { Certificate } from "../../x509/certificate.ts";
import { readNamedCurve } from "../../x509/private_key_info.ts";
import { CURVES } from "../../x509/public_key.ts";
import { type Fault, fault } from "./reason.ts";

/** A public key, read. */
export type PathKey =
  & {
    readonly spki: Bytes;
    /** Keys as WebCrypto has them, by the parameters of their import: one for each hash at most. */
    readonly imported: Map<string, Promise<CryptoKey>>;
  }
  & (
    | { readonly type: "rsa"; readonly modulusBits: number; readonly fault: Fault | undefined }
    | { readonly type: "ec"; readonly curve: string; readonly size: number }
    | { readonly type: "ed25519" }
    | { readonly type: "other"; readonly fault: Fault }
  );

/** Bits: CA/Browser Forum BR, 6.1.5; NIST SP 800-57 for the years after 2030 asks for more than this. */
const MIN_MODULUS_BITS = 2048;

/** Bits. Verifying costs the square; Go stops at 8192 too (CVE-2023-29409). */
const MAX_MODULUS_BITS = 8192;

/** Octets of an exponent: as Go and Chromium, so that verifying stays cheap. */
const MAX_EXPONENT_OCTETS = 4;

const FIELD = "subjectPublicKeyInfo";

/** Reads the key. Throws DER_INVALID where an RSA key is malformed. */
export function readPathKey({ spki }: Pick<Certificate, "spki">): PathKey {
  const info = parsePublicKeyInfo(spki);
  const imported = new Map<string, Promise<CryptoKey>>();
  const { algorithm, parameters } = info.algorithm;
  switch (algorithm) {
    case OID.rsaEncryption:
      // RFC 3279, 2.3.1: the parameters are NULL.
      if (parameters?.length !== 2 || parameters[0] !== TAG.null) {
        return other(spki, "the parameters of its RSA key are not NULL");
      }
      return { spki, imported, type: "rsa", ...readRsa(info.bits) };
    case OID.ecPublicKey: {
      const oid = readNamedCurve(info.algorithm);
      // BR, 7.1.3.1.2 and RFC 5480, 2.1.1: explicit parameters let an attacker choose the generator (CVE-2020-0601).
      if (oid === undefined) return other(spki, "its elliptic curve is given by parameters");
      const curve = CURVES[oid];
      if (curve === undefined) return other(spki, `its elliptic curve is ${oid}`);
      // RFC 5480, 2.2. Compressed points, which are optional there, no runtime takes alike.
      if (info.bits[0] !== 4 || info.bits.length !== 1 + 2 * curve.size) {
        return other(spki, "its point is not written uncompressed");
      }
      return { spki, imported, type: "ec", curve: curve.name, size: curve.size };
    }
    case OID.ed25519:
      if (parameters !== undefined || info.bits.length !== 32) {
        return other(spki, "its Ed25519 key is malformed");
      }
      return { spki, imported, type: "ed25519" };
    default:
      return other(spki, `its key has the algorithm ${algorithm}`);
  }
}

function other(spki: Bytes, state: string): PathKey {
  const problem = fault("KEY_UNSUPPORTED", FIELD, "RFC 5480, 2; BR, 7.1.3.1", state);
  return { spki, imported: new Map(), type: "other", fault: problem };
}

/** RSAPublicKey (RFC 8017, A.1.1). */
function readRsa(bits: Bytes): { modulusBits: number; fault: Fault | undefined } {
  const outer = new DerReader(bits, FIELD);
  const reader = outer.enter("rsaPublicKey");
  outer.finish();
  const modulus = decodeIntegerUnsigned(reader.read("modulus", TAG.integer));
  const exponent = decodeIntegerUnsigned(reader.read("publicExponent", TAG.integer));
  reader.finish();
  const modulusBits = modulus.length * 8 - Math.clz32((modulus[0] ?? 0) << 24);
  const odd = (octets: Bytes) => ((octets[octets.length - 1] ?? 0) & 1) === 1;
  const state = modulusBits < MIN_MODULUS_BITS
    ? `its RSA key has ${modulusBits} bits, less than ${MIN_MODULUS_BITS}`
    : modulusBits > MAX_MODULUS_BITS
    ? `its RSA key has ${modulusBits} bits, more than ${MAX_MODULUS_BITS}`
    : !odd(modulus)
    ? "its RSA modulus is even"
    : !odd(exponent) || exponent.length > MAX_EXPONENT_OCTETS ||
        (exponent.length === 1 && exponent[0] === 1)
    ? "its RSA exponent is 1, even, or above 32 bits"
    : undefined;
  const problem = state === undefined
    ? undefined
    : fault("KEY_WEAK", FIELD, "BR, 6.1.5 and 6.1.6", state);
  return { modulusBits, fault: problem };
}

/** What is wrong with a key in every profile. */
export function keyFault(key: PathKey): Fault | undefined {
  return key.type === "rsa" || key.type === "other" ? key.fault : undefined;
}

/** The key for a kind of signature; imported once, kept with the certificate. Rejects where its numbers are none. */
export function importForVerifying(
  key: PathKey,
  params: { readonly name: string; readonly hash?: string; readonly namedCurve?: string },
): Promise<CryptoKey> {
  const label = `${params.name} ${params.hash ?? ""}`;
  let pending = key.imported.get(label);
  if (pending === undefined) {
    pending = crypto.subtle.importKey("spki", key.spki, params, false, ["verify"]);
    // Whoever awaits it sees it fail; kept, it would count as unhandled until then.
    pending.catch(() => undefined);
    key.imported.set(label, pending);
  }
  return pending;
}
