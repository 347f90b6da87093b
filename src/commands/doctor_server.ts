/**
 * `doctor URL`: gathers what the checks of a server want to know.
 *
 * @module
 */

import { currentCertificates } from "../castore/ledger.ts";
import type { Adviser, IssuedFiles } from "../doctor/advice.ts";
import { type Check, CHECK_GROUPS } from "../doctor/check.ts";
import { type Examination, examineServer } from "../doctor/examine.ts";
import { certificateChecks } from "../doctor/findings/certificate.ts";
import { chainChecks } from "../doctor/findings/chain.ts";
import { handshakeChecks } from "../doctor/findings/handshake.ts";
import { networkChecks } from "../doctor/findings/network.ts";
import { plainHttpChecks } from "../doctor/findings/plain_http.ts";
import { trustChecks } from "../doctor/findings/trust.ts";
import type { ProbeReport } from "../doctor/probe_clients.ts";
import type { Target } from "../doctor/target.ts";
import type { Verdict } from "../doctor/verdicts.ts";
import type { Authority } from "../pki/authority.ts";
import { sha256Hex } from "../x509/fingerprint.ts";
import { anchorOfCertificate } from "./anchors.ts";
import { lookAt } from "./certificate_state.ts";
import type { CommandContext, Workplace } from "./context.ts";
import type { DoctorFlags } from "./doctor.ts";
import { findStores } from "./stores.ts";

/** What was found about a server. */
export interface ServerReport {
  readonly checks: readonly Check[];
  readonly verdicts: readonly Verdict[];
  readonly probes?: readonly ProbeReport[];
}

/** Looks at the server, and at how a page of the origin may call it. */
export async function examineUrl(
  context: CommandContext,
  workplace: Workplace,
  flags: DoctorFlags,
  target: Target,
  page: URL | undefined,
): Promise<ServerReport> {
  const { host } = context;
  const { state } = workplace;
  context.report({ type: "progress", message: `looking at ${target.origin}` });
  const loading = state.loadAuthority().catch(() => undefined);
  const advising = loading.then((authority) =>
    makeAdviser(context, workplace, target, page, authority)
  );
  if (!target.secure) return { checks: await plainHttpChecks(await advising, page), verdicts: [] };
  const [examination, adviser, probes] = await Promise.all([
    examineServer({
      host,
      target,
      stores: findStores(context, workplace, flags),
      known: loading.then((authority) => authority === undefined ? [] : [authority.root]),
      makeAnchor: (certificate) => anchorOfCertificate(state, certificate),
    }),
    advising,
    flags.probe === true ? probe(context, target) : undefined,
  ]);
  const installed = await onlyInstalled(context, examination);
  const exact = await adviseFor(adviser, installed);
  const checks = [
    ...networkChecks(exact, installed.sight),
    ...handshakeChecks(exact, installed),
    ...chainChecks(exact, installed),
    ...certificateChecks(exact, installed),
    ...trustChecks(exact, installed),
    ...await callChecks(exact, installed, page),
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

async function onlyInstalled(
  { host }: CommandContext,
  examination: Examination,
): Promise<Examination> {
  const missing = new Set<string>();
  for (const [client, program] of Object.entries(PROGRAMS)) {
    if (await host.commands.find(program) === undefined) missing.add(client);
  }
  const verdicts = examination.verdicts.filter(({ client }) => !missing.has(client));
  return { ...examination, verdicts };
}

async function makeAdviser(
  { host, program }: CommandContext,
  { state }: Workplace,
  target: Target,
  page: URL | undefined,
  authority: Authority | undefined,
): Promise<Adviser> {
  const [addresses, { events }] = await Promise.all([
    host.network.addresses(),
    state.issued.read().catch(() => ({ events: [] })),
  ]);
  const isHere = /^(?:localhost|127\..*|::1)$|\.localhost$/.test(target.host) ||
    addresses.includes(target.host);
  return {
    program,
    target,
    isHere,
    issued: await findIssued(host, authority, target.host, events),
    ownRoot: authority && { sha256: authority.rootSha256, file: state.rootFile },
    origin: page?.origin,
  };
}

/** The newest certificate for the host whose files are there. */
async function findIssued(
  host: CommandContext["host"],
  authority: Authority | undefined,
  name: string,
  events: Parameters<typeof currentCertificates>[0],
): Promise<IssuedFiles | undefined> {
  for (const event of currentCertificates(events).reverse()) {
    if (!event.names.includes(name) || event.usage === "client") continue;
    const { state, certificate } = await lookAt(host, authority, event);
    if (certificate === undefined) continue;
    const isCurrent = state === "valid" || state === "due";
    return {
      cert: event.cert,
      key: event.key,
      sha256: await sha256Hex(certificate.der),
      isCurrent,
    };
  }
  return undefined;
}

/** The server may have an address of this machine, and serve what was issued here: then a reload mends nothing. */
async function adviseFor(adviser: Adviser, { chain, sight }: Examination): Promise<Adviser> {
  const [leaf] = chain;
  const served = leaf === undefined ? undefined : await sha256Hex(leaf.der);
  const isServed = adviser.issued !== undefined && adviser.issued.sha256 === served;
  const isLoopback = sight.addresses.some((address) => /^(?:127\.|::1$)/.test(address));
  return {
    ...adviser,
    isHere: adviser.isHere || isLoopback,
    issuedIsServed: isServed,
  };
}
