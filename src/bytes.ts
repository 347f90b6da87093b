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

/** Lower-case hexadecimal without separators. */
export function toHex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** Octets that String.fromCharCode takes as arguments at once without a stack overflow anywhere. */
const CHUNK = 8192;

/**
 * Text of which each octet is one character, ASCII above all; TextDecoder's "latin1" is another code.
 *
 * No loop over the octets: the runtime's iterators cost a program that runs for a moment more than all the rest of reading
 * a certificate.
 */
export function latin1(bytes: Uint8Array): string {
  const { latin1Slice } = bytes as { latin1Slice?(start: number, end: number): string };
  if (latin1Slice !== undefined) return latin1Slice.call(bytes, 0, bytes.length);
  if (bytes.length <= CHUNK) return fromCharCodes(bytes);
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += fromCharCodes(bytes.subarray(at, at + CHUNK));
  }
  return text;
}

/** Whether the text has ASCII alone, as {@link latin1} gives it. */
export function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

function fromCharCodes(bytes: Uint8Array): string {
  // apply() takes array-likes, and is five times faster than spreading; its type does not know.
  return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
}

/** Copies into a byte string that owns a plain ArrayBuffer. */
export function toBytes(source: Uint8Array | ArrayBuffer): Bytes {
  return source instanceof ArrayBuffer ? new Uint8Array(source) : new Uint8Array(source);
}
