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
 * A number that no other key has. RFC 5280, 4.2.1.2 leaves the method open, and no client computes it: it is there to
 * find issuers by.
 *
 * A point is as good as random by itself, and of it the leftmost 160 bits are taken, in its compressed form (SEC 1,
 * 2.3.3): hashing it first would say no more, and cost 6 % of the time that a certificate takes. Of any other
 * key they are taken from its SHA-256 (RFC 7093, 2, method 1).
 *
 * @param publicKeyBits Content of the BIT STRING in SubjectPublicKeyInfo.
 */
export function keyIdentifier(publicKeyBits: Bytes): Bytes | Promise<Bytes> {
  const { length } = publicKeyBits;
  const isPoint = publicKeyBits[0] === UNCOMPRESSED && length > 2 * IDENTIFIER_LENGTH &&
    length % 2 === 1;
  if (!isPoint) return hashed(publicKeyBits);
  const identifier = publicKeyBits.slice(0, IDENTIFIER_LENGTH);
  identifier[0] = 0x02 | (publicKeyBits[length - 1]! & 1);
  return identifier;
}

async function hashed(publicKeyBits: Bytes): Promise<Bytes> {
  const digest = await crypto.subtle.digest("SHA-256", publicKeyBits);
  return new Uint8Array(digest, 0, IDENTIFIER_LENGTH);
}
