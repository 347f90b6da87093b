/**
 * Preparations that several tests share: made by the first that needs them, so that every test can be run
 * alone. Not in hooks: Bun ends those after 5 s, whatever limit they name.
 *
 * @module
 */

/** The same promise at every call. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
