/**
 * From the target of a request to names below the served directory.
 *
 * @module
 */

import { sep } from "node:path";

/** The part of a request target before its query, as names. */
export interface RequestPath {
  /** Decoded, none of them empty, ".", "..", or with a separator in it. */
  readonly names: readonly string[];
  /** It ends with "/": a directory is meant. */
  readonly directory: boolean;
  /** "?..." as it was sent, or nothing. */
  readonly query: string;
}

/**
 * Reads a request target (RFC 9112, 3.2): "/a/b?c", or an absolute URI.
 *
 * @returns undefined for one that no file can be meant by: broken percent-encoding, "..", a separator or NUL that
 * was encoded. A browser resolves ".." itself; who sends it is looking for a way out.
 */
export function parseRequestPath(target: string): RequestPath | undefined {
  const origin = /^https?:\/\/[^/?#]*/i.exec(target)?.[0] ?? "";
  const [whole = ""] = target.slice(origin.length).split("#", 1);
  const mark = whole.indexOf("?");
  const path = (mark < 0 ? whole : whole.slice(0, mark)) || "/";
  if (!path.startsWith("/")) return undefined;
  const names: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    const name = decode(part);
    if (name === undefined || !isFileName(name)) return undefined;
    names.push(name);
  }
  const query = mark < 0 ? "" : whole.slice(mark);
  return { names, directory: path.endsWith("/"), query };
}

/** The same as a path in a URL. Never begins with "//", which would be another host. */
export function formatRequestPath(names: readonly string[], directory: boolean): string {
  const path = names.map((name) => `/${encodeURIComponent(name)}`).join("");
  return directory ? `${path}/` : path || "/";
}

/**
 * Whether a name is nobody's business: it begins with a dot (.git, .env). /.well-known is there to be asked for
 * (RFC 8615).
 */
export function isHidden(names: readonly string[]): boolean {
  return names.some((name, i) => name.startsWith(".") && !(i === 0 && name === ".well-known"));
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function isFileName(name: string): boolean {
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) return false;
  // Where "\" separates names, ":" opens streams and drives, and dots and spaces at the end vanish.
  return sep === "/" || !/[\\:]|[. ]$/.test(name);
}
