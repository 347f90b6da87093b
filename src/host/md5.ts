/**
 * MD5 (RFC 1321), which WebCrypto does not have and NSS's older trust entries carry beside a SHA-1. Nothing rests on
 * its strength. node:crypto takes 6 to 10 ms to load by itself, a third of what `status` takes in all.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";

/** Left rotations of the four rounds, four in turn (RFC 1321, 3.4). */
const ROTATIONS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

/** Which word of the block each step of a round takes: the first, and how far it is to the next, modulo 16. */
const WORD_START = [0, 1, 5, 0];
const WORD_STEP = [1, 5, 3, 7];

/** 64-byte blocks are what is digested at a time. */
const BLOCK = 64;

/** The digest: 16 octets. */
export function md5(bytes: Uint8Array): Bytes {
  // RFC 1321, 3.1 and 3.2: one bit, zeros, and the length in bits, little-endian.
  const padded = new DataView(new ArrayBuffer(Math.ceil((bytes.length + 9) / BLOCK) * BLOCK));
  new Uint8Array(padded.buffer).set(bytes);
  padded.setUint8(bytes.length, 0x80);
  padded.setBigUint64(padded.byteLength - 8, BigInt(bytes.length) * 8n, true);

  const sines = Array.from(
    { length: 64 },
    (_, i) => Math.floor(2 ** 32 * Math.abs(Math.sin(i + 1))),
  );
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let block = 0; block < padded.byteLength; block += BLOCK) {
    let [a, b, c, d] = state as unknown as [number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      const word = (WORD_STEP[round]! * i + WORD_START[round]!) & 15;
      const value = padded.getUint32(block + word * 4, true);
      const sum = (a + mix(round, b, c, d) + sines[i]! + value) | 0;
      const turn = ROTATIONS[round * 4 + (i & 3)]!;
      a = d;
      d = c;
      c = b;
      b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
    }
    state.set([state[0]! + a, state[1]! + b, state[2]! + c, state[3]! + d]);
  }
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, i) => digest.setUint32(i * 4, word, true));
  return new Uint8Array(digest.buffer);
}

/** The functions F, G, H and I. */
function mix(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  if (round === 1) return (b & d) | (c & ~d);
  return round === 2 ? b ^ c ^ d : c ^ (b | ~d);
}
