/**
 * The MAC over a PKCS#12 file (RFC 7292, 4 and 5.1): what tells that the password is right before anything
 * is decrypted. Also read: PBMAC1 (RFC 9579), the successor of its key derivation.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import { decodeNull, decodeSmallInteger, DerReader } from "../../der/decode.ts";
import { integer, nullValue, octetString, oid, sequence } from "../../der/encode.ts";
import { OID, oidName } from "../../der/oids.ts";
import { TAG } from "../../der/tags.ts";
import { type AlgorithmIdentifier, readAlgorithmIdentifier } from "../algorithm_identifier.ts";
import type { DecryptContext } from "../pbes2.ts";
import { checkSalt, derivePbkdf2, HMAC_HASHES, readHmac, readPbkdf2 } from "../pbkdf2.ts";
import { MAX_ITERATIONS } from "../work_limit.ts";
import { derivePkcs12, DIGEST_LENGTHS, passwordOctets, PURPOSE } from "./password_kdf.ts";

/** Digest algorithms by OID, with WebCrypto's names. */
const HASHES: Readonly<Record<string, string>> = {
  [OID.sha1]: "SHA-1",
  [OID.sha256]: "SHA-256",
  [OID.sha384]: "SHA-384",
  [OID.sha512]: "SHA-512",
};

/** RFC 9579, 9: a shorter key would make it easier to find than the password. */
const MIN_PBMAC1_KEY_LENGTH = 20;

/** How a MAC is made. */
export interface MacOptions {
  readonly hash: "SHA-1" | "SHA-256";
  readonly saltLength: number;
  readonly iterations: number;
}

/** MacData over the content of the authenticated safe. */
export async function encodeMac(
  content: Bytes,
  password: string,
  { hash, saltLength, iterations }: MacOptions,
): Promise<Bytes> {
  const salt = crypto.getRandomValues(new Uint8Array(saltLength));
  const secret = await derivePkcs12(
    passwordOctets(password),
    { hash, purpose: PURPOSE.mac, salt, iterations },
    DIGEST_LENGTHS[hash] ?? 0,
  );
  const key = await importHmac(secret, hash, "sign");
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, content));
  const algorithm = sequence(oid(hash === "SHA-1" ? OID.sha1 : OID.sha256), nullValue());
  return sequence(sequence(algorithm, octetString(mac)), octetString(salt), integer(iterations));
}

/**
 * Whether MacData fits content and password. Compared by WebCrypto, in constant time.
 * Throws DER_INVALID, and what `context.refuse` makes.
 * @param macData MacData TLV.
 */
export async function verifyMac(
  macData: Bytes,
  content: Bytes,
  password: string,
  context: DecryptContext,
): Promise<boolean> {
  const outer = new DerReader(macData, "PFX");
  const reader = outer.enter("macData");
  outer.finish();
  const digestInfo = reader.enter("mac");
  const algorithm = readAlgorithmIdentifier(digestInfo, "digestAlgorithm");
  const mac = digestInfo.read("digest", TAG.octetString).content;
  digestInfo.finish();
  const salt = reader.read("macSalt", TAG.octetString).content;
  const count = reader.readOptional("iterations", TAG.integer);
  const iterations = count === undefined ? 1 : decodeSmallInteger(count, MAX_ITERATIONS);
  reader.finish();
  if (algorithm.algorithm === OID.pbmac1) {
    return await verifyPbmac1(algorithm, mac, content, password, context); // RFC 9579, 4: salt and count mean nothing
  }
  const { refuse, limit } = context;
  const hash = HASHES[algorithm.algorithm];
  if (hash === undefined) {
    throw refuse(`its MAC "${oidName(algorithm.algorithm)}" is not supported`);
  }
  if (algorithm.parameters !== undefined) {
    decodeNull(new DerReader(algorithm.parameters, "digestAlgorithm").read("parameters"));
  }
  checkSalt(salt, refuse);
  if (iterations === 0) throw refuse("the iteration count of its MAC is zero");
  const secret = await derivePkcs12(
    passwordOctets(password),
    { hash, purpose: PURPOSE.mac, salt, iterations },
    DIGEST_LENGTHS[hash] ?? 0,
    limit,
  );
  const key = await importHmac(secret, hash, "verify");
  return await crypto.subtle.verify("HMAC", key, mac, content);
}

/** RFC 9579, 4 and RFC 8018, 7.1.1 and A.5. */
async function verifyPbmac1(
  { parameters }: AlgorithmIdentifier,
  mac: Bytes,
  content: Bytes,
  password: string,
  { refuse, limit }: DecryptContext,
): Promise<boolean> {
  if (parameters === undefined) throw refuse("the parameters of its MAC are missing");
  const outer = new DerReader(parameters, "PBMAC1");
  const reader = outer.enter("parameters");
  outer.finish();
  const kdf = readPbkdf2(reader, refuse);
  const scheme = readHmac(reader, "messageAuthScheme");
  reader.finish();
  const hash = HMAC_HASHES[scheme];
  if (hash === undefined) throw refuse(`its MAC "${oidName(scheme)}" is not supported`);
  if (kdf.keyLength === undefined) throw refuse("its MAC has no key length (RFC 9579, 4)");
  if (kdf.keyLength < MIN_PBMAC1_KEY_LENGTH) {
    throw refuse(`the key of its MAC has ${kdf.keyLength} octets (RFC 9579, 9)`);
  }
  const secret = await derivePbkdf2(password, kdf, kdf.keyLength, limit);
  return await crypto.subtle.verify("HMAC", await importHmac(secret, hash, "verify"), mac, content);
}

function importHmac(secret: Bytes, hash: string, usage: "sign" | "verify"): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", secret, { name: "HMAC", hash }, false, [usage]);
}
