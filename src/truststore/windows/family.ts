/**
 * The Root store of Windows: on Windows itself the system's store, in WSL that of the Windows around it.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import type { DiscoverContext, StoreKind, TrustStore, TrustStoreFamily } from "../store.ts";
import { createUnavailableStore } from "../unavailable_store.ts";
import type { Location } from "./certutil.ts";
import { adviseOnGit } from "./git_advice.ts";
import { findNativeTools } from "./native_tools.ts";
import { createWindowsStore, STORE_PATHS } from "./windows_store.ts";
import { findWslTools } from "./wsl_tools.ts";

/** The system store of Windows: always exactly one. */
export const windowsFamily: TrustStoreFamily = {
  kind: "system",
  discover: async (context) => await openStores(context, "system", wanted(context)),
};

/** The store of the Windows that WSL runs in; none where this is not WSL. */
export const windowsFromWslFamily: TrustStoreFamily = {
  kind: "windows",
  discover: async (context) => await openStores(context, "windows", wanted(context)),
};

/** A store of the ledger, which a search finds only with --machine, or only without. */
export async function openRecordedWindowsStore(
  context: DiscoverContext,
  kind: StoreKind,
  path: string,
): Promise<TrustStore | undefined> {
  const location = (["user", "machine"] as const).find((name) => STORE_PATHS[name] === path);
  return location === undefined ? undefined : (await openStores(context, kind, location))[0];
}

function wanted({ machine }: DiscoverContext): Location {
  return machine === true ? "machine" : "user";
}

async function openStores(
  context: DiscoverContext,
  kind: StoreKind,
  location: Location,
): Promise<TrustStore[]> {
  const { host, user } = context;
  if (kind === "system") {
    const tools = await findNativeTools(host, user);
    if (tools === undefined) {
      return [unavailable(kind, location, '"certutil.exe" is not there', "sfc /scannow")];
    }
    const advice = () => adviseOnGit(host);
    return [createWindowsStore(context, { kind, location, tools, advice })];
  }
  const found = await findWslTools(host).catch((error) => {
    if (error instanceof LocalTlsError) return { unreachable: error.message, hint: "" };
    throw error;
  });
  if (found === undefined) return [];
  if ("tools" in found) {
    return [createWindowsStore(context, { kind, location, tools: found.tools })];
  }
  return [unavailable(kind, location, found.unreachable, found.hint)];
}

function unavailable(
  kind: StoreKind,
  location: Location,
  state: string,
  hint: string,
): TrustStore {
  return createUnavailableStore({
    kind,
    label: `Windows (${location} Root store)`,
    path: STORE_PATHS[location],
    message: `Cannot reach the Root store of Windows: ${state}`,
    hints: hint === "" ? [] : [hint],
  });
}
