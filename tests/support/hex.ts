/** Bytes from hexadecimal with blanks, as the standards print examples. */

import type { Bytes } from "../../src/bytes.ts";

/** "30 03 02 01 05" as bytes. */
export function hex(text: string): Bytes {
  const digits = text.replaceAll(/\s/g, "");
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new Error(`no hexadecimal: "${text}"`);
  return Uint8Array.from(digits.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16));
}
