/**
 * The directories that browsers take for the user's home: the real one, and those that snaps and
 * Flatpaks are given instead.
 *
 * @module
 */

import type { DiscoverContext } from "../store.ts";

/** A home directory as some browser sees it. */
export interface BrowserHome {
  readonly directory: string;
  /** Where $XDG_CONFIG_HOME may point for that browser; the likeliest first. */
  readonly configDirectories: readonly string[];
  /** Where $XDG_DATA_HOME may point for that browser. */
  readonly dataDirectories: readonly string[];
  /** How its browsers were packaged, for labels: "snap", "Flatpak", or undefined. */
  readonly packaging?: string;
  /** The snap's or Flatpak's name. */
  readonly application?: string;
}

/** The user's own home. */
export function userHome({ host, user }: DiscoverContext): BrowserHome {
  return {
    directory: user.home,
    configDirectories: [xdg("XDG_CONFIG_HOME", ".config")],
    dataDirectories: [xdg("XDG_DATA_HOME", ".local/share")],
  };

  function xdg(name: string, fallback: string): string {
    const value = host.env(name);
    // XDG Base Directory Specification: relative paths are invalid. While root works for somebody, the
    // environment may be root's: then it counts only if it points into that user's home.
    const foreign = user.byRoot && !value?.startsWith(`${user.home}/`);
    if (value === undefined || !value.startsWith("/") || foreign) return `${user.home}/${fallback}`;
    return value.replace(/(?<=.)\/+$/, "");
  }
}

/** The homes of snaps (`current` and `common`) and Flatpaks that the user has started. */
export async function packagedHomes({ host, user }: DiscoverContext): Promise<BrowserHome[]> {
  const homes: BrowserHome[] = [];
  for (const snap of await host.files.list(`${user.home}/snap`)) {
    for (const part of ["common", "current"]) {
      const directory = `${user.home}/snap/${snap}/${part}`;
      if (await host.files.info(directory) === undefined) continue;
      homes.push({
        directory,
        configDirectories: [`${directory}/.config`],
        dataDirectories: [`${directory}/.local/share`],
        packaging: "snap",
        application: snap,
      });
    }
  }
  for (const application of await host.files.list(`${user.home}/.var/app`)) {
    const directory = `${user.home}/.var/app/${application}`;
    homes.push({
      directory,
      // Flatpak points XDG at directories without a dot; what an application keeps below its
      // persisted home has one.
      configDirectories: [`${directory}/config`, `${directory}/.config`],
      dataDirectories: [`${directory}/data`, `${directory}/.local/share`],
      packaging: "Flatpak",
      application,
    });
  }
  return homes;
}
