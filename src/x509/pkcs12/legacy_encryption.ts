/**
 * The password-based encryption of PKCS#12 itself (RFC 7292, appendix C): SHA-1 with 3DES, which is written for
 * old Windows and macOS on request and read, and SHA-1 with RC2, which is read alone.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import { decodeSmallInteger, DerReader } from "../../der/decode.ts";
import { integer, octetString, oid, sequence } from "../../der/encode.ts";
import { OID } from "../../der/oids.ts";
import { TAG } from "../../der/tags.ts";
import type { AlgorithmIdentifier } from "../algorithm_identifier.ts";
import { checkBlocks, type DecryptContext, type Encrypted } from "../pbes2.ts";
import { checkSalt } from "../pbkdf2.ts";
import { decryptTripleDes, encryptTripleDes, TRIPLE_DES_KEY_LENGTH } from "../triple_des.ts";
import { MAX_ITERATIONS, type WorkLimit } from "../work_limit.ts";
import { derivePkcs12, passwordOctets, PURPOSE } from "./password_kdf.ts";
import { decryptRc2 } from "./rc2.ts";

/** Octets of a block of DES and of RC2. */
const BLOCK_LENGTH = 8;

interface Scheme {
  /** Octets to derive. */
  readonly keyLength: number;
  readonly decrypt: (
    key: Bytes,
    iv: Bytes,
    encrypted: Bytes,
  ) => Promise<Bytes | undefined> | Bytes | undefined;
}

const SCHEMES: Readonly<Record<string, Scheme>> = {
  [OID.pbeWithShaAnd3KeyTripleDesCbc]: {
    keyLength: TRIPLE_DES_KEY_LENGTH,
    decrypt: decryptTripleDes,
  },
  [OID.pbeWithShaAnd128BitRc2Cbc]: {
    keyLength: 16,
    decrypt: (key, iv, encrypted) => decryptRc2(key, 128, iv, encrypted),
  },
  [OID.pbeWithShaAnd40BitRc2Cbc]: {
    keyLength: 5,
    decrypt: (key, iv, encrypted) => decryptRc2(key, 40, iv, encrypted),
  },
};

/** Whether an algorithm is one of these. */
export function isLegacyScheme(algorithm: string): boolean {
  return Object.hasOwn(SCHEMES, algorithm);
}

interface Derivation {
  readonly salt: Bytes;
  readonly iterations: number;
}

async function deriveKeyAndIv(
  password: string,
  { salt, iterations }: Derivation,
  keyLength: number,
  limit?: WorkLimit,
): Promise<{ key: Bytes; iv: Bytes }> {
  const octets = passwordOctets(password);
  const base = { hash: "SHA-1", salt, iterations };
  return {
    key: await derivePkcs12(octets, { ...base, purpose: PURPOSE.key }, keyLength, limit),
    iv: await derivePkcs12(octets, { ...base, purpose: PURPOSE.iv }, BLOCK_LENGTH, limit),
  };
}

/** Encrypts with 3DES. @param options As in encryptPbes2. */
export async function encryptLegacy(
  password: string,
  plain: Bytes,
  options: { readonly saltLength: number; readonly iterations: number },
): Promise<Encrypted> {
  const salt = crypto.getRandomValues(new Uint8Array(options.saltLength));
  const { iterations } = options;
  const { key, iv } = await deriveKeyAndIv(password, { salt, iterations }, TRIPLE_DES_KEY_LENGTH);
  const parameters = sequence(octetString(salt), integer(iterations));
  return {
    algorithm: sequence(oid(OID.pbeWithShaAnd3KeyTripleDesCbc), parameters),
    encrypted: await encryptTripleDes(key, iv, plain),
  };
}

/** Decrypts. Throws and answers as decryptPbes2 does. */
export async function decryptLegacy(
  { algorithm, parameters }: AlgorithmIdentifier,
  password: string,
  encrypted: Bytes,
  { limit, refuse }: DecryptContext,
): Promise<Bytes | undefined> {
  const scheme = SCHEMES[algorithm];
  if (scheme === undefined) throw new RangeError(`Cannot decrypt with "${algorithm}"`);
  if (parameters === undefined) throw refuse("the parameters of its encryption are missing");
  const outer = new DerReader(parameters, "encryptionAlgorithm");
  const reader = outer.enter("parameters");
  outer.finish();
  const salt = reader.read("salt", TAG.octetString).content;
  const iterations = decodeSmallInteger(reader.read("iterations", TAG.integer), MAX_ITERATIONS);
  reader.finish();
  checkSalt(salt, refuse);
  if (iterations === 0) throw refuse("its iteration count is zero");
  checkBlocks(encrypted, BLOCK_LENGTH, refuse);
  const derived = await deriveKeyAndIv(password, { salt, iterations }, scheme.keyLength, limit);
  return await scheme.decrypt(derived.key, derived.iv, encrypted);
}
