/**
 * Trust that moves from one root to another, and back where that fails.
 *
 * @module
 */

import { currentTrust, toLabel } from "../../castore/ledger.ts";
import type { StateDirectory } from "../../castore/state_directory.ts";
import { LocalTlsError } from "../../errors.ts";
import { readStates, type StoreResult } from "../../truststore/change.ts";
import type { TrustAnchor, TrustStore } from "../../truststore/store.ts";
import { asRecorded, keepAnchor, type OwnAnchor, readKeptAnchor } from "../anchors.ts";
import type { CommandContext, Workplace } from "../context.ts";
import { changeTrust } from "../stores.ts";

/**
 * The stores that trust the root now, each noted in the ledger with a copy of the root, so that uninstall takes
 * it back even if nothing after this comes to its end.
 *
 * Throws STORE_UNAVAILABLE for a store that is noted as trusting it and cannot be read.
 */
export async function storesTrusting(
  context: CommandContext,
  { state }: Workplace,
  stores: readonly TrustStore[],
  anchor: OwnAnchor,
): Promise<TrustStore[]> {
  const { host } = context;
  const held = await trustOf(state, anchor.sha256);
  const isHeld = ({ kind, path }: { readonly kind: string; readonly path: string }) =>
    held.some((entry) => entry.kind === kind && entry.path === path);
  const states = await readStates(stores, anchor);
  // A family that could not be searched stands in the list as one store that cannot be read: stores of the ledger
  // that are of its kind, and were not found, may well be there.
  const isFound = ({ kind, path }: { readonly kind: string; readonly path: string }) =>
    stores.some((store) => store.kind === kind && store.path === path);
  const unreadable = states.find((result) =>
    result.outcome !== "trusted" && result.outcome !== "untrusted" &&
    (isHeld(result) || held.some((entry) => entry.kind === result.kind && !isFound(entry)))
  );
  if (unreadable !== undefined) {
    throw new LocalTlsError(
      "STORE_UNAVAILABLE",
      `Cannot change the CA: what trusts it cannot be read (${unreadable.label}): ${unreadable.reason}`,
      { hints: unreadable.hints ?? [] },
    );
  }
  const trusting = stores.filter((_, i) => states[i]?.outcome === "trusted");
  if (trusting.length > 0) await keepAnchor(host, anchor);
  for (const store of trusting) {
    if (isHeld(store)) continue;
    const { kind, path, label } = store;
    await state.trusted.append({
      event: "added",
      time: host.now().toISOString(),
      sha256: anchor.sha256,
      kind,
      path,
      label: toLabel(label),
      anchorLabel: toLabel(anchor.label),
      created: [],
      own: true,
    });
  }
  return trusting;
}

/** The root that comes, and the one that goes. */
export interface RootChange {
  readonly anchor: OwnAnchor;
  readonly former: OwnAnchor;
  /** The whole command again, as root would run it. */
  readonly retry: string;
}

/**
 * Has every store trust the new root. Throws the reason where one does not, with the command that gets it
 * done; those before it are left trusting, for {@link untrustAgain}.
 */
export async function trustEverywhere(
  context: CommandContext,
  workplace: Workplace,
  stores: readonly TrustStore[],
  { anchor, former, retry }: RootChange,
): Promise<StoreResult[]> {
  const results = await changeTrust(context, workplace, "add", stores, anchor);
  const bad = results.find(({ outcome }) => outcome !== "added" && outcome !== "unchanged");
  if (bad === undefined) {
    await inheritCreated(context, workplace.state, former, anchor);
    return results;
  }
  const needsRoot = bad.outcome === "needs-root";
  // The commands of the store itself name a copy of the new root, which is taken away again.
  const again = context.host.user === undefined ? retry : `sudo ${retry}`;
  const hints = needsRoot ? [again] : bad.hints ?? [];
  const code = needsRoot
    ? "NEEDS_ROOT"
    : bad.outcome === "unavailable"
    ? "STORE_UNAVAILABLE"
    : "TRUST_NOT_CONFIRMED";
  throw new LocalTlsError(
    code,
    `Cannot change the CA: ${bad.label} does not take the new root: ${bad.reason}`,
    { hints },
  );
}

