/**
 * `uninstall [--purge]`: takes back every change that was made to trust stores, and checks.
 *
 * @module
 */

import { readCertificates } from "../castore/certificates.ts";
import { currentTrust } from "../castore/ledger.ts";
import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import type { Authority } from "../pki/authority.ts";
import type { StoreResult } from "../truststore/change.ts";
import type { PlannedStep, TrustAnchor, TrustStore } from "../truststore/store.ts";
import { anchorOfAuthority, asRecorded, readKeptAnchor } from "./anchors.ts";
import { describeAuthority, sayWaiting } from "./authority.ts";
import { type CommandContext, openWorkplace, type Workplace } from "./context.ts";
import { type CommandResult, EXIT, type UninstallDocument } from "./documents.ts";
import { changeTrust, exitCodeFor, findStores, planTrust, type StoreOptions } from "./stores.ts";
import { blockFiles, removeBlocks } from "./env/profiles.ts";
import { findLeftovers, sweepLeftovers } from "./leftovers.ts";
import { removeTimer, timerFiles } from "./timer.ts";

/** What the user asked for. */
export interface UninstallFlags extends StoreOptions {
  /** Remove the state directory with the CA's key as well. */
  readonly purge?: boolean | undefined;
}

/**
 * Runs `uninstall`. With --purge the CA goes last, and only when every store is clean: without it nobody
 * could find out any more what to take out of a store.
 */
export async function uninstall(
  context: CommandContext,
  flags: UninstallFlags,
): Promise<CommandResult<UninstallDocument>> {
  const { host, options } = context;
  const workplace = await openWorkplace(context);
  const { state } = workplace;
  const authority = await loadWhatIsThere(context, workplace, flags.purge === true);
  const anchors = await findAnchors(context, workplace, authority);
  const recorded = currentTrust((await state.trusted.read()).events);
  const stores = await findStores(context, workplace, flags, recorded);
  const ca = authority === undefined ? {} : { ca: describeAuthority(state, authority) };
  const left = await issuedFiles(host, workplace);

  if (options.dryRun) {
    const planned: PlannedStep[] = [];
    const units = flags.stores === undefined
      ? await timerFiles(host, workplace.user, state.path)
      : [];
    planned.push(...units.map((path) => ({ type: "delete", path, root: false } as const)));
    const blocks = flags.stores === undefined
      ? await blockFiles(host, workplace.user, state.path)
      : [];
    planned.push(
      ...blocks.map(({ real }) => ({ type: "write", path: real, root: false } as const)),
    );
    for (const anchor of anchors) planned.push(...await planTrust(host, "remove", stores, anchor));
    if (flags.purge) {
      const left = await findLeftovers(context, workplace);
      const files = new Set([...left, ...await state.purge({ dryRun: true })]);
      planned.push(
        ...[...files].map((path) => ({ type: "delete", path, root: false } as const)),
      );
    }
    return {
      document: { command: "uninstall", ok: true, ...ca, stores: [], purged: [], left, planned },
      exitCode: EXIT.done,
    };
  }

  if (flags.purge) await confirmPurge(context, authority);
  const timer = flags.stores === undefined
    ? await removeTimer(context, workplace.user, state.path)
    : undefined;
  const profiles = flags.stores === undefined
    ? await removeBlocks(context, workplace, state.path)
    : [];
  const results: StoreResult[] = [];
  for (const anchor of anchors) {
    results.push(...await removeEverywhere(context, workplace, stores, anchor));
  }
  const isLeft = profiles.some(({ outcome }) => outcome === "failed");
  const exitCode = isLeft ? EXIT.partial : exitCodeFor(results);
  if (flags.purge && exitCode !== EXIT.done) {
    context.report({
      type: "warning",
      code: "NOT_PURGED",
      message: `"${state.path}" is kept: it is needed to clean what is left`,
    });
  }
  const purged = flags.purge && exitCode === EXIT.done
    ? [
      // While the ledgers still say where.
      ...await sweepLeftovers(context, workplace),
      ...await state.purge({ onWait: () => sayWaiting(context) }),
    ]
    : [];
  return {
    document: {
      command: "uninstall",
      ok: exitCode === EXIT.done,
      ...ca,
      stores: results,
      purged,
      left,
      ...(timer === undefined || timer.action === "absent" ? {} : { timer }),
      ...(profiles.length === 0 ? {} : { profiles }),
    },
    exitCode,
  };
}

