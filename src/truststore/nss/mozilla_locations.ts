/**
 * Where Firefox and its relatives keep their profiles, each with an NSS database of its own.
 *
 * @module
 */

import type { DiscoverContext } from "../store.ts";
import { CERTIFICATE_FILE } from "./layout.ts";
import { type BrowserHome, packagedHomes, userHome } from "./homes.ts";
import { parseProfilesIni } from "./profiles_ini.ts";
import type { NssTarget } from "./store.ts";

/** A program of Mozilla's or made from it. */
interface Product {
  readonly name: string;
  /** Profile root below the home directory. */
  readonly classic: string;
  /** Profile roots below $XDG_CONFIG_HOME (Firefox 147 and later, where the classic one is missing). */
  readonly xdg: readonly string[];
}

const PRODUCTS: readonly Product[] = [
  { name: "Firefox", classic: ".mozilla/firefox", xdg: ["mozilla/firefox"] },
  { name: "Thunderbird", classic: ".thunderbird", xdg: ["thunderbird"] },
  { name: "LibreWolf", classic: ".librewolf", xdg: ["librewolf/librewolf", "librewolf"] },
  { name: "Waterfox", classic: ".waterfox", xdg: ["waterfox"] },
  { name: "Zen", classic: ".zen", xdg: ["zen"] },
];

/** Bytes; a real profiles.ini has a few hundred. */
const MAX_PROFILES_INI = 1024 * 1024;

/** A directory with a profiles.ini, or where one would be. */
export interface ProfileRoot {
  readonly product: string;
  readonly directory: string;
  /** "snap", "Flatpak" or undefined. */
  readonly packaging: string | undefined;
}

/** A profile. */
export interface Profile {
  readonly root: ProfileRoot;
  readonly name: string;
  readonly directory: string;
}

/** Every profile root that may exist; the user's own first, the classic one before that of XDG. */
export async function listProfileRoots(context: DiscoverContext): Promise<ProfileRoot[]> {
  const homes = [userHome(context), ...await packagedHomes(context)];
  return homes.flatMap((home) => PRODUCTS.flatMap((product) => rootsIn(home, product)));
}

function rootsIn(home: BrowserHome, product: Product): ProfileRoot[] {
  const directories = [
    `${home.directory}/${product.classic}`,
    ...home.configDirectories.flatMap((config) => product.xdg.map((path) => `${config}/${path}`)),
  ];
  return directories.map((directory) => ({
    product: product.name,
    directory,
    packaging: home.packaging,
  }));
}

/**
 * Every profile of the roots: those that profiles.ini names and whose directory exists, and those that
 * it does not name and that have a database (the selectable profiles of Firefox 138 and later are listed
 * elsewhere). Two ways to one directory count once.
 */
export async function listProfiles(
  { host }: DiscoverContext,
  roots: readonly ProfileRoot[],
): Promise<Profile[]> {
  const seen = new Set<string>();
  const profiles: Profile[] = [];
  const consider = async (root: ProfileRoot, name: string, directory: string) => {
    const real = await host.files.realPath(directory);
    if (real === undefined || seen.has(real)) return;
    if ((await host.files.info(real))?.type !== "directory") return;
    seen.add(real);
    profiles.push({ root, name, directory });
  };
  for (const root of roots) {
    const ini = await host.files.read(`${root.directory}/profiles.ini`, MAX_PROFILES_INI)
      .catch(() => undefined);
    for (const entry of parseProfilesIni(new TextDecoder().decode(ini))) {
      const path = entry.path.replace(/(?<=.)\/+$/, "");
      await consider(root, entry.name, entry.relative ? `${root.directory}/${path}` : path);
    }
    for (const name of await host.files.list(root.directory).catch(() => [])) {
      const directory = `${root.directory}/${name}`;
      if (await host.files.info(`${directory}/${CERTIFICATE_FILE}`) === undefined) continue;
      // Directories are named "<8 random characters>.<name>".
      await consider(root, name.replace(/^[a-z0-9]{8}\./i, ""), directory);
    }
  }
  return profiles;
}

/** The database of a profile. */
export function profileTarget({ root, name, directory }: Profile): NssTarget {
  const product = root.packaging === undefined ? root.product : `${root.product} ${root.packaging}`;
  return {
    label: `${product} (profile ${name})`,
    directory,
    users: "mozilla",
    // A symbolic link that Firefox makes while it uses the profile.
    locks: [`${directory}/lock`],
  };
}
