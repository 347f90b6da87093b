/**
 * The refusal of a clock that cannot be right. Loaded only for one that looks so.
 *
 * @module
 */

import type { StateDirectory } from "../castore/state_directory.ts";
import { LocalTlsError } from "../errors.ts";
import type { Authority } from "../pki/authority.ts";
import { WRITTEN_ON } from "../version.ts";
import { FAR_MS, WRITTEN_MS } from "./clock.ts";
import type { CommandContext } from "./context.ts";

/** Set to "1" by somebody who knows better. */
const OVERRIDE = "LOCALTLS_TRUST_CLOCK";

/** A clock that requireClock() has doubts about. Throws CLOCK_WRONG. */
export async function judgeClock(
  context: CommandContext,
  state: StateDirectory,
  authority: Authority | undefined,
): Promise<void> {
  const { host } = context;
  const now = host.now();
  const isEarly = now.getTime() < WRITTEN_MS;
  const known = isEarly || authority === undefined
    ? undefined
    : await newestKnown(state, authority);
  if (known !== undefined && now.getTime() <= known.ms + FAR_MS) return;
  const shown = `the clock of this machine says ${now.toISOString().replace(/T.*/, "")}`;
  const reason = known === undefined
    ? isEarly
      ? `${shown}, and this program was written on ${WRITTEN_ON}`
      : `${shown}, more than 5 years after this program was written`
    : `${shown}, and the newest date that it knows, ${known.what}, is ${day(known.ms)}`;
  if (host.env(OVERRIDE) === "1") {
    context.report({ type: "warning", code: "CLOCK_DOUBTED", message: reason });
    return;
  }
  throw new LocalTlsError("CLOCK_WRONG", `Cannot issue: ${reason}`, {
    hints: [
      "Set the clock: sudo timedatectl set-ntp true",
      `If the clock is right, run the command again with ${OVERRIDE}=1 in the environment`,
    ],
  });
}

async function newestKnown(
  state: StateDirectory,
  authority: Authority,
): Promise<{ readonly what: string; readonly ms: number }> {
  let newest = { what: "that of the CA", ms: authority.root.notBefore.getTime() };
  if (WRITTEN_MS > newest.ms) newest = { what: "that of this program", ms: WRITTEN_MS };
  for (const ledger of [state.issued, state.trusted]) {
    for (const { time } of (await ledger.read()).events) {
      const ms = Date.parse(time);
      if (ms > newest.ms) newest = { what: "in its ledgers", ms };
    }
  }
  return newest;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
