/**
 * Doing one thing many times, as `cert --from` does: many at once, so that WebCrypto's threads stay busy.
 *
 * @module
 */

import process from "node:process";
import { hastenLongRuns } from "../../../src/host/tier_up.ts";

/** How a loop went, printed as JSON. */
export interface LoopResult {
  readonly count: number;
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds of all threads. */
  readonly cpu: number;
}

/** As many as `cert --from` has on their way. */
const AT_ONCE = 64;

/** Does it `count` times, `atOnce` at a time, and prints a {@link LoopResult}. */
export async function runLoop(
  count: number,
  work: (index: number) => Promise<unknown>,
  atOnce = AT_ONCE,
): Promise<void> {
  let next = 0;
  const worker = async (end: number) => {
    while (next < end) await work(next++);
  };
  const all = (end: number) => Promise.all(Array.from({ length: atOnce }, () => worker(end)));
  hastenLongRuns();
  // Compiled by then, and not counted.
  const warm = Math.ceil(count / 10);
  await all(warm);
  const begun = performance.now();
  const before = process.cpuUsage();
  await all(warm + count);
  const { user, system } = process.cpuUsage(before);
  const result: LoopResult = {
    count,
    wall: performance.now() - begun,
    cpu: (user + system) / 1000,
  };
  console.log(JSON.stringify(result));
}
