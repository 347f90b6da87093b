/**
 * Changing trust stores: look, act, look again. What a tool says of itself is not believed; only what
 * the store holds afterwards counts. One store's failure never stops the others.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { exceptionText } from "../input_text.ts";
import { type Look, notConfirmed } from "./not_confirmed.ts";
import type { StoreKind, StoreState, TrustAnchor, TrustStore } from "./store.ts";

/** A store in the answer of a command; the JSON field names are part of the interface. */
export interface StoreResult {
  readonly kind: StoreKind;
  readonly label: string;
  readonly path: string;
  readonly outcome:
    | "added"
    | "unchanged"
    | "removed"
    | "absent"
    | "trusted"
    | "untrusted"
    | "unavailable"
    | "needs-root"
    | "failed";
  /** One sentence. */
  readonly reason?: string;
  /** What to do about it: the hints on one line, commands joined by " && ". */
  readonly hint?: string;
  /** The same, one by one. */
  readonly hints?: readonly string[];
}

/** What {@link applyChange} is asked for. */
export interface ChangeRequest {
  readonly change: "add" | "remove";
  readonly stores: readonly TrustStore[];
  readonly anchor: TrustAnchor;
  /** What the ledger says add() made in the store; undefined for a store that is not in the ledger. */
  createdBy(store: TrustStore): readonly string[] | undefined;
  /** Writes to the ledger that the store is about to trust the anchor, and later what add() made. */
  recordAdded(store: TrustStore, created: readonly string[]): Promise<void>;
  /** Writes to the ledger that the store does not trust the anchor any more. */
  recordRemoved(store: TrustStore): Promise<void>;
  /** Called before a store is worked on. */
  onStore?(store: TrustStore): void;
  /** Commands that need root, as the user can paste them on this machine. Default: as they are. */
  rootCommands?(steps: readonly (readonly string[])[]): Promise<readonly string[]>;
  /** Reservations that do not stop anything. */
  warn?(warning: { readonly code: string; readonly message: string }): void;
}

/**
 * Adds the anchor to the stores or takes it out, one store after the other.
 *
 * The ledger is written before the change: killed in between, it names a store that holds nothing, and
 * `uninstall` looks and finds nothing; the other way round, trust would be left that nobody knows of.
 * An "added" is not taken back after a failure for the same reason, and because the user may paste the
 * commands of a store that needs root.
 *
 * @returns A result for every store, in order. Never throws for what happens in a store.
 */
export async function applyChange(request: ChangeRequest): Promise<StoreResult[]> {
  const { stores, anchor } = request;
  // All are read first: Debian's refresh of the system store also feeds Java's, which is then a change
  // of ours in both.
  const before = await Promise.all(stores.map((store) => look(store, anchor)));
  const results: StoreResult[] = [];
  for (const [i, store] of stores.entries()) {
    request.onStore?.(store);
    try {
      results.push(await changeStore(request, store, before[i]!));
    } catch (error) {
      results.push(failure(store, asLocalTlsError(error)));
    }
  }
  return results;
}

async function changeStore(
  request: ChangeRequest,
  store: TrustStore,
  first: Look,
): Promise<StoreResult> {
  const { change, anchor } = request;
  const wanted = change === "add" ? "trusted" : "absent";
  const done = change === "add" ? "added" : "removed";
  if ("error" in first) return failure(store, first.error);
  if (change === "remove" && anchor.onlyMarked) {
    return await removeMarked(request, store, first.state);
  }
  if (first.state.state === wanted) {
    if (change === "remove" && request.createdBy(store) !== undefined) {
      await closeInLedger(request, store);
    }
    if (change === "add" && first.state.renewable === true) return await renew(request, store);
    return result(store, change === "add" ? "unchanged" : "absent", first.state);
  }
  if (change === "add") await request.recordAdded(store, []);

  // A store that was changed by the step before this one is not touched again.
  let after = await look(store, anchor);
  let thrown: LocalTlsError | undefined;
  if (!isState(after, wanted)) {
    thrown = await act(request, store);
    after = await look(store, anchor);
  }
  if (isState(after, wanted)) {
    if (thrown !== undefined) request.warn?.({ code: thrown.code, message: thrown.message });
    if (change === "remove") await closeInLedger(request, store);
    return result(store, done, after.state);
  }
  return failure(store, thrown ?? await notConfirmed(request, store, after));
}