/** A damaged CA does not keep anybody from uninstalling: the ledger and the kept anchors are enough. */
async function loadWhatIsThere(
  context: CommandContext,
  { state }: Workplace,
  purge: boolean,
): Promise<Authority | undefined> {
  try {
    return await state.loadAuthority();
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    context.report({
      type: "warning",
      code: error.code,
      message: purge ? `${error.message}; removing what is there` : error.message,
    });
    return undefined;
  }
}

/** Our own CA, and everything that the ledger says is trusted. */
async function findAnchors(
  context: CommandContext,
  { state }: Workplace,
  authority: Authority | undefined,
): Promise<TrustAnchor[]> {
  const anchors: TrustAnchor[] = authority === undefined
    ? []
    : [anchorOfAuthority(state, authority)];
  const { events } = await state.trusted.read();
  const held = new Set(currentTrust(events).map(({ sha256 }) => sha256));
  for (const { sha256 } of anchors) held.delete(sha256);
  for (const sha256 of held) {
    try {
      anchors.push(asRecorded(await readKeptAnchor(context.host, state, sha256)));
    } catch (error) {
      if (!(error instanceof LocalTlsError)) throw error;
      context.report({ type: "warning", code: error.code, message: error.message });
    }
  }
  return anchors;
}

/**
 * Looks at every store of this machine, not only at those of the ledger, and reports the ones where
 * something was found; a store of the ledger that is gone is noted as such.
 */
async function removeEverywhere(
  context: CommandContext,
  workplace: Workplace,
  stores: readonly TrustStore[],
  anchor: TrustAnchor,
): Promise<StoreResult[]> {
  const { state } = workplace;
  const held = currentTrust((await state.trusted.read()).events)
    .filter(({ sha256 }) => sha256 === anchor.sha256);
  const results = await changeTrust(context, workplace, "remove", stores, anchor);
  const found = (entry: { readonly kind: string; readonly path: string }) =>
    results.some(({ kind, path }) => kind === entry.kind && path === entry.path);
  const wantedKinds = new Set(stores.map(({ kind }) => kind));
  for (const entry of held) {
    if (found(entry) || !wantedKinds.has(entry.kind)) continue;
    const { kind, path, label } = entry;
    results.push({
      kind,
      label,
      path,
      outcome: "absent",
      reason: "this store is not there any more",
    });
    await state.trusted.append({
      ...entry,
      event: "removed",
      time: context.host.now().toISOString(),
      created: [],
    });
  }
  // A store that never trusted us, and cannot be read, is nobody's business here.
  return results.filter((result) =>
    result.outcome !== "unavailable" || held.some(
      ({ kind, path }) => kind === result.kind && path === result.path,
    )
  );
}

async function issuedFiles(host: Host, { state }: Workplace): Promise<string[]> {
  const left: string[] = [];
  for await (const { event: { cert, key, p12 } } of readCertificates(state.issued)) {
    for (const path of [cert, key, p12]) {
      if (path !== undefined && await host.files.info(path)) left.push(path);
    }
  }
  return left;
}

async function confirmPurge(
  { host, options }: CommandContext,
  authority: Authority | undefined,
): Promise<void> {
  // Without a terminal the flag itself is the answer: scripts have no one to ask.
  if (authority === undefined || options.yes || !host.terminal.interactive) return;
  const answer = await host.terminal.ask(
    "Remove the CA and its key? Certificates that it issued cannot be renewed after that [y/N] ",
  );
  if (!/^y(?:es)?$/i.test(answer.trim())) {
    throw new LocalTlsError("CANCELLED", "Cannot remove the CA: not confirmed");
  }
}
