/**
 * Which public keys of others a TLS certificate is issued for.
 *
 * @module
 */

import { equalBytes } from "../bytes.ts";
import { decodeIntegerUnsigned, DerReader } from "../der/decode.ts";
import { nullValue } from "../der/encode.ts";
import { OID } from "../der/oids.ts";
import { TAG } from "../der/tags.ts";
import { LocalTlsError } from "../errors.ts";
import { parsePublicKeyInfo, type PublicKeyInfo } from "./algorithm_identifier.ts";
import { readNamedCurve } from "./private_key_info.ts";
import { CURVES, describePublicKey } from "./public_key.ts";

/** Bits. The CA/Browser Forum BR, 6.1.5; browsers and Apple refuse less. */
const MIN_MODULUS_BITS = 2048;

/** Bits. Go's TLS refuses more (crypto/tls, CVE-2023-29409), since verifying costs too much. */
const MAX_MODULUS_BITS = 8192;

/** FIPS 186-5, 5.1: above 2^16; small exponents have made forgeries possible again and again. */
const MIN_EXPONENT = 65537n;

/** Go's crypto/rsa takes nothing above 2^31 - 1. */
const MAX_EXPONENT = 2n ** 31n - 1n;

/** Curves that every client takes: Chromium refuses P-521 (facts of the project, measured). */
const ALLOWED_CURVES: readonly string[] = [OID.prime256v1, OID.secp384r1];

const HINT =
  "Make a new key: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout KEY -out REQUEST";

/**
 * Refuses a public key that clients refuse or that is too weak: RSA of 2048 to 8192 bits, P-256 and P-384 pass. The
 * point of an elliptic curve key is left to WebCrypto, which verifies with it.
 *
 * Throws KEY_INVALID, saying what the key is; DER_INVALID where it is malformed.
 * @param spki SubjectPublicKeyInfo TLV.
 */
export function checkTlsPublicKey(spki: Uint8Array): void {
  const info = parsePublicKeyInfo(spki);
  switch (info.algorithm.algorithm) {
    case OID.rsaEncryption:
      return checkRsa(info);
    case OID.ecPublicKey:
      return checkEllipticCurve(info);
    default:
      throw refused(`it is ${describePublicKey(spki).label}, which browsers do not accept`);
  }
}

/** RFC 3279, 2.3.1 and RFC 8017, A.1.1. */
function checkRsa({ algorithm, bits }: PublicKeyInfo): void {
  if (algorithm.parameters === undefined || !equalBytes(algorithm.parameters, nullValue())) {
    throw refused("the parameters of its RSA algorithm are not NULL");
  }
  const outer = new DerReader(bits, "public key");
  const reader = outer.enter("rsaPublicKey");
  outer.finish();
  const modulus = decodeIntegerUnsigned(reader.read("modulus", TAG.integer));
  const exponent = decodeIntegerUnsigned(reader.read("publicExponent", TAG.integer));
  reader.finish();
  const modulusBits = modulus.length * 8 - Math.clz32((modulus[0] ?? 0) << 24);
  if (modulusBits < MIN_MODULUS_BITS) {
    throw refused(`it is RSA ${modulusBits}, and less than ${MIN_MODULUS_BITS} bits are too weak`);
  }
  if (modulusBits > MAX_MODULUS_BITS) {
    throw refused(
      `it is RSA ${modulusBits}, and clients refuse more than ${MAX_MODULUS_BITS} bits`,
    );
  }
  if (((modulus[modulus.length - 1] ?? 0) & 1) === 0) throw refused("its RSA modulus is even");
  if (exponent.length > 4) throw refused("its RSA exponent is too large");
  let value = 0n;
  for (const octet of exponent) value = value * 256n + BigInt(octet);
  if (value < MIN_EXPONENT || value > MAX_EXPONENT || value % 2n === 0n) {
    const range = `an odd number from ${MIN_EXPONENT} to ${MAX_EXPONENT}`;
    throw refused(`its RSA exponent is ${value}, and has to be ${range}`);
  }
}

/** RFC 5480, 2.1.1 and 2.2. */
function checkEllipticCurve({ algorithm, bits }: PublicKeyInfo): void {
  const oid = readNamedCurve(algorithm);
  if (oid === undefined) throw refused("its elliptic curve is given by explicit parameters");
  const curve = CURVES[oid];
  if (curve === undefined || !ALLOWED_CURVES.includes(oid)) {
    throw refused(`it is on the curve ${curve?.name ?? oid}, which browsers do not accept`);
  }
  const length = 1 + 2 * curve.size;
  if (bits[0] !== 4 || bits.length !== length) {
    throw refused(`its point is not written as ${length} octets, uncompressed`);
  }
}

function refused(state: string): LocalTlsError {
  const message = `Cannot use the public key of the request: ${state}`;
  return new LocalTlsError("KEY_INVALID", message, { hints: [HINT] });
}
