/**
 * A bound on what reading one hostile file may cost: iteration counts come from the file itself.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";

/** Makes the error of whoever reads: code and subject are the caller's, the state is given. */
export type Refusal = (state: string) => LocalTlsError;

/**
 * Work before the password is known to be right, in rounds of PBKDF2-HMAC-SHA-256, of which a machine of 2026 does 6
 * million in a second: what a stranger's file can cost. The most that real tools are told to write is 2,000,000
 * iterations (`openssl pkcs12 -iter`), whose MAC is just as much; by themselves NSS and GnuTLS write 600,000, Java
 * 10,000 (before JDK 17 up to 100,000), OpenSSL and Windows 2,000. OWASP recommends 600,000 (the Password Storage Cheat
 * Sheet, PBKDF2-HMAC-SHA256).
 */
export const MAX_WORK = 8_000_000;

/** Work on top of it once the MAC has fitted: the parts of a file with dozens of keys, each with iterations of its own. */
export const MORE_WORK = 10_000_000;

/** Of one iteration count: the largest that is a number here, since its work is counted anyway. */
export const MAX_ITERATIONS = 0x7fffffff;

/**
 * What a round costs, measured with the runtimes that this runs on. The ones of PKCS#12's own derivation are computed here
 * for SHA-1 and SHA-256; for the others WebCrypto is asked each time, which takes 20 to 50 us.
 */
const COSTS: Readonly<Record<"pbkdf2" | "pkcs12", Readonly<Record<string, number>>>> = {
  pbkdf2: { "SHA-1": 1, "SHA-256": 1, "SHA-384": 4, "SHA-512": 4 },
  pkcs12: { "SHA-1": 3, "SHA-256": 4, "SHA-384": 250, "SHA-512": 250 },
};

/** A derivation of octets from a password. */
export interface Derivation {
  readonly kind: "pbkdf2" | "pkcs12";
  /** WebCrypto's name. */
  readonly hash: string;
  readonly iterations: number;
  /** Digests that the derived octets fill, each of which takes all iterations (RFC 8018, 5.2; RFC 7292, B.2). */
  readonly blocks: number;
}

/** Counts work down. */
export class WorkLimit {
  #left: number;
  #isExceeded = false;
  readonly #refuse: Refusal;

  /**
   * @param refuse Makes the error where it is too much.
   * @param work In all, in rounds of PBKDF2-HMAC-SHA-256.
   */
  constructor(refuse: Refusal, work: number = MAX_WORK) {
    this.#left = work;
    this.#refuse = refuse;
  }

  /** Whether something was refused. */
  get isExceeded(): boolean {
    return this.#isExceeded;
  }

  /** Takes the work of a derivation from what is left, before it is done; throws where there is not that much. */
  spend({ kind, hash, iterations, blocks }: Derivation): void {
    this.#left -= iterations * blocks * (COSTS[kind][hash] ?? Infinity);
    if (this.#left >= 0) return;
    this.#isExceeded = true;
    throw this.#refuse(
      `its iteration counts (one is ${iterations}) are so high that trying a password would take too long`,
    );
  }

  /** The password fits: whoever made the file is no stranger. */
  extend(): void {
    this.#left += MORE_WORK;
  }
}

/** The error for a code and an action: `refusal("KEY_INVALID", "Cannot decrypt the private key")`. */
export function refusal(
  code: LocalTlsError["code"],
  action: string,
  hints: readonly string[] = [],
): Refusal {
  return (state) => new LocalTlsError(code, `${action}: ${state}`, { hints });
}
