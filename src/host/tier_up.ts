/**
 * When the runtime's compiler sets in.
 *
 * @module
 */

/** What Bun has beside Node's own; other runtimes have nothing of the kind. */
interface Runtime {
  readonly Bun?: { readonly unsafe?: { setJITPolicy?(scale: number): void } };
}

/** Milliseconds. Most commands have ended by then. */
const LONG_RUN_MS = 100;

/**
 * The executable starts with a compiler that holds back (scripts/build/bun_compile.ts): in 10 to 40 ms nothing pays for
 * being compiled. Whoever runs longer, a server or a list of names, gets it back.
 */
export function hastenLongRuns(runtime: Runtime = globalThis as Runtime): void {
  const unsafe = runtime.Bun?.unsafe;
  if (unsafe?.setJITPolicy === undefined) return;
  setTimeout(() => unsafe.setJITPolicy?.(1), LONG_RUN_MS).unref();
}
