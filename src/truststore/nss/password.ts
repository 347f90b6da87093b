/**
 * The password row of key4.db: what proves that a password is the right one, and what signatures are
 * keyed with. PBES2 (RFC 8018) since NSS 3.49; before that a 3DES scheme of NSS's own.
 *
 * @module
 */

import { type Bytes, concatBytes, equalBytes } from "../../bytes.ts";
import { decodeOid, decodeSmallInteger, DerReader } from "../../der/decode.ts";
import { integer, octetString, oid, sequence } from "../../der/encode.ts";
import { OID } from "../../der/oids.ts";
import { TAG } from "../../der/tags.ts";
import { LocalTlsError } from "../../errors.ts";

/** The row with id "password" in metaData. */
export interface PasswordRow {
  /** item1. */
  readonly globalSalt: Bytes;
  /** item2: DER, an algorithm and the encrypted check text. */
  readonly check: Bytes;
}

/** What a right password gives: enough to make and verify signatures. */
export interface PasswordKey {
  /** H(global salt || password). */
  readonly passKey: Bytes;
  /** PBKDF2 iterations of the password row; NSS signs with the same number. */
  readonly iterations: number;
}

/** NSS encrypts this under the password; whoever decrypts it has the password. */
const CHECK_TEXT = new TextEncoder().encode("password-check");

/** A salt of 48 octets marks SHA-384 (Firefox 153 with a password), 20 octets SHA-1. */
const SHA384_SALT_LENGTH = 48;
const SHA1_SALT_LENGTH = 20;

/** NSS uses 1 for an empty password and 10,000 else; more than this is a hostile file, and would hang. */
export const MAX_ITERATIONS = 1_000_000;

/** pbeWithSha1AndTripleDES-CBC, as NSS before 3.49 marked its own scheme. */
const NSS_TRIPLE_DES = "1.2.840.113549.1.12.5.1.3";

/** NSS writes 14 octets of the AES initialization vector, an OCTET STRING's header makes them 16. */
const IV_HEADER = Uint8Array.of(0x04, 0x0e);

/** The key of a password row, or undefined where the password is another. */
export async function unlockPasswordRow(
  row: PasswordRow,
  password: string,
): Promise<PasswordKey | undefined> {
  const reader = new DerReader(row.check, "NSS password row").enter("value");
  const algorithm = reader.enter("algorithm");
  const scheme = decodeOid(algorithm.read("identifier", TAG.oid));
  const encrypted = reader.read("encrypted", TAG.octetString).content;
  const passKey = await derivePassKey(row.globalSalt, password);
  const parameters = algorithm.enter("parameters");
  if (scheme === OID.pbes2) {
    const { salt, iterations, iv } = readPbes2(parameters);
    const text = await decryptAes(await pbkdf2(passKey, salt, iterations), iv, encrypted);
    return isCheckText(text) ? { passKey, iterations } : undefined;
  }
  if (scheme !== NSS_TRIPLE_DES) throw unsupported(`the algorithm ${scheme}`);
  const entrySalt = parameters.read("salt", TAG.octetString).content;
  const iterations = decodeSmallInteger(parameters.read("iterations"), MAX_ITERATIONS);
  const { decryptTripleDes } = await import("./triple_des.ts");
  const text = await decryptTripleDes(passKey, entrySalt, encrypted);
  return isCheckText(text) ? { passKey, iterations } : undefined;
}

/** A new row for the empty password, as NSS makes it: a salt of 20 octets and one iteration. */
export async function createEmptyPasswordRow(): Promise<PasswordRow> {
  const globalSalt = crypto.getRandomValues(new Uint8Array(SHA1_SALT_LENGTH));
  const salt = crypto.getRandomValues(new Uint8Array(32));
  const tail = crypto.getRandomValues(new Uint8Array(14));
  const key = await pbkdf2(await derivePassKey(globalSalt, ""), salt, 1);
  const aes = await crypto.subtle.importKey("raw", key, "AES-CBC", false, ["encrypt"]);
  const iv = concatBytes([IV_HEADER, tail]);
  const encrypted = await crypto.subtle.encrypt({ name: "AES-CBC", iv }, aes, CHECK_TEXT);
  const check = sequence(
    sequence(
      oid(OID.pbes2),
      sequence(encodeKdf(salt, 1), sequence(oid(OID.aes256Cbc), octetString(tail))),
    ),
    octetString(new Uint8Array(encrypted)),
  );
  return { globalSalt, check };
}

/** PBKDF2's AlgorithmIdentifier as NSS writes it: key length given, no NULL parameters. */
export function encodeKdf(salt: Uint8Array, iterations: number): Bytes {
  return sequence(
    oid(OID.pbkdf2),
    sequence(
      octetString(salt),
      integer(iterations),
      integer(32),
      sequence(oid(OID.hmacWithSha256)),
    ),
  );
}

/** Reads what {@link encodeKdf} writes, from inside the SEQUENCE that holds it. */
export function readKdf(reader: DerReader): { salt: Bytes; iterations: number } {
  const kdf = reader.enter("kdf");
  const name = decodeOid(kdf.read("identifier", TAG.oid));
  if (name !== OID.pbkdf2) throw unsupported(`the key derivation ${name}`);
  const parameters = kdf.enter("parameters");
  const salt = parameters.read("salt", TAG.octetString).content;
  const iterations = decodeSmallInteger(parameters.read("iterations"), MAX_ITERATIONS);
  const length = decodeSmallInteger(parameters.read("keyLength"), 0xffff);
  const prf = decodeOid(parameters.enter("prf").read("identifier", TAG.oid));
  if (length !== 32 || prf !== OID.hmacWithSha256 || iterations === 0) {
    throw unsupported("the key derivation's parameters");
  }
  return { salt, iterations };
}

/** PBKDF2 with HMAC-SHA-256, 32 octets (RFC 8018, 5.2). */
export async function pbkdf2(secret: Bytes, salt: Bytes, iterations: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
}

async function derivePassKey(globalSalt: Bytes, password: string): Promise<Bytes> {
  const hash = globalSalt.length === SHA384_SALT_LENGTH ? "SHA-384" : "SHA-1";
  const input = concatBytes([globalSalt, new TextEncoder().encode(password)]);
  return new Uint8Array(await crypto.subtle.digest(hash, input));
}

function readPbes2(parameters: DerReader): { salt: Bytes; iterations: number; iv: Bytes } {
  const { salt, iterations } = readKdf(parameters);
  const cipher = parameters.enter("cipher");
  const name = decodeOid(cipher.read("identifier", TAG.oid));
  const tail = cipher.read("iv", TAG.octetString).content;
  if (name !== OID.aes256Cbc || (tail.length !== 14 && tail.length !== 16)) {
    throw unsupported(`the cipher ${name}`);
  }
  return { salt, iterations, iv: tail.length === 16 ? tail : concatBytes([IV_HEADER, tail]) };
}

/** @returns undefined where the padding shows that the key is wrong. */
async function decryptAes(key: Bytes, iv: Bytes, encrypted: Bytes): Promise<Bytes | undefined> {
  const aes = await crypto.subtle.importKey("raw", key, "AES-CBC", false, ["decrypt"]);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv }, aes, encrypted));
  } catch {
    return undefined;
  }
}

function isCheckText(text: Bytes | undefined): boolean {
  return text !== undefined && equalBytes(text, CHECK_TEXT);
}

function unsupported(what: string): LocalTlsError {
  return new LocalTlsError(
    "STORE_UNAVAILABLE",
    `Cannot read the password row of the NSS database: ${what} is not supported`,
  );
}
