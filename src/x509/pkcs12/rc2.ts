/**
 * RC2 in CBC mode (RFC 2268), decryption alone. mkcert and OpenSSL before 3.0 encrypt the certificates of a PKCS#12 file with
 * 40 bits of it, no WebCrypto has it, and OpenSSL 3 and Node no longer read such files. What it hides is
 * no secret: certificates are public, and 40 bits are none.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";

/** Octets of a block, and of the initialization vector. */
export const RC2_BLOCK_LENGTH = 8;

/** RFC 2268, 2: digits of pi, as a permutation of all octets. */
const PI_TABLE = Uint8Array.from(
  (
    "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2" +
    "179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82" +
    "54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626" +
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7" +
    "08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec" +
    "c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731" +
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9" +
    "0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad"
  ).match(/../g) ?? [],
  (digits) => Number.parseInt(digits, 16),
);

/**
 * Decrypts and takes the padding off (RFC 8018, 6.1.1).
 * @param key 1 to 128 octets.
 * @param effectiveBits How many bits of the key count (RFC 2268, 2): 40 or 128 in PKCS#12.
 * @param iv 8 octets.
 * @param encrypted Whole blocks, one or more.
 * @returns undefined where the padding shows that the key is wrong.
 */
export function decryptRc2(
  key: Uint8Array,
  effectiveBits: number,
  iv: Uint8Array,
  encrypted: Uint8Array,
): Bytes | undefined {
  const plain = decryptRc2Blocks(key, effectiveBits, iv, encrypted);
  const padding = plain[plain.length - 1] ?? 0;
  if (padding < 1 || padding > RC2_BLOCK_LENGTH) return undefined;
  const end = plain.length - padding;
  return plain.subarray(end).every((octet) => octet === padding) ? plain.slice(0, end) : undefined;
}

/** The same with the padding left on. */
export function decryptRc2Blocks(
  key: Uint8Array,
  effectiveBits: number,
  iv: Uint8Array,
  encrypted: Uint8Array,
): Bytes {
  const schedule = expandKey(key, effectiveBits);
  const plain = new Uint8Array(encrypted.length);
  let previous = iv;
  for (let at = 0; at < encrypted.length; at += RC2_BLOCK_LENGTH) {
    const block = encrypted.subarray(at, at + RC2_BLOCK_LENGTH);
    const out = decryptBlock(schedule, block);
    for (let i = 0; i < RC2_BLOCK_LENGTH; i++) plain[at + i] = out[i]! ^ previous[i]!;
    previous = block;
  }
  return plain;
}

/** RFC 2268, 2: 64 words of 16 bits. */
function expandKey(key: Uint8Array, effectiveBits: number): Uint16Array {
  const octets = new Uint8Array(128);
  octets.set(key);
  for (let i = key.length; i < 128; i++) {
    octets[i] = PI_TABLE[(octets[i - 1]! + octets[i - key.length]!) & 0xff]!;
  }
  const length = (effectiveBits + 7) >> 3;
  const mask = 0xff >> (8 * length - effectiveBits);
  octets[128 - length] = PI_TABLE[octets[128 - length]! & mask]!;
  for (let i = 127 - length; i >= 0; i--) {
    octets[i] = PI_TABLE[octets[i + 1]! ^ octets[i + length]!]!;
  }
  return Uint16Array.from({ length: 64 }, (_, i) => octets[2 * i]! | (octets[2 * i + 1]! << 8));
}

/** RFC 2268, 4: 5 rounds of r-mixing, one of r-mashing, 6, one, 5. */
function decryptBlock(schedule: Uint16Array, block: Uint8Array): Uint8Array {
  const r = [0, 1, 2, 3].map((i) => block[2 * i]! | (block[2 * i + 1]! << 8));
  let at = 63;
  const mix = (rounds: number) => {
    for (; rounds > 0; rounds--) {
      for (let i = 3; i >= 0; i--) {
        const shift = [1, 2, 3, 5][i]!;
        const rotated = ((r[i]! >>> shift) | (r[i]! << (16 - shift))) & 0xffff;
        const before = r[(i + 3) & 3]!;
        const mixed = schedule[at--]! + (before & r[(i + 2) & 3]!) + (~before & r[(i + 1) & 3]!);
        r[i] = (rotated - mixed) & 0xffff;
      }
    }
  };
  const mash = () => {
    for (let i = 3; i >= 0; i--) r[i] = (r[i]! - schedule[r[(i + 3) & 3]! & 63]!) & 0xffff;
  };
  mix(5);
  mash();
  mix(6);
  mash();
  mix(5);
  return Uint8Array.from(r.flatMap((word) => [word & 0xff, word >> 8]));
}
