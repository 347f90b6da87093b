/**
 * Key identifiers of the certificates made here.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";

/** First octet of an uncompressed point (SEC 1, 2.3.3). */
const UNCOMPRESSED = 0x04;

/** Octets: the length of RFC 5280's own method, which clients have always seen. */
const IDENTIFIER_LENGTH = 20;

/**
 * RFC 7093, 2, method 1: the leftmost 160 bits of the SHA-256 of the public key, without SHA-1. A point is
 * hashed in its compressed form (SEC 1, 2.3.3), which says the same in 33 octets instead of 65 (RFC 5280,
 * 4.2.1.2 leaves the method open, and no client computes it): Bun digests under 64 octets at once and hands longer
 * input to its thread pool, which costs a tenth of the time that a certificate takes.
 *
 * @param publicKeyBits Content of the BIT STRING in SubjectPublicKeyInfo.
 */
export async function keyIdentifier(publicKeyBits: Bytes): Promise<Bytes> {
  const digest = await crypto.subtle.digest("SHA-256", compressPoint(publicKeyBits));
  return new Uint8Array(digest, 0, IDENTIFIER_LENGTH);
}

/** An uncompressed point compressed; anything else as it is. */
function compressPoint(bits: Bytes): Bytes {
  if (bits[0] !== UNCOMPRESSED || bits.length % 2 === 0) return bits;
  const compressed = bits.slice(0, (bits.length + 1) / 2);
  compressed[0] = 0x02 | ((bits[bits.length - 1] ?? 0) & 1);
  return compressed;
}
