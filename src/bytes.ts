/**
 * Byte-string helpers that every layer may use. No runtime names, no dependencies.
 *
 * @module
 */

/** Bytes that own a plain ArrayBuffer, as WebCrypto wants them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Joins byte strings into a new one. */
export function concatBytes(parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/**
 * Whether two byte strings are equal. Not constant-time: for public values (certificates,
 * fingerprints, identifiers), never for secrets.
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Looking up is six times faster than formatting; a table of all octets would cost every run its making. */
const DIGITS = "0123456789abcdef";

/** Lower-case hexadecimal without separators. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += DIGITS[byte >> 4]! + DIGITS[byte & 15]!;
  return text;
}

/** Copies into a byte string that owns a plain ArrayBuffer. */
export function toBytes(source: Uint8Array | ArrayBuffer): Bytes {
  return source instanceof ArrayBuffer ? new Uint8Array(source) : new Uint8Array(source);
}
