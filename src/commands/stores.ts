/**
 * Trust stores as commands use them: found as the user asked, changed with the ledger kept.
 *
 * @module
 */

import { currentTrust, toLabel, type TrustedEvent } from "../castore/ledger.ts";
import { LocalTlsError } from "../errors.ts";
import { applyChange, type StoreResult } from "../truststore/change.ts";
import { createElevation, rootCommands } from "../truststore/elevation.ts";
import { discoverStores, openRecordedStore, parseStoreKinds } from "../truststore/families.ts";
import type {
  DiscoverContext,
  PlannedStep,
  StoreKind,
  TrustAnchor,
  TrustStore,
} from "../truststore/store.ts";
import { createUnavailableStore } from "../truststore/unavailable_store.ts";
import { asRemovable, keepAnchor } from "./anchors.ts";
import type { Host } from "../host/host.ts";
import type { CommandContext, Workplace } from "./context.ts";
import { EXIT } from "./documents.ts";
import { resolvePath } from "./output_files.ts";
import { readPasswordFile } from "./password_file.ts";

/** `--stores`, `--nss-password-file`, `--machine` and `--root`. */
export interface StoreOptions {
  readonly stores?: string | undefined;
  readonly nssPasswordFile?: string | undefined;
  readonly machine?: boolean | undefined;
  /** The root directory of a system that does not run, in place of this machine. */
  readonly root?: string | undefined;
  /** `setup --profile`: Apple's own store is left to the profile. */
  readonly profile?: string | undefined;
}

/**
 * Finds the stores of this machine, or those of the kinds in --stores.
 *
 * @param recorded Entries of the ledger whose stores are wanted even where a search does not find them.
 * Throws USAGE, FILE_*.
 */
export async function findStores(
  context: CommandContext,
  { user }: Workplace,
  options: StoreOptions,
  recorded: readonly TrustedEvent[] = [],
): Promise<TrustStore[]> {
  const { host } = context;
  const kinds = options.stores === undefined ? undefined : parseStoreKinds(options.stores);
  const announce = (message: string) => context.report({ type: "progress", message });
  const elevation = createElevation(host, { announce });
  const { nssPasswordFile, machine } = options;
  const nssPassword = nssPasswordFile === undefined
    ? undefined
    : await readPasswordFile(host, nssPasswordFile);
  const profile = options.profile !== undefined;
  const search = { host, user, elevation, nssPassword, machine, profile, announce };
  if (options.root !== undefined) return await findImageStores(search, options.root, kinds);
  const stores = await discoverStores(search, kinds);
  for (const { kind, path, root } of recorded) {
    if (kinds !== undefined && !kinds.includes(kind)) continue;
    if (root !== undefined) {
      stores.push(...await findRecordedImage(search, root, kind, path));
      continue;
    }
    if (stores.some((store) => store.kind === kind && store.path === path)) continue;
    const hidden = await openRecordedStore(search, kind, path);
    if (hidden === undefined) continue;
    // Before the others of its kind: what the machine's store gives back, the user's does not show any more.
    const at = stores.findIndex((store) => store.kind === kind);
    stores.splice(at === -1 ? stores.length : at, 0, hidden);
  }
  return stores;
}

/** The image that the stores belong to, for documents; nothing for this machine's. */
export function imageOf(stores: readonly TrustStore[]): { readonly image?: string } {
  const root = stores.find((store) => store.root !== undefined)?.root;
  return root === undefined ? {} : { image: root };
}

/** The stores of a system that does not run. */
async function findImageStores(
  search: DiscoverContext,
  root: string,
  kinds: readonly StoreKind[] | undefined,
): Promise<TrustStore[]> {
  const unknown = kinds?.find((kind) => kind !== "system" && kind !== "java");
  if (unknown !== undefined) {
    throw new LocalTlsError(
      "USAGE",
      `Cannot use --stores ${unknown} with --root: an image has nothing of that kind`,
      { hints: ["--stores system,java"] },
    );
  }
  const { discoverImageStores } = await import("../truststore/image/family.ts");
  return await discoverImageStores(
    search,
    resolvePath(search.host, root),
    kinds ?? ["system", "java"],
  );
}

