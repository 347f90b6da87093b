/**
 * PBKDF2 (RFC 8018, 5.2 and A.2): its parameters in DER, and its octets.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { decodeNull, decodeOid, decodeSmallInteger, type DerReader } from "../der/decode.ts";
import { integer, nullValue, octetString, oid, sequence } from "../der/encode.ts";
import { OID, oidName } from "../der/oids.ts";
import { TAG } from "../der/tags.ts";
import { MAX_ITERATIONS, type Refusal, type WorkLimit } from "./work_limit.ts";

/** PBKDF2-params, without the key length that the cipher decides. */
export interface Pbkdf2Parameters {
  readonly salt: Bytes;
  readonly iterations: number;
  /** WebCrypto's name of the hash in HMAC. */
  readonly hash: string;
  /** Octets, where the file says so. */
  readonly keyLength: number | undefined;
}

/** HMAC's OID to WebCrypto's hash. SHA-224 is not in it: WebCrypto has none. */
export const HMAC_HASHES: Readonly<Record<string, string>> = {
  [OID.hmacWithSha1]: "SHA-1",
  [OID.hmacWithSha256]: "SHA-256",
  [OID.hmacWithSha384]: "SHA-384",
  [OID.hmacWithSha512]: "SHA-512",
};

/** Octets of a digest, of which each that is needed costs all iterations again. */
const DIGEST_LENGTHS: Readonly<Record<string, number>> = {
  "SHA-1": 20,
  "SHA-256": 32,
  "SHA-384": 48,
  "SHA-512": 64,
};

/** Octets. 8 to 32 are in use; this only keeps absurd ones out. */
export const MAX_SALT_LENGTH = 1024;

/** Octets of derived key, far over any cipher's or MAC's. */
const MAX_KEY_LENGTH = 1024;

/** PBKDF2 with HMAC-SHA-256 as AlgorithmIdentifier; no key length, since the cipher has one alone. */
export function encodePbkdf2(salt: Uint8Array, iterations: number): Bytes {
  const prf = sequence(oid(OID.hmacWithSha256), nullValue());
  return sequence(oid(OID.pbkdf2), sequence(octetString(salt), integer(iterations), prf));
}

/** Reads the AlgorithmIdentifier of a key derivation, where it is PBKDF2. */
export function readPbkdf2(reader: DerReader, refuse: Refusal): Pbkdf2Parameters {
  const kdf = reader.enter("keyDerivationFunc");
  const name = decodeOid(kdf.read("algorithm", TAG.oid));
  if (name !== OID.pbkdf2) throw refuse(`the key derivation ${oidName(name)} is not supported`);
  const parameters = kdf.enter("parameters");
  kdf.finish();
  const salt = parameters.read("salt");
  if (salt.tag !== TAG.octetString) throw refuse("its salt comes from elsewhere");
  checkSalt(salt.content, refuse);
  const iterations = decodeSmallInteger(
    parameters.read("iterationCount", TAG.integer),
    MAX_ITERATIONS,
  );
  if (iterations === 0) throw refuse("its iteration count is zero");
  const length = parameters.readOptional("keyLength", TAG.integer);
  const keyLength = length && decodeSmallInteger(length, MAX_KEY_LENGTH);
  const prf = parameters.done ? OID.hmacWithSha1 : readHmac(parameters, "prf");
  parameters.finish();
  const hash = HMAC_HASHES[prf];
  if (hash === undefined) throw refuse(`the function ${oidName(prf)} is not supported`);
  return { salt: salt.content, iterations, hash, keyLength };
}

/** The OID of an HMAC's AlgorithmIdentifier; parameters are NULL (RFC 8018, B.1.2), or left out as NSS does. */
export function readHmac(reader: DerReader, field: string): string {
  const inner = reader.enter(field);
  const algorithm = decodeOid(inner.read("algorithm", TAG.oid));
  if (!inner.done) decodeNull(inner.read("parameters", TAG.null));
  inner.finish();
  return algorithm;
}

/** Refuses a salt that is empty or absurd. */
export function checkSalt(salt: Uint8Array, refuse: Refusal): void {
  if (salt.length === 0) throw refuse("its salt is empty");
  if (salt.length > MAX_SALT_LENGTH) {
    throw refuse(`its salt has ${salt.length} octets, more than ${MAX_SALT_LENGTH}`);
  }
}

/**
 * Derives octets from a password in UTF-8 (RFC 8018, 3).
 * @param length Octets.
 */
export async function derivePbkdf2(
  password: string,
  { salt, iterations, hash }: Omit<Pbkdf2Parameters, "keyLength">,
  length: number,
  limit?: WorkLimit,
): Promise<Bytes> {
  const blocks = Math.ceil(length / (DIGEST_LENGTHS[hash] ?? 1));
  limit?.spend({ kind: "pbkdf2", hash, iterations, blocks });
  const secret = new TextEncoder().encode(password);
  const key = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash, salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, length * 8));
}
