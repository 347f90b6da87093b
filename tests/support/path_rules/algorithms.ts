/**
 * Signatures, algorithms and keys.
 *
 * @module
 */

import { concatBytes } from "../../../src/bytes.ts";
import {
  bitString,
  integer,
  integerBytes,
  nullValue,
  oid,
  sequence,
} from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { EMPTY_NAME } from "../../../src/x509/name.ts";
import { algorithm, cn, type PathRule } from "./rule.ts";

/** The rules. */
export const ALGORITHM_RULES: readonly PathRule[] = [
  // Signatures and algorithms
  {
    title: "a signature of nobody",
    changes: { leafParts: { issuer: cn("root") } },
    path: ["SIGNATURE_INVALID", "leaf"],
  },
  {
    title: "an issuer of another name",
    changes: { leafParts: { issuer: cn("nobody") } },
    path: ["ISSUER_UNKNOWN", "leaf"],
  },
  {
    title: "no issuer",
    changes: { leafParts: { issuer: EMPTY_NAME } },
    path: ["ISSUER_UNKNOWN", "leaf"],
  },
  {
    title: "SHA-1",
    changes: { leafParts: algorithm(OID.ecdsaWithSha1) },
    path: ["SIGNATURE_ALGORITHM_WEAK", "leaf"],
  },
  {
    title: "SHA-1 in an intermediate",
    changes: { intermediateParts: algorithm(OID.ecdsaWithSha1) },
    path: ["SIGNATURE_ALGORITHM_WEAK", "intermediate"],
  },
  {
    title: "MD5",
    changes: { leafParts: algorithm(OID.md5WithRsa, nullValue()) },
    path: ["SIGNATURE_ALGORITHM_WEAK", "leaf"],
  },
  {
    title: "an unknown algorithm",
    changes: { leafParts: algorithm("1.2.3.4") },
    path: ["SIGNATURE_ALGORITHM_UNSUPPORTED", "leaf"],
  },
  {
    title: "ECDSA with parameters",
    changes: { leafParts: algorithm(OID.ecdsaWithSha256, nullValue()) },
    path: ["SIGNATURE_ALGORITHM_UNSUPPORTED", "leaf"],
  },
  {
    title: "RSA-PSS without parameters",
    changes: { leafParts: algorithm(OID.rsassaPss) },
    path: ["SIGNATURE_ALGORITHM_UNSUPPORTED", "leaf"],
  },
  {
    title: "an algorithm that the key cannot have made",
    changes: { leafParts: algorithm(OID.sha256WithRsa, nullValue()) },
    path: ["SIGNATURE_INVALID", "leaf"],
  },
  {
    title: "two algorithms",
    changes: { leafParts: { outerAlgorithm: sequence(oid(OID.ecdsaWithSha384)) } },
    path: ["MALFORMED", "leaf"],
  },
  {
    title: "a compressed point",
    changes: {
      leafParts: {
        spki: sequence(
          sequence(oid(OID.ecPublicKey), oid(OID.prime256v1)),
          bitString(concatBytes([Uint8Array.of(2), new Uint8Array(32).fill(7)])),
        ),
      },
    },
    path: ["KEY_UNSUPPORTED", "leaf"],
  },
  {
    title: "RSA of 1024 bits",
    changes: {
      leafParts: {
        spki: sequence(
          sequence(oid(OID.rsaEncryption), nullValue()),
          bitString(sequence(integerBytes(new Uint8Array(128).fill(0xff)), integer(65537))),
        ),
      },
    },
    path: ["KEY_WEAK", "leaf"],
  },
  {
    title: "RSA with exponent 1",
    changes: {
      leafParts: {
        spki: sequence(
          sequence(oid(OID.rsaEncryption), nullValue()),
          bitString(sequence(integerBytes(new Uint8Array(256).fill(0xff)), integer(1))),
        ),
      },
    },
    path: ["KEY_WEAK", "leaf"],
  },
];
