/**
 * Where programs keep a user's data, by each system's own convention.
 *
 * @module
 */

import type { OperatingSystem } from "./host.ts";

/**
 * The directory for program data of the user whose home is given.
 *
 * XDG_DATA_HOME and LOCALAPPDATA describe the user of this environment. Under sudo that can be root
 * while the home is somebody else's, so they count only where the environment's own home is the home
 * that is meant, or where they point inside it. Relative values are ignored, as the XDG Base
 * Directory Specification says.
 *
 * @param env Looks up an environment variable; undefined for unset or empty.
 */
export function dataDirectoryFor(
  os: OperatingSystem,
  env: (name: string) => string | undefined,
  home: string,
): string {
  if (os === "windows") {
    const local = env("LOCALAPPDATA");
    const same = env("USERPROFILE")?.toLowerCase() === home.toLowerCase();
    return local !== undefined && /^[A-Za-z]:[\\/]/.test(local) && same
      ? local
      : `${home}\\AppData\\Local`;
  }
  if (os === "darwin") return `${home}/Library/Application Support`;
  const xdg = env("XDG_DATA_HOME");
  if (xdg !== undefined && xdg.startsWith("/")) {
    const own = stripSlash(env("HOME") ?? "") === stripSlash(home);
    if (own || xdg.startsWith(`${stripSlash(home)}/`)) return stripSlash(xdg);
  }
  return `${stripSlash(home)}/.local/share`;
}

function stripSlash(path: string): string {
  return path.endsWith("/") ? path.replace(/\/+$/, "") || "/" : path;
}
