/**
 * Octets from a password as PKCS#12 derives them (RFC 7292, appendix B).
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../bytes.ts";
import type { WorkLimit } from "../work_limit.ts";
import { iterateDigest } from "./iterated_digest.ts";

/** What the octets are for (RFC 7292, B.3): the ID byte. */
export const PURPOSE = { key: 1, iv: 2, mac: 3 } as const;

/** Octets of a block of each hash: v in the standard. */
const BLOCK_LENGTHS: Readonly<Record<string, number>> = {
  "SHA-1": 64,
  "SHA-256": 64,
  "SHA-384": 128,
  "SHA-512": 128,
};

/** Octets of a digest of each hash: u in the standard. */
export const DIGEST_LENGTHS: Readonly<Record<string, number>> = {
  "SHA-1": 20,
  "SHA-256": 32,
  "SHA-384": 48,
  "SHA-512": 64,
};

/** Everything that the octets depend on. */
export interface DerivationParameters {
  /** WebCrypto's name, one of {@link DIGEST_LENGTHS}. */
  readonly hash: string;
  /** From {@link PURPOSE}. */
  readonly purpose: number;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** A password as a BMPString, with its terminator (RFC 7292, B.1). Beyond the BMP: surrogates, as OpenSSL writes them. */
export function passwordOctets(password: string): Bytes {
  return concatBytes([bmpOctets(password), new Uint8Array(2)]);
}

/** UTF-16, big-endian. */
export function bmpOctets(text: string): Bytes {
  const out = new Uint8Array(2 * text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    out[2 * i] = code >> 8;
    out[2 * i + 1] = code & 0xff;
  }
  return out;
}

/**
 * Derives octets (RFC 7292, B.2; the letters are the standard's).
 * @param password From {@link passwordOctets}.
 * @param length Octets.
 */
export async function derivePkcs12(
  password: Uint8Array,
  { hash, purpose, salt, iterations }: DerivationParameters,
  length: number,
  limit?: WorkLimit,
): Promise<Bytes> {
  const u = DIGEST_LENGTHS[hash];
  const v = BLOCK_LENGTHS[hash];
  if (u === undefined || v === undefined) throw new RangeError(`Cannot derive with "${hash}"`);
  const rounds = Math.ceil(length / u);
  limit?.spend({ kind: "pkcs12", hash, iterations, blocks: rounds });
  const diversifier = new Uint8Array(v).fill(purpose);
  const input = concatBytes([stretch(salt, v), stretch(password, v)]);
  const out: Bytes[] = [];
  for (let round = 0; round < rounds; round++) {
    const digest = await iterateDigest(hash, concatBytes([diversifier, input]), iterations);
    out.push(digest);
    addToBlocks(input, repeat(digest, v));
  }
  return concatBytes(out).slice(0, length);
}

/** Repeated up to a multiple of `v`; nothing stays nothing. */
function stretch(octets: Uint8Array, v: number): Bytes {
  return repeat(octets, v * Math.ceil(octets.length / v));
}

function repeat(octets: Uint8Array, length: number): Bytes {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = octets[i % octets.length] ?? 0;
  return out;
}

/** Every block of `input`, a big-endian number, becomes (block + addend + 1) mod 2^(8 v). */
function addToBlocks(input: Bytes, addend: Uint8Array): void {
  const v = addend.length;
  for (let start = 0; start < input.length; start += v) {
    let carry = 1;
    for (let i = v - 1; i >= 0; i--) {
      carry += (input[start + i] ?? 0) + (addend[i] ?? 0);
      input[start + i] = carry & 0xff;
      carry >>= 8;
    }
  }
}
