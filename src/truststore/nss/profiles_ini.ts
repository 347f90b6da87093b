/**
 * profiles.ini, Mozilla's list of profiles.
 *
 * @module
 */

/** A [ProfileN] section. */
export interface ProfileEntry {
  /** Name as the profile manager shows it; the last part of the path where there is none. */
  readonly name: string;
  /** Path as written: relative to the directory of profiles.ini, or absolute. */
  readonly path: string;
  readonly relative: boolean;
}

/**
 * Reads the profiles out of a profiles.ini. [General] and [Install...] sections, unknown keys, comments
 * and lines that are none of it are passed over, as Mozilla's own reader does; a section without a
 * usable path is left out.
 */
export function parseProfilesIni(text: string): ProfileEntry[] {
  const sections: Map<string, string>[] = [];
  let current: Map<string, string> | undefined;
  for (const raw of text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/)) {
    const line = raw.trim();
    if (line === "" || line.startsWith(";") || line.startsWith("#")) continue;
    if (line.startsWith("[")) {
      current = /^\[Profile\d+\]$/.test(line) ? new Map() : undefined;
      if (current !== undefined) sections.push(current);
      continue;
    }
    const equals = line.indexOf("=");
    if (current !== undefined && equals > 0) {
      current.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
    }
  }
  return sections.map(readSection).filter((entry) => entry !== undefined);
}

function readSection(section: ReadonlyMap<string, string>): ProfileEntry | undefined {
  const path = section.get("Path");
  if (path === undefined || path === "" || path.includes("\0")) return undefined;
  const relative = section.get("IsRelative") === "1";
  // Mozilla writes absolute paths with IsRelative=0, and relative ones with 1: nothing else is meant.
  if (relative === path.startsWith("/")) return undefined;
  const name = section.get("Name") || (path.split("/").filter((part) => part !== "").pop() ?? path);
  return { name, path, relative };
}

/** A profiles.ini with one profile, as a Firefox that has started once leaves it. */
export function formatProfilesIni(name: string, directory: string): string {
  return [
    "[Profile0]",
    `Name=${name}`,
    "IsRelative=1",
    `Path=${directory}`,
    "Default=1",
    "",
    "[General]",
    "StartWithLastProfile=1",
    "Version=2",
    "",
    "",
  ].join("\n");
}
