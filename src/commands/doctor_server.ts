/**
 * `doctor URL`: gathers what the checks of a server want to know.
 *
 * @module
 */

import type { Adviser } from "../doctor/advice.ts";
import { type Check, CHECK_GROUPS } from "../doctor/check.ts";
import { type Examination, examineServer } from "../doctor/examine.ts";
import { certificateChecks } from "../doctor/findings/certificate.ts";
import { chainChecks } from "../doctor/findings/chain.ts";
import { handshakeChecks } from "../doctor/findings/handshake.ts";
import { networkChecks } from "../doctor/findings/network.ts";
import { plainHttpChecks } from "../doctor/findings/plain_http.ts";
import { trustChecks } from "../doctor/findings/trust.ts";
import type { ProbeReport } from "../doctor/probe_clients.ts";
import type { Sight } from "../doctor/sight.ts";
import type { Target } from "../doctor/target.ts";
import type { Verdict } from "../doctor/verdicts.ts";
import { anchorOfCertificate } from "./anchors.ts";
import type { CommandContext, Workplace } from "./context.ts";
import { makeAdviser, readOwnRoot } from "./doctor_adviser.ts";
import type { DoctorFlags } from "./doctor.ts";
import { findStores } from "./stores.ts";

/** What was found about a server. */
export interface ServerReport {
  readonly checks: readonly Check[];
  readonly verdicts: readonly Verdict[];
  readonly probes?: readonly ProbeReport[];
}

/** What is to be looked at. */
export interface ServerQuestion {
  readonly target: Target;
  /** The origin of the page that calls the server. */
  readonly page: URL | undefined;
  /** The look at the server, which goes on; undefined for plain HTTP. */
  readonly looking: Promise<Sight> | undefined;
}

/** Examines the server, and how a page of the origin may call it. */
export async function examineUrl(
  context: CommandContext,
  workplace: Workplace,
  flags: DoctorFlags,
  { target, page, looking }: ServerQuestion,
): Promise<ServerReport> {
  const { host } = context;
  const { state } = workplace;
  context.report({ type: "progress", message: `looking at ${target.origin}` });
  const reading = readOwnRoot(context, workplace);
  if (looking === undefined) {
    const adviser = await makeAdviser(context, workplace, target, page, await reading, undefined);
    return { checks: await plainHttpChecks(adviser, page), verdicts: [] };
  }
  const searching = findMissing(context);
  const [examination, probes] = await Promise.all([
    examineServer({
      host,
      target,
      looking,
      stores: findStores(context, workplace, flags),
      known: reading.then((root) => root === undefined ? [] : [root]),
      makeAnchor: (certificate) => anchorOfCertificate(state, certificate),
    }),
    flags.probe === true ? probe(context, target) : undefined,
  ]);
  const installed = onlyInstalled(await searching, examination);
  const adviser = await makeAdviser(context, workplace, target, page, await reading, installed);
  const checks = [
    ...networkChecks(adviser, installed.sight),
    ...handshakeChecks(adviser, installed),
    ...chainChecks(adviser, installed),
    ...certificateChecks(adviser, installed),
    ...trustChecks(adviser, installed),
    ...await callChecks(adviser, installed, page),
  ];
  checks.sort((a, b) => CHECK_GROUPS.indexOf(a.group) - CHECK_GROUPS.indexOf(b.group));
  return {
    checks,
    verdicts: installed.verdicts,
    ...(probes !== undefined && { probes }),
  };
}

async function callChecks(
  adviser: Adviser,
  { sight, requiresCertificate }: Examination,
  page: URL | undefined,
): Promise<Check[]> {
  if (page === undefined) return [];
  const { pageChecks } = await import("../doctor/findings/page.ts");
  const answered = sight.answers.chromium?.flight.version !== undefined;
  return await pageChecks(adviser, page, answered && !requiresCertificate);
}

async function probe(context: CommandContext, target: Target): Promise<readonly ProbeReport[]> {
  const { probeInScratch } = await import("../doctor/probe_scratch.ts");
  return await probeInScratch(context.host, target.url.href);
}

/** Programs without which nobody asks for a client's verdict. Browsers are judged always: other machines have them. */
const PROGRAMS = { node: "node", python: "python3", java: "java", curl: "curl" } as const;

async function findMissing({ host }: CommandContext): Promise<ReadonlySet<string>> {
  const missing = new Set<string>();
  await Promise.all(
    Object.entries(PROGRAMS).map(async ([client, program]) => {
      if (await host.commands.find(program) === undefined) missing.add(client);
    }),
  );
  return missing;
}

function onlyInstalled(missing: ReadonlySet<string>, examination: Examination): Examination {
  const verdicts = examination.verdicts.filter(({ client }) => !missing.has(client));
  return { ...examination, verdicts };
}
