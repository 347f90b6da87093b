/**
 * PKCS#8 EncryptedPrivateKeyInfo (RFC 5958, 3): what "BEGIN ENCRYPTED PRIVATE KEY" holds.
 *
 * @module
 */

import { type Bytes, toBytes } from "../bytes.ts";
import { DerReader } from "../der/decode.ts";
import { octetString, sequence } from "../der/encode.ts";
import { TAG } from "../der/tags.ts";
import { LocalTlsError } from "../errors.ts";
import { readAlgorithmIdentifier } from "./algorithm_identifier.ts";
import { checkNewPassword } from "./password.ts";
import { decryptWithPassword } from "./password_decryption.ts";
import { type DecryptContext, encryptPbes2 } from "./pbes2.ts";
import { parsePrivateKeyInfo } from "./private_key_info.ts";
import { refusal, WorkLimit } from "./work_limit.ts";

/** OWASP's recommendation for PBKDF2-HMAC-SHA256 (Password Storage Cheat Sheet); 0.1 s here, read by every client measured. */
export const KEY_ITERATIONS = 600_000;

/** RFC 8018, 4.1 wants 8 octets or more; NIST SP 800-132, 5.1 wants 16. */
const SALT_LENGTH = 16;

/** Octets. An RSA key of 16,384 bits has under 10,000. */
const MAX_KEY_LENGTH = 64 * 1024;

const HINT =
  "Convert it: openssl pkcs8 -in KEY -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -out NEW-KEY";

/**
 * Encrypts a private key: PBES2, PBKDF2-HMAC-SHA256, AES-256-CBC.
 * Throws PASSWORD_INVALID.
 *
 * @param pkcs8 PrivateKeyInfo DER.
 * @returns EncryptedPrivateKeyInfo DER; its PEM label is "ENCRYPTED PRIVATE KEY".
 * @example
 * ```ts
 * import { deepEqual, rejects } from "node:assert/strict";
 * import { decryptPrivateKey, encryptPrivateKey } from "./encrypted_private_key.ts";
 * import { exportPkcs8, generateKey } from "./keys.ts";
 *
 * const key = await exportPkcs8((await generateKey("p256", true)).privateKey);
 * const encrypted = await encryptPrivateKey(key, "correct horse");
 * deepEqual(await decryptPrivateKey(encrypted, "correct horse"), key);
 * await rejects(decryptPrivateKey(encrypted, "battery staple"), { code: "PASSWORD_WRONG" });
 * ```
 */
export async function encryptPrivateKey(
  pkcs8: Uint8Array,
  password: string,
  options: { readonly iterations?: number; readonly saltLength?: number } = {},
): Promise<Bytes> {
  checkNewPassword(password);
  const { iterations = KEY_ITERATIONS, saltLength = SALT_LENGTH } = options;
  const { algorithm, encrypted } = await encryptPbes2(password, toBytes(pkcs8), {
    iterations,
    saltLength,
  });
  return sequence(algorithm, octetString(encrypted));
}

/**
 * Decrypts a private key: PBES2 and the schemes of PKCS#12.
 * Throws PASSWORD_WRONG; DER_INVALID; KEY_INVALID where the encryption is not supported or would take too long.
 *
 * @param encrypted EncryptedPrivateKeyInfo DER.
 * @param context Where it is a part of a file with a limit of its own.
 * @returns PrivateKeyInfo DER; the key in it is not looked at.
 */
export async function decryptPrivateKey(
  encrypted: Uint8Array,
  password: string,
  context: DecryptContext = keyDecryption(),
): Promise<Bytes> {
  if (encrypted.length > MAX_KEY_LENGTH) {
    throw context.refuse(`it has ${encrypted.length} octets, more than ${MAX_KEY_LENGTH}`);
  }
  const outer = new DerReader(encrypted, "DER");
  const reader = outer.enter("encryptedPrivateKeyInfo");
  outer.finish();
  const algorithm = readAlgorithmIdentifier(reader, "encryptionAlgorithm");
  const content = reader.read("encryptedData", TAG.octetString).content;
  reader.finish();
  const pkcs8 = await decryptWithPassword(algorithm, password, content, context);
  if (pkcs8 === undefined || !isPrivateKeyInfo(pkcs8)) {
    throw new LocalTlsError(
      "PASSWORD_WRONG",
      "Cannot decrypt the private key: the password is wrong",
    );
  }
  return pkcs8;
}

/** What decrypting keys needs to know where they are in no PKCS#12 file; to be shared by the keys of one file. */
export function keyDecryption(): DecryptContext {
  const refuse = refusal("KEY_INVALID", "Cannot decrypt the private key", [HINT]);
  return { refuse, limit: new WorkLimit(refuse) };
}

/** One wrong password in 256 gives a good padding, and what it decrypts to is noise. */
function isPrivateKeyInfo(pkcs8: Bytes): boolean {
  try {
    parsePrivateKeyInfo(pkcs8);
    return true;
  } catch {
    return false;
  }
}
