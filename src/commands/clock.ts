/**
 * Whether this machine's clock can be right, before anything is issued by it: a certificate of a clock that is years off
 * is good for nobody once the clock is right again, and a CA made by it for even less.
 *
 * @module
 */

import type { StateDirectory } from "../castore/state_directory.ts";
import type { Authority } from "../pki/authority.ts";
import { DAY_MS } from "../pki/profiles.ts";
import { WRITTEN_ON } from "../version.ts";
import type { CommandContext } from "./context.ts";

/** Milliseconds since the epoch. */
export const WRITTEN_MS: number = Date.parse(WRITTEN_ON);

/** Zones and slow clocks: a program that was written today is run today, by a clock that is some hours behind. */
const EARLY_MS = DAY_MS;

/**
 * How far a clock may be after the newest time that is known of this CA: two years. A machine that is in use issues or
 * renews every 13 months; one that was off for longer is asked once.
 */
export const FAR_MS: number = 2 * 366 * DAY_MS;

/** As {@link FAR_MS}, where only the program's own age is known: it may be an old one. Five years. */
export const OLD_PROGRAM_MS: number = 5 * 366 * DAY_MS;

/** Judged once for a list of many lines, and again when the clock has moved on: a server runs for months. */
const judged = new WeakMap<
  StateDirectory,
  { readonly ms: number; readonly judgement: Promise<void> }
>();

/**
 * Throws CLOCK_WRONG for a clock that is before this program was written, or far after the newest time that the CA and its
 * ledger know. The ledger is read only where the CA's own date is not enough.
 *
 * @param authority Undefined where one is about to be made.
 */
export async function requireClock(
  context: CommandContext,
  state: StateDirectory,
  authority: Authority | undefined,
): Promise<void> {
  const now = context.host.now().getTime();
  const isEarly = now < WRITTEN_MS - EARLY_MS;
  const far = authority === undefined
    ? WRITTEN_MS + OLD_PROGRAM_MS
    : Math.max(WRITTEN_MS, authority.root.notBefore.getTime()) + FAR_MS;
  if (!isEarly && now <= far) return;
  let last = judged.get(state);
  if (last === undefined || Math.abs(now - last.ms) > DAY_MS) {
    const { judgeClock } = await import("./clock_judgement.ts");
    judged.set(state, last = { ms: now, judgement: judgeClock(context, state, authority) });
  }
  await last.judgement;
}
