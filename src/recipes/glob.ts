/**
 * Patterns of file names as glob(3) reads them, which is what nginx asks: `*`, `?` and `[...]` within one name.
 *
 * @module
 */

/** Names in a directory; an empty list where there is none. */
export type ListNames = (directory: string) => Promise<readonly string[]>;

/** Paths that one pattern may stand for. */
const MAX_PATHS = 10_000;

/** Whether a text is a pattern. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/**
 * The paths that a pattern stands for, sorted. What stands at them is not looked at.
 * @param pattern An absolute path with "/" between its names.
 */
export async function expandPattern(pattern: string, list: ListNames): Promise<string[]> {
  const [root = "", ...segments] = pattern.split("/").filter((segment, i) =>
    i === 0 || segment !== ""
  );
  let paths = [root];
  for (const segment of segments) {
    if (!isPattern(segment)) {
      paths = paths.map((path) => `${path}/${segment}`);
      continue;
    }
    // Stars in a row say no more than one, and cost a matcher that tries every split.
    const fits = namePattern(segment.replaceAll(/\*+/g, "*"));
    const next: string[] = [];
    for (const path of paths) {
      for (const name of await list(path === "" ? "/" : path)) {
        if (next.length < MAX_PATHS && fits.test(name)) next.push(`${path}/${name}`);
      }
    }
    paths = next;
  }
  return paths.sort();
}

/** A name that begins with a dot is meant only where the pattern says so. */
function namePattern(segment: string): RegExp {
  let source = /^[*?[]/.test(segment) ? "(?!\\.)" : "";
  for (let at = 0; at < segment.length; at++) {
    const character = segment[at]!;
    const close = character === "[" ? segment.indexOf("]", at + 2) : -1;
    if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (close > 0) {
      const inside = segment.slice(at + 1, close).replaceAll(/[\\\]^[]/g, "\\$&");
      source += `[${inside.startsWith("!") ? `^${inside.slice(1)}` : inside}]`;
      at = close;
    } else source += character.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  }
  try {
    return new RegExp(`^${source}$`, "su");
  } catch {
    return /(?!)/; // a class that is none, as [z-a]: it fits nothing, as for glob(3)
  }
}
