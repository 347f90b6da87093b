/**
 * Patterns of file names as glob(3) reads them, which is what nginx asks: `*`, `?` and `[...]` within one name.
 *
 * @module
 */

/** Names in a directory; an empty list where there is none. */
export type ListNames = (directory: string) => Promise<readonly string[]>;

/** What the patterns of one configuration may cost together; counted down. */
export interface GlobBudget {
  /** Directories that are listed. */
  listings: number;
  /** Names that are looked at. */
  names: number;
  /** `performance.now()` after which nothing more is looked at. */
  readonly deadline: number;
}

/** Names with a wildcard in one pattern: nginx's own have one, `sites/*` + `/*.conf` two. */
const MAX_WILD_NAMES = 3;

/** Characters of a name with a wildcard; a file's name has 255. */
const MAX_NAME_PATTERN = 255;

/** A hoster with a file for each of thousands of sites; no configuration lists a file system. */
const MAX_LISTINGS = 2_000;
const MAX_NAMES = 200_000;

/** Milliseconds. A directory on a network may take its time; a user waits. */
const MAX_TIME_MS = 10_000;

/** A budget for one configuration. */
export function globBudget(): GlobBudget {
  return {
    listings: MAX_LISTINGS,
    names: MAX_NAMES,
    deadline: performance.now() + MAX_TIME_MS,
  };
}

/** Whether a text is a pattern. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/**
 * The paths that a pattern stands for, sorted. What stands at them is not looked at.
 * @param pattern An absolute path with "/" between its names.
 * @returns undefined where that would take more than the budget has, or than anybody's pattern.
 */
export async function expandPattern(
  pattern: string,
  list: ListNames,
  budget: GlobBudget = globBudget(),
): Promise<string[] | undefined> {
  const [root = "", ...segments] = pattern.split("/").filter((segment, i) =>
    i === 0 || segment !== ""
  );
  if (segments.filter(isPattern).length > MAX_WILD_NAMES) return undefined;
  let paths = [root];
  for (const segment of segments) {
    if (!isPattern(segment)) {
      paths = paths.map((path) => `${path}/${segment}`);
      continue;
    }
    if (segment.length > MAX_NAME_PATTERN) return undefined;
    const matcher = namePattern(segment);
    const next: string[] = [];
    for (const path of paths) {
      if (--budget.listings < 0 || performance.now() > budget.deadline) return undefined;
      const names = await list(path === "" ? "/" : path);
      budget.names -= names.length;
      if (budget.names < 0) return undefined;
      for (const name of names) if (fits(matcher, name)) next.push(`${path}/${name}`);
    }
    paths = next;
  }
  return paths.sort();
}

/** One character of a name, or any number of them. */
type Piece = "*" | ((character: string) => boolean);

function namePattern(segment: string): Piece[] {
  const pieces: Piece[] = [];
  const characters = [...segment];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    const close = character === "[" ? characters.indexOf("]", at + 2) : -1;
    if (character === "*") {
      // Stars in a row say no more than one.
      if (pieces.at(-1) !== "*") pieces.push("*");
    } else if (character === "?") pieces.push(() => true);
    else if (close > 0) {
      pieces.push(characterClass(characters.slice(at + 1, close).join("")));
      at = close;
    } else pieces.push((other) => other === character);
  }
  // A name that begins with a dot is meant only where the pattern says so.
  if (/^[*?[]/.test(segment)) pieces.unshift(NO_DOT);
  return pieces;
}

/** Takes no character, and only what does not begin with a dot. */
const NO_DOT: Piece = (character) => character !== ".";

function characterClass(inside: string): (character: string) => boolean {
  const source = inside.replaceAll(/[\\\]^[]/g, "\\$&");
  try {
    const one = new RegExp(`^[${source.startsWith("!") ? `^${source.slice(1)}` : source}]$`, "su");
    return (character) => one.test(character);
  } catch {
    return () => false; // a class that is none, as [z-a]: it fits nothing, as for glob(3)
  }
}

/** Matches without trying every split: after a star, the first fit of what follows is as good as any. */
function fits(pieces: readonly Piece[], name: string): boolean {
  const characters = [...name];
  let piece = 0;
  if (pieces[0] === NO_DOT) {
    if (characters[0] === ".") return false;
    piece = 1;
  }
  let at = 0;
  let star = -1;
  let resume = 0;
  while (at < characters.length) {
    const one = pieces[piece];
    if (one === "*") {
      star = piece++;
      resume = at;
    } else if (one !== undefined && one(characters[at]!)) {
      piece++;
      at++;
    } else if (star >= 0) {
      piece = star + 1;
      at = ++resume;
    } else return false;
  }
  while (pieces[piece] === "*") piece++;
  return piece === pieces.length;
}
