/** Damaged copies of an encoding, the same ones in every run. */

import type { Bytes } from "../../src/bytes.ts";

/** A small generator (mulberry32): test failures must repeat. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Copies with one to four octets changed, removed, added or the end cut off. */
export function* mutations(original: Uint8Array, count: number, seed = 1): Generator<Bytes> {
  const random = randomNumbers(seed);
  const below = (n: number) => Math.floor(random() * n);
  for (let i = 0; i < count; i++) {
    const octets = [...original];
    for (let changes = 1 + below(4); changes > 0; changes--) {
      const at = below(octets.length);
      const kind = below(8);
      if (kind === 0) octets.splice(at, 1 + below(4));
      else if (kind === 1) octets.splice(at, 0, below(256));
      else if (kind === 2) octets.length = at;
      else if (kind === 3) octets[at] = (octets[at] ?? 0) ^ (1 << below(8));
      else octets[at] = [0, 0x7f, 0x80, 0x84, 0xff, 0x30, below(256)][below(7)] ?? 0;
    }
    yield Uint8Array.from(octets);
  }
}
