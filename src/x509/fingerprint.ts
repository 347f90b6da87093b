/**
 * SHA-256 fingerprints: what certificates are told apart by.
 *
 * @module
 */

import { toBytes, toHex } from "../bytes.ts";

/**
 * The SHA-256 of a DER encoding: 64 lower-case hexadecimal digits.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { colonHex, sha256Hex } from "./fingerprint.ts";
 *
 * const hex = await sha256Hex(new Uint8Array());
 * equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
 * equal(colonHex(hex).slice(0, 8), "E3:B0:C4");
 * ```
 */
export async function sha256Hex(der: Uint8Array): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", toBytes(der))));
}

/** Hexadecimal as browsers and openssl show fingerprints: upper case, a colon between octets. */
export function colonHex(hex: string): string {
  return hex.toUpperCase().replace(/..(?=.)/g, "$&:");
}
