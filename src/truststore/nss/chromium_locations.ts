/**
 * Where Chromium and its relatives keep their NSS database.
 *
 * @module
 */

import type { DiscoverContext } from "../store.ts";
import { type BrowserHome, packagedHomes, userHome } from "./homes.ts";
import type { NssTarget } from "./store.ts";

/** Read before the XDG directory, by every release. */
const HOME_DATABASE = ".pki/nssdb";
/** Created by Chromium since M146, on its first run, where ~/.pki/nssdb does not exist. */
const XDG_DATABASE = "pki/nssdb";
/** Read by Chromium on old CentOS. */
export const SYSTEM_DATABASE = "/etc/pki/nssdb";

/** User data directories below $XDG_CONFIG_HOME; a running browser has a SingletonLock in its own. */
const USER_DATA_DIRECTORIES = [
  "chromium",
  "google-chrome",
  "google-chrome-beta",
  "google-chrome-unstable",
  "microsoft-edge",
  "BraveSoftware/Brave-Browser",
  "vivaldi",
  "opera",
];

/**
 * The databases of Chromium's relatives. That of the user's home is always among them, also where it
 * does not exist: whichever browser is installed later finds it. The others only where they exist.
 */
export async function findChromiumDatabases(context: DiscoverContext): Promise<NssTarget[]> {
  const { files } = context.host;
  const home = userHome(context);
  // Creating ~/.pki/nssdb where the XDG database exists would shadow that one.
  const directory = await findEffective(context, home) ?? `${home.directory}/${HOME_DATABASE}`;
  const targets: NssTarget[] = [
    target("Chromium, Chrome, Edge, Brave (NSS)", directory, home),
  ];
  for (const packaged of await packagedHomes(context)) {
    const found = await findEffective(context, packaged);
    const label = `${packaged.application} ${packaged.packaging} (NSS)`;
    if (found !== undefined) targets.push(target(label, found, packaged));
  }
  if ((await files.info(SYSTEM_DATABASE)) !== undefined) {
    targets.push({
      label: "All users of this machine (NSS)",
      directory: SYSTEM_DATABASE,
      users: "chromium",
      system: true,
    });
  }
  return targets;
}

/** The one database that Chromium reads in a home: an existing ~/.pki/nssdb, even empty, hides the other. */
async function findEffective(
  { host }: DiscoverContext,
  home: BrowserHome,
): Promise<string | undefined> {
  const candidates = [
    `${home.directory}/${HOME_DATABASE}`,
    ...home.dataDirectories.map((directory) => `${directory}/${XDG_DATABASE}`),
  ];
  for (const directory of candidates) {
    if (await host.files.info(directory) !== undefined) return directory;
  }
  return undefined;
}

function target(label: string, directory: string, home: BrowserHome): NssTarget {
  const locks = home.configDirectories.flatMap((config) =>
    USER_DATA_DIRECTORIES.map((name) => `${config}/${name}/SingletonLock`)
  );
  return { label, directory, users: "chromium", locks };
}