/** What was not put there by a localtls stays, whatever the ledger says. */
async function removeMarked(
  request: ChangeRequest,
  store: TrustStore,
  { state }: StoreState,
): Promise<StoreResult> {
  const { anchor } = request;
  const isHeld = async () =>
    await store.holdsMark?.(anchor) ?? (state !== "absent" && anchor.isPublic !== true);
  let thrown: LocalTlsError | undefined;
  if (await isHeld()) {
    thrown = await act(request, store);
    const after = await look(store, anchor);
    if (!isState(after, "absent")) {
      if (store.holdsMark === undefined || await isHeld()) {
        return failure(store, thrown ?? await notConfirmed(request, store, after));
      }
      request.warn?.({
        code: "TRUST_ELSEWHERE",
        message: `${store.label} still holds ${anchor.label}, which others have put there`,
      });
    }
    if (thrown !== undefined) request.warn?.({ code: thrown.code, message: thrown.message });
    await closeInLedger(request, store);
    return result(store, "removed", { state: "absent" });
  }
  // The step before this one may have taken it out: Debian's refresh of the system store feeds Java's.
  const now = await look(store, anchor);
  if (state !== "absent" && isState(now, "absent")) {
    await closeInLedger(request, store);
    return result(store, "removed", now.state);
  }
  const isNamed = request.createdBy(store) !== undefined;
  if (isNamed) await closeInLedger(request, store);
  if (state === "absent") return result(store, "absent", { state });
  const reason = anchor.isPublic === true
    ? "it is a public root, and localtls did not put it there"
    : "localtls did not put it there";
  if (isNamed) {
    const message = `${anchor.label} is left in ${store.label}: ${reason}`;
    request.warn?.({ code: "NOT_OURS", message });
  }
  return result(store, "absent", { state: "absent", reason });
}

/** Puts in better order what is trusted already: neither news for the user nor for the ledger. */
async function renew(request: ChangeRequest, store: TrustStore): Promise<StoreResult> {
  const thrown = await act(request, store);
  const after = await look(store, request.anchor);
  if (!isState(after, "trusted")) {
    return failure(store, thrown ?? await notConfirmed(request, store, after));
  }
  if (thrown !== undefined) request.warn?.({ code: thrown.code, message: thrown.message });
  return result(store, "unchanged", after.state);
}

/** Makes the change. @returns the error that stopped it, which the state afterwards may overrule. */
async function act(request: ChangeRequest, store: TrustStore): Promise<LocalTlsError | undefined> {
  try {
    const { created = [], warnings = [] } = request.change === "add"
      ? await store.add(request.anchor)
      : await store.remove(request.anchor, request.createdBy(store) ?? []);
    for (const warning of warnings) request.warn?.(warning);
    if (request.change === "add" && created.length > 0) await request.recordAdded(store, created);
    return undefined;
  } catch (error) {
    return asLocalTlsError(error);
  }
}

/** A ledger that cannot be written does not make a removal undone. */
async function closeInLedger(request: ChangeRequest, store: TrustStore): Promise<void> {
  try {
    await request.recordRemoved(store);
  } catch (error) {
    const { code, message } = asLocalTlsError(error);
    request.warn?.({ code, message });
  }
}

/** Reads every store without changing any: trusted, untrusted, unavailable or failed. */
export async function readStates(
  stores: readonly TrustStore[],
  anchor: TrustAnchor,
): Promise<StoreResult[]> {
  return await Promise.all(stores.map(async (store) => {
    const seen = await look(store, anchor);
    if ("error" in seen) return failure(store, seen.error);
    return result(store, seen.state.state === "trusted" ? "trusted" : "untrusted", seen.state);
  }));
}

async function look(store: TrustStore, anchor: TrustAnchor): Promise<Look> {
  try {
    return { state: await store.state(anchor) };
  } catch (error) {
    return { error: asLocalTlsError(error) };
  }
}

function isState(seen: Look, wanted: StoreState["state"]): seen is { state: StoreState } {
  return "state" in seen && seen.state.state === wanted;
}

function failure(store: TrustStore, error: LocalTlsError): StoreResult {
  const outcome = error.code === "NEEDS_ROOT"
    ? "needs-root"
    : error.code === "STORE_UNAVAILABLE"
    ? "unavailable"
    : "failed";
  const { kind, label, path } = store;
  const hints = [...error.hints];
  const base = { kind, label, path, outcome, reason: error.message } as const;
  return hints.length === 0 ? base : { ...base, hint: joinHints(hints), hints };
}

/** Several lines (a snippet to paste into a file) cannot be joined as commands. */
function joinHints(hints: readonly string[]): string {
  return hints.join(hints.some((hint) => hint.includes("\n")) ? "\n" : " && ");
}

function result(
  { kind, label, path }: TrustStore,
  outcome: StoreResult["outcome"],
  { reason, hint }: StoreState,
): StoreResult {
  return {
    kind,
    label,
    path,
    outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(hint === undefined ? {} : { hint, hints: [hint] }),
  };
}

/** A bug in one adapter is one store's failure too. */
function asLocalTlsError(error: unknown): LocalTlsError {
  if (error instanceof LocalTlsError) return error;
  const state = exceptionText(error);
  return new LocalTlsError("INTERNAL", `Cannot work on the store: ${state}`, { cause: error });
}