/** What was made for the former root is the new one's to take back: databases, Firefox's first profile. */
async function inheritCreated(
  { host }: CommandContext,
  { trusted }: StateDirectory,
  former: OwnAnchor,
  anchor: OwnAnchor,
): Promise<void> {
  const held = currentTrust((await trusted.read()).events);
  for (const entry of held.filter(({ sha256 }) => sha256 === former.sha256)) {
    // Images are not changed with the CA: they still trust the former root, and nothing else.
    if (entry.root !== undefined) continue;
    const isTaken = held.some(({ sha256, kind, path }) =>
      sha256 === anchor.sha256 && kind === entry.kind && path === entry.path
    );
    if (!isTaken || entry.created.length === 0) continue;
    const { sha256 } = anchor;
    const anchorLabel = toLabel(anchor.label);
    const time = host.now().toISOString();
    await trusted.append({ ...entry, event: "added", time, sha256, anchorLabel, own: true });
  }
}

/**
 * Takes a root that never came into force out of every store, and its copy away. A store that keeps it is reported, and
 * stays in the ledger: uninstall tries again.
 *
 * @returns Whether it is gone everywhere.
 */
export async function untrustAgain(
  context: CommandContext,
  workplace: Workplace,
  stores: readonly TrustStore[],
  sha256: string,
): Promise<boolean> {
  const { state } = workplace;
  const { host } = context;
  let anchor: TrustAnchor;
  try {
    anchor = asRecorded(await readKeptAnchor(host, state, sha256));
  } catch (error) {
    // The copy is kept before the first store is changed: without it none was.
    if (error instanceof LocalTlsError && error.code === "FILE_NOT_FOUND") return true;
    throw error;
  }
  const held = await trustOf(state, sha256);
  const concerned = stores.filter(({ kind, path }) =>
    held.some((entry) => entry.kind === kind && entry.path === path)
  );
  const results = await changeTrust(context, workplace, "remove", concerned, anchor);
  const left = results.filter(({ outcome }) => outcome !== "removed" && outcome !== "absent");
  for (const { label, reason } of left) {
    context.report({
      type: "warning",
      code: "STILL_TRUSTED",
      message: `${label} still trusts a root that is not used: ${reason}`,
    });
  }
  if ((await trustOf(state, sha256)).length > 0) return false;
  await host.files.remove(anchor.file);
  return true;
}

/**
 * Takes the former root out of every store, and roots of this CA from before that some store still trusts because a
 * change was killed. Reported are the stores that had it, or may have.
 *
 * @param root SHA-256 of the root in force.
 */
export async function untrustFormer(
  context: CommandContext,
  workplace: Workplace,
  stores: readonly TrustStore[],
  former: OwnAnchor,
  root: string,
): Promise<StoreResult[]> {
  const results = await untrust(context, workplace, stores, former);
  const { events } = await workplace.state.trusted.read();
  const others = currentTrust(events).filter(({ own, sha256 }) =>
    own === true && sha256 !== root && sha256 !== former.sha256
  );
  for (const sha256 of new Set(others.map((entry) => entry.sha256))) {
    try {
      const anchor = asRecorded(await readKeptAnchor(context.host, workplace.state, sha256));
      results.push(...await untrust(context, workplace, stores, anchor));
    } catch (error) {
      if (!(error instanceof LocalTlsError)) throw error;
      context.report({ type: "warning", code: error.code, message: error.message });
    }
  }
  return results;
}

async function untrust(
  context: CommandContext,
  workplace: Workplace,
  stores: readonly TrustStore[],
  anchor: TrustAnchor,
): Promise<StoreResult[]> {
  const held = await trustOf(workplace.state, anchor.sha256);
  const results = await changeTrust(context, workplace, "remove", stores, anchor);
  return results.filter(({ kind, path, outcome }) =>
    outcome === "removed" || (outcome !== "absent" && outcome !== "unavailable") ||
    held.some((entry) => entry.kind === kind && entry.path === path)
  );
}

async function trustOf(state: StateDirectory, sha256: string) {
  const { events } = await state.trusted.read();
  return currentTrust(events).filter((entry) => entry.sha256 === sha256);
}
