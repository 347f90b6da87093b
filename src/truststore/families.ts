/**
 * Which stores this machine has: the one place that asks which operating system it is.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { exceptionText } from "../input_text.ts";
import type { Host, OperatingSystem } from "../host/host.ts";
import type { TargetUser } from "../host/target_user.ts";
import { createJavaFamily } from "./java/family.ts";
import { findJavaTrustFiles, type JavaTrustFile } from "./java/find_javas.ts";
import {
  freebsdJavaPlaces,
  type JavaPlaces,
  linuxJavaPlaces,
  macosJavaPlaces,
  windowsJavaPlaces,
} from "./java/places.ts";
import { nssFamily, openRecordedNssStore } from "./nss/family.ts";
import type { DiscoverContext, StoreKind, TrustStore, TrustStoreFamily } from "./store.ts";
import { systemFamily } from "./system/family.ts";
import { createUnavailableStore } from "./unavailable_store.ts";
import { isWsl } from "./windows/wsl.ts";

/** Every word of `--stores`, in the order in which stores are changed. */
export const STORE_KINDS: readonly StoreKind[] = ["system", "nss", "java", "windows"];

const JAVA_PLACES: Readonly<Partial<Record<OperatingSystem, () => JavaPlaces>>> = {
  linux: linuxJavaPlaces,
  windows: windowsJavaPlaces,
  freebsd: freebsdJavaPlaces,
  darwin: macosJavaPlaces,
};

/** A family whose adapters are loaded on the systems that have it. */
const windowsFamily: TrustStoreFamily = {
  kind: "system",
  discover: async (context) =>
    await (await import("./windows/family.ts")).windowsFamily.discover(context),
};

/** As {@link windowsFamily}. */
const windowsFromWslFamily: TrustStoreFamily = {
  kind: "windows",
  async discover(context) {
    if (!await isWsl(context.host)) return [];
    return await (await import("./windows/family.ts")).windowsFromWslFamily.discover(context);
  },
};

/** As {@link windowsFamily}. */
const freebsdFamily: TrustStoreFamily = {
  kind: "system",
  discover: async (context) =>
    await (await import("./freebsd/family.ts")).freebsdFamily.discover(context),
};

/** As {@link windowsFamily}. */
const macosFamily: TrustStoreFamily = {
  kind: "system",
  discover: async (context) =>
    await (await import("./macos/family.ts")).macosFamily.discover(context),
};

const FAMILIES: Readonly<Partial<Record<OperatingSystem, readonly TrustStoreFamily[]>>> = {
  linux: [systemFamily, nssFamily, createJavaFamily(linuxJavaPlaces), windowsFromWslFamily],
  windows: [windowsFamily, createJavaFamily(windowsJavaPlaces)],
  freebsd: [freebsdFamily, nssFamily, createJavaFamily(freebsdJavaPlaces)],
  // No NSS: Firefox reads the keychain by itself since 120, and Chromium always has.
  darwin: [macosFamily, createJavaFamily(macosJavaPlaces)],
};

/**
 * The families of an operating system, in the order in which they are changed: the system store first,
 * because on Debian its refresh feeds Java's.
 *
 * @param kinds Leaves out the others. Default: all.
 * @returns An empty list for a system that no adapter exists for.
 */
export function storeFamilies(
  os: OperatingSystem,
  kinds: readonly StoreKind[] = STORE_KINDS,
): TrustStoreFamily[] {
  return (FAMILIES[os] ?? []).filter(({ kind }) => kinds.includes(kind));
}

/** The trust stores of every Java of this machine, as files. */
export async function findJavas(host: Host, user: TargetUser): Promise<JavaTrustFile[]> {
  const places = JAVA_PLACES[host.os];
  return places === undefined ? [] : await findJavaTrustFiles(host, user, places());
}

/**
 * Every store of this machine. A family that cannot be searched is in the list as one store that says
 * why when it is read.
 */
export async function discoverStores(
  context: DiscoverContext,
  kinds?: readonly StoreKind[],
): Promise<TrustStore[]> {
  const families = storeFamilies(context.host.os, kinds);
  const found = await Promise.all(families.map((family) => discoverFamily(family, context)));
  return found.flat();
}

/** Whether Chromium and Firefox take what the system's own store trusts: everywhere but where NSS is all they have. */
export function browsersReadSystemStore(os: OperatingSystem): boolean {
  return os === "darwin" || os === "windows";
}

/** One family, which never fails. */
export async function discoverFamily(
  family: TrustStoreFamily,
  context: DiscoverContext,
): Promise<TrustStore[]> {
  try {
    return await family.discover(context);
  } catch (error) {
    const { kind } = family;
    const state = exceptionText(error);
    return [createUnavailableStore({
      kind,
      label: `${kind} stores`,
      path: "",
      message: `Cannot look for ${kind} stores: ${state}`,
      hints: error instanceof LocalTlsError ? error.hints : [],
    })];
  }
}

/**
 * A store that the ledger knows and {@link discoverStores} does not find any more: a Chromium database that another
 * one hides by now, a profile that was taken out of profiles.ini, the machine's store where the user's is meant.
 * Without it `uninstall` would leave it as it is.
 *
 * @returns undefined for kinds whose stores cannot hide, and for a store that is gone.
 */
export async function openRecordedStore(
  context: DiscoverContext,
  kind: StoreKind,
  path: string,
): Promise<TrustStore | undefined> {
  if (!isUsersPlace(context, path)) return undefined;
  if (kind === "nss") {
    const isThere = await context.host.files.info(path) !== undefined;
    return isThere ? openRecordedNssStore(context, path) : undefined;
  }
  if (context.host.os === "darwin") {
    if (kind !== "system") return undefined;
    return (await import("./macos/family.ts")).openRecordedKeychain(context, path);
  }
  const { openRecordedWindowsStore } = await import("./windows/family.ts");
  return await openRecordedWindowsStore(context, kind, path);
}

/** The stores of the machine that a search may pass over; all others are in the home of their user. */
const MACHINE_STORES: readonly string[] = [
  "/etc/pki/nssdb",
  "/Library/Keychains/System.keychain",
];

/**
 * Whether a ledger may name the place: while root works for a user, that user's word counts in that user's home. A store
 * that is no file (Windows) is nobody's place.
 */
function isUsersPlace({ user: { byRoot, home } }: DiscoverContext, path: string): boolean {
  return !byRoot || !path.startsWith("/") || path.startsWith(`${home}/`) ||
    MACHINE_STORES.includes(path);
}

/** Reads `--stores system,nss`. Throws USAGE, naming the words that exist. */
export function parseStoreKinds(text: string): StoreKind[] {
  const words = text.split(",").map((word) => word.trim().toLowerCase());
  const unknown = words.find((word) => !(STORE_KINDS as readonly string[]).includes(word));
  if (unknown !== undefined) {
    throw new LocalTlsError(
      "USAGE",
      `Cannot use "${unknown}" as a kind of store: there are ${STORE_KINDS.join(", ")}`,
      { hints: [`--stores ${STORE_KINDS.join(",")}`] },
    );
  }
  return STORE_KINDS.filter((kind) => words.includes(kind));
}
