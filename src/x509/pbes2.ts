/**
 * PBES2 (RFC 8018, 6.2): encryption under a password, in PKCS#8 and PKCS#12.
 *
 * Written: PBKDF2 with HMAC-SHA-256 and AES-256-CBC. Read: PBKDF2 with every hash of WebCrypto, AES-CBC
 * of every size, and DES-EDE3-CBC, which OpenSSL wrote before 1.1.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { decodeOid, DerReader } from "../der/decode.ts";
import { octetString, oid, sequence } from "../der/encode.ts";
import { OID, oidName } from "../der/oids.ts";
import { TAG } from "../der/tags.ts";
import type { AlgorithmIdentifier } from "./algorithm_identifier.ts";
import { derivePbkdf2, encodePbkdf2, readPbkdf2 } from "./pbkdf2.ts";
import type { Refusal, WorkLimit } from "./work_limit.ts";

/** What is encrypted, and with what. */
export interface Encrypted {
  /** AlgorithmIdentifier TLV. */
  readonly algorithm: Bytes;
  readonly encrypted: Bytes;
}

/** What decrypting needs to know about the file that is being read. */
export interface DecryptContext {
  readonly limit: WorkLimit;
  readonly refuse: Refusal;
}

interface Cipher {
  /** Octets. */
  readonly keyLength: number;
  /** Octets, of the initialization vector as well. */
  readonly blockLength: number;
}

const CIPHERS: Readonly<Record<string, Cipher>> = {
  [OID.aes128Cbc]: { keyLength: 16, blockLength: 16 },
  [OID.aes192Cbc]: { keyLength: 24, blockLength: 16 },
  [OID.aes256Cbc]: { keyLength: 32, blockLength: 16 },
  [OID.desEde3Cbc]: { keyLength: 24, blockLength: 8 },
};

/**
 * Encrypts with AES-256-CBC under PBKDF2-HMAC-SHA256.
 * @param options Octets of salt, and iterations: both with the reason of whoever chooses them.
 */
export async function encryptPbes2(
  password: string,
  plain: Uint8Array<ArrayBuffer>,
  options: { readonly saltLength: number; readonly iterations: number },
): Promise<Encrypted> {
  const salt = crypto.getRandomValues(new Uint8Array(options.saltLength));
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const { iterations } = options;
  const secret = await derivePbkdf2(password, { salt, iterations, hash: "SHA-256" }, 32);
  const key = await crypto.subtle.importKey("raw", secret, "AES-CBC", false, ["encrypt"]);
  const encrypted = await crypto.subtle.encrypt({ name: "AES-CBC", iv }, key, plain);
  const cipher = sequence(oid(OID.aes256Cbc), octetString(iv));
  return {
    algorithm: sequence(oid(OID.pbes2), sequence(encodePbkdf2(salt, iterations), cipher)),
    encrypted: new Uint8Array(encrypted),
  };
}

/**
 * Decrypts.
 * Throws DER_INVALID, and what `context.refuse` makes where it is malformed, not supported or too costly.
 * @returns undefined where the padding shows that the password is wrong; a wrong one still passes with a probability of
 *   1/256, so that the caller has to look at what came out.
 */
export async function decryptPbes2(
  { parameters }: AlgorithmIdentifier,
  password: string,
  encrypted: Bytes,
  { limit, refuse }: DecryptContext,
): Promise<Bytes | undefined> {
  if (parameters === undefined) throw refuse("the parameters of its encryption are missing");
  const outer = new DerReader(parameters, "encryptionAlgorithm");
  const reader = outer.enter("parameters");
  outer.finish();
  const kdf = readPbkdf2(reader, refuse);
  const scheme = reader.enter("encryptionScheme");
  reader.finish();
  const name = decodeOid(scheme.read("algorithm", TAG.oid));
  const cipher = CIPHERS[name];
  if (cipher === undefined) throw refuse(`the cipher ${oidName(name)} is not supported`);
  const iv = scheme.read("iv", TAG.octetString).content;
  scheme.finish();
  if (iv.length !== cipher.blockLength) {
    throw refuse(`its initialization vector has ${iv.length} octets, not ${cipher.blockLength}`);
  }
  if ((kdf.keyLength ?? cipher.keyLength) !== cipher.keyLength) {
    throw refuse(`its key length of ${kdf.keyLength} octets is not the cipher's`);
  }
  checkBlocks(encrypted, cipher.blockLength, refuse);
  const secret = await derivePbkdf2(password, kdf, cipher.keyLength, limit);
  if (name === OID.desEde3Cbc) {
    const { decryptTripleDes } = await import("./triple_des.ts");
    return await decryptTripleDes(secret, iv, encrypted);
  }
  const key = await crypto.subtle.importKey("raw", secret, "AES-CBC", false, ["decrypt"]);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv }, key, encrypted));
  } catch {
    return undefined;
  }
}

/** Padded ciphertext is one block or more, and whole ones (RFC 8018, 6.1.1): otherwise it was cut, whatever the password. */
export function checkBlocks(encrypted: Uint8Array, blockLength: number, refuse: Refusal): void {
  if (encrypted.length > 0 && encrypted.length % blockLength === 0) return;
  throw refuse(`${encrypted.length} octets are no whole blocks of its cipher: it was cut off`);
}
