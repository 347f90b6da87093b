/**
 * Key identifiers of the certificates made here.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";

/**
 * RFC 7093, 2, method 1: the leftmost 160 bits of the SHA-256 of the public key's bits. The same length as
 * RFC 5280's SHA-1 method, without SHA-1.
 * @param publicKeyBits Content of the BIT STRING in SubjectPublicKeyInfo.
 */
export async function keyIdentifier(publicKeyBits: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", publicKeyBits)).slice(0, 20);
}
