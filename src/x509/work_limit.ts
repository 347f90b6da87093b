/**
 * A bound on what reading one hostile file may cost: iteration counts come from the file itself.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";

/** Makes the error of whoever reads: code and subject are the caller's, the state is given. */
export type Refusal = (state: string) => LocalTlsError;

/**
 * Iterations that reading one file may take in all. Seconds of PBKDF2 on any machine of today; OWASP
 * recommends 600,000 (the Password Storage Cheat Sheet, PBKDF2-HMAC-SHA256), and readers stop where this does
 * or before: Java at 5,000,000 for each part (PKCS12KeyStore.MAX_ITERATION_COUNT).
 */
export const MAX_ITERATIONS = 10_000_000;

/** Counts work down. */
export class WorkLimit {
  #left: number;
  readonly #refuse: Refusal;

  /**
   * @param refuse Makes the error where it is too much.
   * @param iterations In all.
   */
  constructor(refuse: Refusal, iterations: number = MAX_ITERATIONS) {
    this.#left = iterations;
    this.#refuse = refuse;
  }

  /** Takes iterations from what is left, before they are done; throws where there are not that many. */
  spend(iterations: number): void {
    this.#left -= iterations;
    if (this.#left < 0) {
      throw this.#refuse(
        `its iteration counts come to more than ${MAX_ITERATIONS}, which would take too long`,
      );
    }
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
