/**
 * How long a target is waited for.
 *
 * @module
 */

/** A limit that runs only while the target is the one that is waited for. */
export interface Patience {
  /** From now on the target has the whole time; nothing where it runs already. */
  start(): void;
  /** The client is waited for. */
  pause(): void;
  /** Nobody is waited for any more. */
  end(): void;
}

/** @param ms 0 for as long as it takes. */
export function startPatience(ms: number, onLate: () => void): Patience {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hasEnded = ms === 0;
  const pause = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    start() {
      if (!hasEnded) timer ??= setTimeout(onLate, ms);
    },
    pause,
    end() {
      hasEnded = true;
      pause();
    },
  };
}
