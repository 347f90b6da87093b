/**
 * The password scheme of NSS before 3.49: a derivation of its own over SHA-1, and DES-EDE3-CBC. Loaded
 * only where a database still has such a row.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../bytes.ts";
import { decryptTripleDes as decryptCbc } from "../../x509/triple_des.ts";

/**
 * Decrypts the check text.
 * @param passKey SHA-1 of global salt and password.
 * @returns undefined where the padding shows that the key is wrong.
 */
export async function decryptTripleDes(
  passKey: Bytes,
  entrySalt: Bytes,
  encrypted: Bytes,
): Promise<Bytes | undefined> {
  const derived = await deriveKeyAndIv(passKey, entrySalt);
  return await decryptCbc(derived.slice(0, 24), derived.slice(32, 40), encrypted);
}

/** 40 octets: HMAC(chp, pes || es) || HMAC(chp, HMAC(chp, pes) || es), in the names that NSS uses. */
async function deriveKeyAndIv(passKey: Bytes, entrySalt: Bytes): Promise<Bytes> {
  const chp = await crypto.subtle.digest("SHA-1", concatBytes([passKey, entrySalt]));
  const key = await crypto.subtle.importKey(
    "raw",
    chp,
    { name: "HMAC", hash: "SHA-1" },
    false,
    ["sign"],
  );
  const hmac = async (data: Bytes) => new Uint8Array(await crypto.subtle.sign("HMAC", key, data));
  const pes = new Uint8Array(Math.max(20, entrySalt.length));
  pes.set(entrySalt);
  const first = await hmac(concatBytes([pes, entrySalt]));
  const second = await hmac(concatBytes([await hmac(pes), entrySalt]));
  return concatBytes([first, second]);
}
