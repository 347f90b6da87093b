/**
 * A Firefox that has never been started: it has no profile that could trust anything. What is written
 * here is the one that it takes up when it starts.
 *
 * A Firefox without an [Install...] section of its own takes the profile with Default=1 for its own
 * if it has a compatibility.ini that does not name another installation; without that file
 * it makes a new profile (measured with Firefox 153 ESR, started with no arguments: an empty file and
 * one with a mere section both do).
 *
 * @module
 */

import type { Host } from "../../host/host.ts";
import type { DiscoverContext, TrustStore } from "../store.ts";
import { createUnavailableStore } from "../unavailable_store.ts";
import type { CreatedFile } from "./created_files.ts";
import { formatProfilesIni } from "./profiles_ini.ts";
import { type Profile, type ProfileRoot, profileTarget } from "./mozilla_locations.ts";
import { NssStore, type NssTarget } from "./store.ts";

/** The name of a first profile since 2000. */
const PROFILE_NAME = "default";
/** Of the random part in the names that Firefox gives to profile directories. */
const SALT_LENGTH = 8;
/** Bytes; a start script of a few lines is smaller than this, a program larger. */
const MAX_SCRIPT = 64 * 1024;

/** The profile that a first start in this root would take up, and the files that make it do so. */
export async function firstProfileTarget(host: Host, root: ProfileRoot): Promise<NssTarget> {
  const name = `${await directorySalt(host, root.directory)}.${PROFILE_NAME}`;
  const directory = `${root.directory}/${name}`;
  const companions: CreatedFile[] = [
    { path: `${directory}/compatibility.ini`, content: "[Compatibility]\n" },
    // Last: with it Firefox finds the profile.
    { path: `${root.directory}/profiles.ini`, content: formatProfilesIni(PROFILE_NAME, name) },
  ];
  const profile: Profile = { root, name: PROFILE_NAME, directory };
  return { ...profileTarget(profile), companions };
}

/**
 * The store for a Firefox that is installed and has never been started.
 * @param roots Firefox's profile roots in the user's home, the classic one first; none has a profile.
 * @returns undefined where no Firefox is installed.
 */
export async function findUnstartedFirefox(
  context: DiscoverContext,
  roots: readonly ProfileRoot[],
): Promise<TrustStore | undefined> {
  const { host, user } = context;
  const program = await host.commands.find("firefox") ?? await host.commands.find("firefox-esr");
  const [classic] = roots;
  if (program === undefined || classic === undefined) return undefined;
  if (await isSnap(host, program)) {
    return unavailable(`${user.home}/snap/firefox/common/.mozilla/firefox`);
  }
  // Every release reads the classic root; an existing XDG root stays the effective one without it.
  let root = classic;
  for (const candidate of [...roots].reverse()) {
    if (await host.files.info(candidate.directory) !== undefined) root = candidate;
  }
  // It has been started, and has lost its profiles: what it will do then is not ours to guess.
  if (await host.files.info(`${root.directory}/profiles.ini`) !== undefined) {
    return unavailable(root.directory);
  }
  return new NssStore(context, await firstProfileTarget(host, root));
}

/** A snap's home is made, and may be filled from an older profile, when it is first started. */
async function isSnap(host: Host, program: string): Promise<boolean> {
  const real = await host.files.realPath(program) ?? program;
  if (/^\/(?:snap|var\/lib\/snapd)\/|\/snap$/.test(real) || program.startsWith("/snap/")) {
    return true;
  }
  const info = await host.files.info(real);
  if (info === undefined || info.size > MAX_SCRIPT) return false;
  // Ubuntu's /usr/bin/firefox is a script that starts the snap.
  const script = await host.files.read(real, MAX_SCRIPT).catch(() => undefined);
  return new TextDecoder().decode(script).includes("/snap/bin/firefox");
}

/**
 * Eight characters that nobody can guess from afar, as Firefox has them in its profile paths, and that
 * are the same in every run: the ledger and the next run must find the same directory.
 */
async function directorySalt(host: Host, root: string): Promise<string> {
  const machine = await host.files.read("/etc/machine-id").catch(() => undefined);
  const input = `localtls firefox profile\n${new TextDecoder().decode(machine)}\n${root}`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(input));
  return [...new Uint8Array(digest).subarray(0, SALT_LENGTH)]
    .map((octet) => (octet % 36).toString(36)).join("");
}

function unavailable(path: string): TrustStore {
  return createUnavailableStore({
    kind: "nss",
    label: "Firefox (not started yet)",
    path,
    message: "Cannot use Firefox's profile: there is none yet",
    hints: ["Start Firefox once, then run localtls setup again"],
  });
}
