/**
 * A digest of a digest of a digest: what RFC 7292, B.2 asks for, hundreds of thousands of times.
 *
 * `crypto.subtle.digest` answers asynchronously, which costs 2 us (Bun) to 50 us (Node) each time, whatever the
 * hash: half a minute for the 600,000 iterations that NSS and GnuTLS write. So SHA-1 and SHA-256 of an input that fits one
 * block are computed here (FIPS 180-4, 6.1.2 and 6.2.2); everything longer, and every other hash, is WebCrypto's.
 * Passwords only pass through here in files of others and in the MAC of our own; no signature depends on it.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";

/** A state of eight words at most, and how a block changes it. */
interface Compression {
  readonly initial: readonly number[];
  /** Octets of a digest. */
  readonly length: number;
  /** Overwrites `state` with the digest of the one block in `w`, whose first 16 words are filled in. */
  readonly compress: (w: Uint32Array, state: Uint32Array) => void;
}

/** FIPS 180-4, 5.3. SHA-256's constants are the first bits of the fractional parts of roots of primes. */
const SHA1_INITIAL = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
const PRIMES = firstPrimes(64);
const SHA256_INITIAL = PRIMES.slice(0, 8).map((prime) => fraction(prime, 2));
/** FIPS 180-4, 4.2.2. */
const SHA256_CONSTANTS = Uint32Array.from(PRIMES, (prime) => fraction(prime, 3));

const COMPRESSIONS: Readonly<Record<string, Compression>> = {
  "SHA-1": { initial: SHA1_INITIAL, length: 20, compress: compressSha1 },
  "SHA-256": { initial: SHA256_INITIAL, length: 32, compress: compressSha256 },
};

/**
 * Rounds between two breaths, some 30 ms: a server goes on answering, and the runtime gets to compile what runs for long
 * (src/host/tier_up.ts), which makes it ten times as fast.
 */
const ROUNDS_AT_ONCE = 50_000;

/**
 * H(H(...H(input))).
 * @param hash WebCrypto's name of a hash.
 * @param times 1 or more.
 */
export async function iterateDigest(hash: string, input: Bytes, times: number): Promise<Bytes> {
  let digest: Bytes = new Uint8Array(await crypto.subtle.digest(hash, input));
  const compression = COMPRESSIONS[hash];
  if (compression !== undefined) {
    for (let left = times - 1; left > 0; left -= ROUNDS_AT_ONCE) {
      digest = iterateBlock(compression, digest, Math.min(left, ROUNDS_AT_ONCE));
      if (left > ROUNDS_AT_ONCE) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return digest;
  }
  for (let left = times - 1; left > 0; left--) {
    digest = new Uint8Array(await crypto.subtle.digest(hash, digest));
  }
  return digest;
}

/** The same with an input as long as the digest, which always fills one block with its padding (FIPS 180-4, 5.1.1). */
function iterateBlock({ initial, length, compress }: Compression, input: Bytes, times: number) {
  const words = length / 4;
  const w = new Uint32Array(80);
  const state = new Uint32Array(words);
  const view = new DataView(input.buffer, input.byteOffset, length);
  for (let i = 0; i < words; i++) state[i] = view.getUint32(4 * i);
  for (let left = times; left > 0; left--) {
    w.set(state);
    w[words] = 0x80000000;
    w.fill(0, words + 1, 15);
    w[15] = length * 8;
    state.set(initial);
    compress(w, state);
  }
  const out = new Uint8Array(length);
  const result = new DataView(out.buffer);
  state.forEach((word, i) => result.setUint32(4 * i, word));
  return out;
}

/** FIPS 180-4, 6.1.2. */
function compressSha1(w: Uint32Array, state: Uint32Array): void {
  for (let t = 16; t < 80; t++) {
    const x = w[t - 3]! ^ w[t - 8]! ^ w[t - 14]! ^ w[t - 16]!;
    w[t] = (x << 1) | (x >>> 31);
  }
  let a = state[0]! | 0, b = state[1]! | 0, c = state[2]! | 0, d = state[3]! | 0, e = state[4]! | 0;
  for (let t = 0; t < 80; t++) {
    let f: number;
    if (t < 20) f = ((b & c) | (~b & d)) + 0x5a827999;
    else if (t < 40) f = (b ^ c ^ d) + 0x6ed9eba1;
    else if (t < 60) f = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    else f = (b ^ c ^ d) + 0xca62c1d6;
    const next = (((a << 5) | (a >>> 27)) + f + e + w[t]!) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
}

/** FIPS 180-4, 6.2.2. */
function compressSha256(w: Uint32Array, state: Uint32Array): void {
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15]!;
    const y = w[t - 2]!;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[t] = s1 + w[t - 7]! + s0 + w[t - 16]!;
  }
  let a = state[0]! | 0, b = state[1]! | 0, c = state[2]! | 0, d = state[3]! | 0;
  let e = state[4]! | 0, f = state[5]! | 0, g = state[6]! | 0, h = state[7]! | 0;
  for (let t = 0; t < 64; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + SHA256_CONSTANTS[t]! + w[t]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) {
    if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  }
  return primes;
}

/** The first 32 bits of the fractional part of a root of a prime, exactly: floor(root(prime * 2^(32 degree))) mod 2^32. */
function fraction(prime: number, degree: 2 | 3): number {
  const target = BigInt(prime) << BigInt(32 * degree);
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(degree) <= target) low = middle;
    else high = middle;
  }
  return Number(low & 0xffffffffn);
}
