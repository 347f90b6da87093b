/**
 * Environment variables by which Bun's runtime, inside of localtls, would run or write what somebody else names.
 *
 * A compiled program honours them before its own first line: `BUN_OPTIONS=--preload=FILE` runs a file, `BUN_BE_BUN=1` makes
 * it Bun itself, `BUN_BYTECODE_*_OUT=FILE` writes one. For a program that is run through sudo each is a way to be root, and no
 * flag of `bun build` turns them off. So their names are taken out of the executable: zeros stand in place of each, and no
 * variable has an empty name. No byte moves.
 *
 * @module
 */

/** Each stands once in a runtime with a zero behind it, as getenv(3) takes it. */
export const CLOSED_SWITCHES = [
  "BUN_OPTIONS",
  "BUN_BE_BUN",
  "BUN_INSPECT_PRELOAD",
  "BUN_BYTECODE_DIGEST_OUT",
  "BUN_BYTECODE_ORDER_NAMES_OUT",
  "BUN_BYTECODE_ORDER_OUT",
] as const;

/**
 * Takes the names out of an executable, in place.
 *
 * @param open A name that is left, for the run that needs it (bytecode_order.ts).
 * @throws {Error} One is not there, or more than once: Bun keeps it otherwise than it did.
 */
export function closeSwitches(executable: Uint8Array, open?: string): void {
  const bytes = Buffer.from(executable.buffer, executable.byteOffset, executable.length);
  for (const name of CLOSED_SWITCHES) {
    if (name === open) continue;
    const wanted = Buffer.from(`${name}\0`, "latin1");
    const start = bytes.indexOf(wanted);
    if (start < 0 || bytes.indexOf(wanted, start + 1) >= 0) {
      throw new Error(
        `Cannot close "${name}": it does not stand once in Bun's runtime, as it did before`,
      );
    }
    bytes.fill(0, start, start + wanted.length);
  }
}
