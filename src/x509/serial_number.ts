/**
 * Serial numbers of the certificates made here.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { encodeTlv } from "../der/encode.ts";
import { TAG } from "../der/tags.ts";

/**
 * Octets. 126 random bits: far over the 64 that the CA/Browser Forum BR, 7.1, ask for, so that two of one issuer
 * never meet (Firefox refuses a reused one), and under the 20 octets of RFC 5280, 4.1.2.2.
 */
export const SERIAL_OCTETS = 16;

/**
 * A random serial number as INTEGER TLV. The first bit is 0 (positive) and the second 1, so that it is
 * never zero and always exactly {@link SERIAL_OCTETS} octets, minimal by construction.
 */
export function randomSerialNumber(): Bytes {
  const octets = crypto.getRandomValues(new Uint8Array(SERIAL_OCTETS));
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return encodeTlv(TAG.integer, octets);
}
