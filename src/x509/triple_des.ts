/**
 * DES-EDE3-CBC (FIPS 46-3), for files of the past: the one algorithm that WebCrypto lacks. The package behind it is
 * loaded where it is needed and nowhere else.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";

/** Octets of a key, parity bits included. */
export const TRIPLE_DES_KEY_LENGTH = 24;

/** Octets of a block, and of the initialization vector. */
export const TRIPLE_DES_BLOCK_LENGTH = 8;

async function importKey(key: Bytes, iv: Bytes, usage: "encrypt" | "decrypt") {
  const { Crypto } = await import("@peculiar/webcrypto");
  const { subtle } = new Crypto();
  const algorithm = { name: "DES-EDE3-CBC", iv };
  return { subtle, algorithm, key: await subtle.importKey("raw", key, algorithm, false, [usage]) };
}

/** Encrypts, with the padding of RFC 8018, 6.1.1. @param key 24 octets. @param iv 8 octets. */
export async function encryptTripleDes(key: Bytes, iv: Bytes, plain: Bytes): Promise<Bytes> {
  const { subtle, algorithm, key: handle } = await importKey(key, iv, "encrypt");
  return new Uint8Array(await subtle.encrypt(algorithm, handle, plain));
}

/**
 * Decrypts.
 * @param key 24 octets.
 * @param iv 8 octets.
 * @returns undefined where the padding shows that the key is wrong.
 */
export async function decryptTripleDes(
  key: Bytes,
  iv: Bytes,
  encrypted: Bytes,
): Promise<Bytes | undefined> {
  const { subtle, algorithm, key: handle } = await importKey(key, iv, "decrypt");
  try {
    return new Uint8Array(await subtle.decrypt(algorithm, handle, encrypted));
  } catch {
    return undefined;
  }
}
