/**
 * `renew --watch`: renews in the foreground until it is asked to end; for containers, and machines without systemd.
 *
 * @module
 */

import { readCertificates } from "../castore/certificates.ts";
import { LocalTlsError } from "../errors.ts";
import { repeatedDueWindow } from "./certificate_state.ts";
import type { CommandContext } from "./context.ts";
import { type CommandResult, EXIT, type RenewDocument } from "./documents.ts";
import { prepareRenewal, type Renewal, type RenewFlags, renewRound } from "./renew.ts";
import { select } from "./renew_choice.ts";
import { runExec } from "./renew_exec.ts";

/** A machine that slept, a clock that was set, a certificate that was just issued: noticed after an hour at the latest. */
const CHECK_MS = 3_600_000;

/** A certificate that cannot be renewed stays due: it is tried again, but not at once. */
const SHORTEST_MS = 60_000;

/**
 * Runs `renew --watch`: a check now, and at the next moment that something is due, an hour later at the latest. What fails in a
 * round is told and tried again in the next; only a first round that cannot be made at all ends it (exit code
 * 1). SIGINT and SIGTERM end it with 0, after the certificate that is being written.
 */
export async function watchRenewals(
  context: CommandContext,
  flags: RenewFlags,
): Promise<CommandResult<RenewDocument>> {
  if (flags.all) {
    throw new LocalTlsError("USAGE", "Cannot use --watch with --all: it would never end", {
      hints: [`${context.program} renew --watch`],
    });
  }
  const { host } = context;
  const stop = host.stopSignal();
  const renewal = await prepareRenewal(context, flags, true);
  let renewed = 0;
  const told = new Set<string>();
  // A round repeats the warnings of the last one: what is known is not said every hour.
  const quiet: CommandContext = {
    ...context,
    report(event) {
      if (event.type === "progress") return;
      if (event.type === "warning") {
        if (told.has(event.message)) return;
        told.add(event.message);
      }
      context.report(event);
    },
  };
  context.report({ type: "progress", message: "watching the certificates; Ctrl-C ends it" });
  for (let round = 0; !stop.aborted; round++) {
    try {
      renewed += await watchRound(quiet, renewal);
    } catch (error) {
      if (round === 0 || !(error instanceof LocalTlsError)) throw error;
      quiet.report({ type: "warning", code: error.code, message: error.message });
    }
    if (stop.aborted) break;
    await host.sleep(await nextCheck(quiet, renewal), stop);
  }
  return {
    document: { command: "renew", ok: true, certificates: [], renewed, watched: true },
    exitCode: EXIT.done,
  };
}

async function watchRound(context: CommandContext, renewal: Renewal): Promise<number> {
  let renewed = 0;
  await renewRound(context, renewal, (certificate) => {
    const ok = certificate.state === "renewed";
    if (ok) renewed++;
    const time = context.host.now().toISOString();
    context.report({ type: "part", document: { command: "renew", ok, time, certificate } });
  }, context.host.stopSignal());
  if (renewed > 0 && renewal.exec !== undefined) await runExec(context, renewal.exec);
  return renewed;
}

/** Milliseconds to the next check. */
async function nextCheck(
  { host, program }: CommandContext,
  { workplace: { state }, flags }: Renewal,
): Promise<number> {
  let wait = CHECK_MS;
  try {
    const now = host.now().getTime();
    const all = readCertificates(state.issued);
    for await (const event of select(host, program, all, flags.certificates)) {
      const left = Date.parse(event.notAfter) - repeatedDueWindow(event, flags.due) - now;
      // What is due already was just tried, or is kept for a reason: that can wait for the hour.
      if (left > 0) wait = Math.min(wait, left);
    }
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error; // the next round tells it
  }
  return Math.max(wait, SHORTEST_MS);
}
