/**
 * The system stores of macOS: a keychain, and the bundles of Homebrew's OpenSSL.
 *
 * @module
 */

import { createBareBundleStore } from "../system/bare_bundle_store.ts";
import type { DiscoverContext, TrustStore, TrustStoreFamily } from "../store.ts";
import { createKeychainStore, SYSTEM_KEYCHAIN } from "./keychain_store.ts";
import { createSecurityTool, READ_TIMEOUT_MS } from "./security_tool.ts";

/**
 * Homebrew's bundle, on Apple silicon and on Intel: what its OpenSSL, curl, Python and Ruby read. The first is a link to
 * the second in current versions. Every update of the formula ca-certificates builds it anew, from Mozilla's roots
 * and what the System keychain trusts, so a CA of the login keychain has to be added again.
 */
const HOMEBREW_BUNDLES = ["/opt/homebrew", "/usr/local"].flatMap((prefix) => [
  `${prefix}/etc/openssl@3/cert.pem`,
  `${prefix}/etc/ca-certificates/cert.pem`,
]);

/** The keychain comes first: it is the one that asks. */
export const macosFamily: TrustStoreFamily = {
  kind: "system",
  async discover(context) {
    const keychains = context.profile === true ? [] : [await findKeychain(context)];
    return [...keychains, ...await findHomebrewBundles(context)];
  },
};

/**
 * The keychain that the ledger names; whether it still exists, the tool says.
 * @returns undefined for a path that is no keychain's.
 */
export function openRecordedKeychain(
  context: DiscoverContext,
  path: string,
): TrustStore | undefined {
  if (path === SYSTEM_KEYCHAIN.path) return createKeychainStore(context, SYSTEM_KEYCHAIN);
  if (!/\.keychain(?:-db)?$/.test(path)) return undefined;
  return createKeychainStore(context, { label: "login keychain", path, domain: "user" });
}

/** The machine's with --machine, and for a root that nobody became; else that of the user. */
async function findKeychain(context: DiscoverContext): Promise<TrustStore> {
  const { user } = context;
  const isMachine = context.machine === true || (user.isRoot && !user.byRoot);
  if (isMachine) return createKeychainStore(context, SYSTEM_KEYCHAIN);
  const path = await findLoginKeychain(context);
  return createKeychainStore(context, { label: "login keychain", path, domain: "user" });
}

/** Where the tool says that it is; else where macOS has put it since 10.12. */
async function findLoginKeychain(context: DiscoverContext): Promise<string> {
  const { stdout } = await createSecurityTool(context).run(["login-keychain"], {
    timeoutMs: READ_TIMEOUT_MS,
  });
  const said = /^\s*"(\/[^"\n]+)"\s*$/.exec(new TextDecoder().decode(stdout))?.[1];
  return said ?? `${context.user.home}/Library/Keychains/login.keychain-db`;
}

async function findHomebrewBundles(context: DiscoverContext): Promise<TrustStore[]> {
  const paths = new Set<string>();
  for (const bundle of HOMEBREW_BUNDLES) {
    const path = await context.host.files.realPath(bundle).catch(() => undefined);
    if (path !== undefined && (await context.host.files.info(path))?.type === "file") {
      paths.add(path);
    }
  }
  return [...paths].map((path) =>
    createBareBundleStore(context, path, "Homebrew OpenSSL", "as its owner")
  );
}
