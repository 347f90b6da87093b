/**
 * Every NSS database of a user: Chromium's relatives and Mozilla's.
 *
 * @module
 */

import type { DiscoverContext, TrustStore, TrustStoreFamily } from "../store.ts";
import { findChromiumDatabases, SYSTEM_DATABASE } from "./chromium_locations.ts";
import { findUnstartedFirefox, firstProfileTarget } from "./firefox_first_run.ts";
import {
  listProfileRoots,
  listProfiles,
  type Profile,
  profileTarget,
} from "./mozilla_locations.ts";
import { NssStore, type NssTarget } from "./store.ts";

/** NSS databases, written directly through SQLite: no certutil is needed, and none is called. */
export const nssFamily: TrustStoreFamily = { kind: "nss", discover };

async function discover(context: DiscoverContext): Promise<TrustStore[]> {
  const targets = await findChromiumDatabases(context);
  const roots = await listProfileRoots(context);
  const profiles = await listProfiles(context, roots);
  for (const profile of profiles) targets.push(await describeProfile(context, profile));
  const stores: TrustStore[] = targets.map((target) => new NssStore(context, target));
  if (!profiles.some(({ root }) => root.product === "Firefox")) {
    const own = roots.filter((root) => root.product === "Firefox" && root.packaging === undefined);
    const unstarted = await findUnstartedFirefox(context, own);
    if (unstarted !== undefined) stores.push(unstarted);
  }
  return stores;
}

/**
 * The store on a database directory that the ledger names and discover() does not find any more: a
 * database that another one hides by now, a profile that profiles.ini has forgotten.
 * @param directory The store's path in the ledger.
 */
export function openRecordedNssStore(context: DiscoverContext, directory: string): TrustStore {
  // Only Chromium's relatives share a directory of this name.
  const users = directory.endsWith("/nssdb") ? "chromium" : "mozilla";
  const system = directory === SYSTEM_DATABASE;
  return new NssStore(context, { label: `NSS database ${directory}`, directory, users, system });
}

/** A profile that was made before Firefox's first start has files beside its database to take back. */
async function describeProfile(context: DiscoverContext, profile: Profile): Promise<NssTarget> {
  if (profile.root.product === "Firefox" && profile.root.packaging === undefined) {
    const first = await firstProfileTarget(context.host, profile.root);
    if (first.directory === profile.directory) return first;
  }
  return profileTarget(profile);
}
