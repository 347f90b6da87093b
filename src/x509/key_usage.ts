/**
 * The words of the keyUsage extension.
 *
 * @module
 */

/** The bits of KeyUsage, in their order (RFC 5280, 4.2.1.3). */
export const KEY_USAGES = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly",
] as const;

/** One of {@link KEY_USAGES}. */
export type KeyUsage = typeof KEY_USAGES[number];