/** The store of an image that the ledger knows; what is at its place and cannot be used says so itself. */
async function findRecordedImage(
  search: DiscoverContext,
  root: string,
  kind: StoreKind,
  path: string,
): Promise<TrustStore[]> {
  if (await search.host.files.info(root) === undefined) return [];
  const label = `${kind} store in ${root}`;
  const unavailable = (message: string) =>
    createUnavailableStore({
      kind,
      label,
      path,
      message,
      hints: ["Mount it again, or remove the directory"],
    });
  try {
    const found = await findImageStores(search, root, [kind]);
    const store = found.find((candidate) => candidate.path === path);
    return [store ?? unavailable(`Cannot find "${path}": is the image mounted?`)];
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    return [unavailable(error.message)];
  }
}

/** Adds the anchor to the stores, or takes it out, and keeps the ledger. */
export async function changeTrust(
  context: CommandContext,
  { state }: Workplace,
  change: "add" | "remove",
  stores: readonly TrustStore[],
  given: TrustAnchor,
): Promise<StoreResult[]> {
  const anchor = change === "remove" ? await asRemovable(context.host, given) : given;
  if (change === "add") await keepAnchor(context.host, anchor);
  const held = currentTrust((await state.trusted.read()).events);
  const line = (store: TrustStore) => ({
    time: context.host.now().toISOString(),
    sha256: anchor.sha256,
    kind: store.kind,
    path: store.path,
    label: toLabel(store.label),
    anchorLabel: toLabel(anchor.label),
    ...("own" in anchor ? { own: true } as const : {}),
    ...(store.root === undefined ? {} : { root: store.root }),
  });
  return await applyChange({
    change,
    stores,
    anchor,
    createdBy: (store) =>
      held.find((entry) =>
        entry.sha256 === anchor.sha256 && entry.kind === store.kind && entry.path === store.path
      )?.created,
    recordAdded: (store, created) =>
      state.trusted.append({ event: "added", ...line(store), created: [...created] }),
    recordRemoved: (store) =>
      state.trusted.append({ event: "removed", ...line(store), created: [] }),
    onStore: (store) =>
      context.report({
        type: "progress",
        // A removal names what goes: there can be several, and one of them somebody else's.
        message: change === "add"
          ? `trusting in ${store.label}`
          : `removing ${anchor.label} from ${store.label}`,
      }),
    rootCommands: (steps) => rootCommands(context.host, steps),
    warn: (warning) => context.report({ type: "warning", ...warning }),
  });
}

/** What changing these stores would do, in order. */
export async function planTrust(
  host: Host,
  change: "add" | "remove",
  stores: readonly TrustStore[],
  given: TrustAnchor,
): Promise<PlannedStep[]> {
  const anchor = change === "remove" ? await asRemovable(host, given) : given;
  const steps: PlannedStep[] = [];
  for (const store of stores) {
    const state = await store.state(anchor).catch((error) => {
      if (error instanceof LocalTlsError) return undefined;
      throw error;
    });
    const wanted = change === "add" ? "trusted" : "absent";
    if (state === undefined) continue;
    if (change === "remove" && anchor.onlyMarked && await store.holdsMark?.(anchor) === false) {
      continue;
    }
    if (state.state === wanted && !(change === "add" && state.renewable === true)) continue;
    steps.push(...await store.plan(change, anchor));
  }
  return steps;
}

/** 3 when a store could not be changed, else 0. */
export function exitCodeFor(results: readonly StoreResult[]): number {
  const left = results.some(({ outcome }) =>
    outcome === "needs-root" || outcome === "failed" || outcome === "unavailable"
  );
  return left ? EXIT.partial : EXIT.done;
}
