/**
 * PKCS#8 PrivateKeyInfo (RFC 5958, 2), unencrypted, and what algorithm identifiers say about keys.
 *
 * Validated here: the envelope. The private key inside is WebCrypto's to judge when it is imported.
 *
 * @module
 */

import { decodeOid, decodeSmallInteger, DerReader } from "../der/decode.ts";
import type { Bytes } from "../bytes.ts";
import { context, contextConstructed, TAG } from "../der/tags.ts";
import { type AlgorithmIdentifier, readAlgorithmIdentifier } from "./algorithm_identifier.ts";

/** A private key with its algorithm. */
export interface PrivateKeyInfo {
  readonly algorithm: AlgorithmIdentifier;
  /** Content of the OCTET STRING. */
  readonly privateKey: Bytes;
}

/** Reads PKCS#8 DER. Throws DER_INVALID. */
export function parsePrivateKeyInfo(pkcs8: Uint8Array): PrivateKeyInfo {
  const outer = new DerReader(pkcs8, "DER");
  const reader = outer.enter("privateKeyInfo");
  outer.finish();
  decodeSmallInteger(reader.read("version", TAG.integer), 1); // v1, v2
  const algorithm = readAlgorithmIdentifier(reader, "privateKeyAlgorithm");
  const privateKey = reader.read("privateKey", TAG.octetString).content;
  reader.readOptional("attributes", contextConstructed(0));
  // IMPLICIT [1] BIT STRING; some writers make it constructed.
  if (reader.readOptional("publicKey", context(1)) === undefined) {
    reader.readOptional("publicKey", contextConstructed(1));
  }
  reader.finish();
  return { algorithm, privateKey };
}

/** The OID of a named curve (RFC 5480, 2.1.1); undefined for explicit parameters and other keys. */
export function readNamedCurve({ parameters }: AlgorithmIdentifier): string | undefined {
  if (parameters?.[0] !== TAG.oid) return undefined;
  return decodeOid(new DerReader(parameters, "algorithm").read("namedCurve"));
}
