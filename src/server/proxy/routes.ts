/**
 * Where requests go to, by the beginning of their path.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";

/** What answers: another server, or files. */
export type Target =
  | { readonly kind: "upstream"; readonly url: URL }
  | { readonly kind: "directory"; readonly directory: string };

/** A beginning of paths and what answers those. */
export interface Route {
  /** "/", or "/api" without a slash at its end. */
  readonly path: string;
  readonly target: Target;
}

/**
 * Reads TARGET: a URL of http or https, "host:port", or a port on this machine. A path in it takes the place of the
 * route's own; query, fragment and user are refused. Throws USAGE.
 */
export function parseUpstream(text: string): URL {
  const full = /^\d{1,5}$/.test(text)
    ? `http://127.0.0.1:${text}`
    : /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\]):\d{1,5}(?:\/|$)/i.test(text)
    ? `http://${text}`
    : text;
  let url: URL | undefined;
  try {
    url = new URL(full);
  } catch {
    // Said below.
  }
  const isUsable = url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== "" &&
    url.username === "" && url.password === "" && url.search === "" && url.hash === "" &&
    url.port !== "0";
  if (url !== undefined && isUsable) return url;
  throw new LocalTlsError("USAGE", `Cannot use "${text}" as a target: it is no URL of a server`, {
    hints: ["http://127.0.0.1:3000"],
  });
}

/** Reads `--route PATH=TARGET`; what is no URL is a directory. Throws USAGE. */
export function parseRoute(text: string): Route {
  const mark = text.indexOf("=");
  const path = mark < 0 ? "" : text.slice(0, mark);
  const target = text.slice(mark + 1);
  // Percent-encoding would make two spellings of one route.
  if (!/^\/[A-Za-z0-9._~/@:+-]*$/.test(path) || path.includes("//") || target === "") {
    throw new LocalTlsError("USAGE", `Cannot use "${text}" as a route: give PATH=TARGET`, {
      hints: ["--route /api=https://172.16.99.32:1043 --route /=./dist"],
    });
  }
  const isDirectory = !/^https?:/i.test(target) && /^[./~]|^[A-Za-z]:[\\/]/.test(target);
  return {
    path: path.length > 1 ? path.replace(/\/$/, "") : path,
    target: isDirectory
      ? { kind: "directory", directory: target }
      : { kind: "upstream", url: parseUpstream(target) },
  };
}

/** The routes, the longest path first. Throws USAGE for two of one path, or none. */
export function orderRoutes(routes: readonly Route[]): Route[] {
  const twice = routes.find(({ path }, i) => routes.findIndex((one) => one.path === path) !== i);
  if (twice !== undefined) {
    throw new LocalTlsError("USAGE", `Cannot use two routes for "${twice.path}"`);
  }
  return [...routes].sort((a, b) => b.path.length - a.path.length);
}

/** The first route that a path is below: "/api" answers "/api", "/api/x" and "/api?x", not "/apis". */
export function findRoute(routes: readonly Route[], target: string): Route | undefined {
  return routes.find(({ path }) => {
    if (path === "/") return true;
    if (!target.startsWith(path)) return false;
    return /^(?:$|[/?])/.test(target.slice(path.length, path.length + 1));
  });
}

/** The part of a request target below a route: "/x?y" of "/api/x?y". */
export function belowRoute({ path }: Route, target: string): string {
  const rest = path === "/" ? target : target.slice(path.length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** The target that the upstream is asked for: as it is, or with the upstream's own path in place of the route's. */
export function upstreamPath(route: Route, url: URL, target: string): string {
  if (url.pathname === "/") return target;
  const rest = belowRoute(route, target);
  return url.pathname.replace(/\/$/, "") + rest;
}

/**
 * Whether a request target is one that every server on the way reads alike: in origin form (RFC 9112, 3.2.1), without
 * "." and ".." segments in any spelling. "/public/..%2fadmin" would be below one route here and below another there, and so
 * would "/public/..;/admin" for servers that take a parameter off each segment (Tomcat).
 */
export function isPlainTarget(target: string): boolean {
  if (!/^\/[\x21-\x7e]*$/.test(target) || target.includes("#")) return false;
  // Behind the dots stands what some server or file system cuts off: parameters, spaces, control characters.
  return spelledOut(target)?.split("/")
    .every((name) => !/^\.{1,2}(?:$|[;?#]|[^\x21-\xff])/.test(name)) ?? false;
}

/** Whether a target is below the same route for a server that reads its path in another spelling. */
export function isOfOneRoute(routes: readonly Route[], target: string): boolean {
  const spelled = spelledOut(target);
  if (spelled === undefined) return false;
  const usual = spelled.replaceAll(/;[^/]*/g, "").replaceAll(/\/{2,}/g, "/");
  return findRoute(routes, usual) === findRoute(routes, target);
}

/** Times that a path is decoded: more than any two servers in a row. */
const MAX_DECODINGS = 4;

/** A path as the most generous server would read it, each octet one character; undefined where there is no end of decoding. */
function spelledOut(target: string): string | undefined {
  let [path = ""] = target.split("?", 1);
  for (let times = 0; path.includes("%"); times++) {
    const decoded = path.replaceAll(
      /%(?:u00)?([0-9a-f]{2})/gi,
      (_, digits: string) => String.fromCharCode(parseInt(digits, 16)),
    );
    if (decoded === path) break;
    if (times === MAX_DECODINGS) return undefined;
    path = decoded;
  }
  // Forms of "." and "/" that are longer than UTF-8 allows (RFC 3629, 10).
  return path.replaceAll(/\xc0\xae|\xe0\x80\xae/g, ".")
    .replaceAll(/\\|\xc0\xaf|\xe0\x80\xaf|\xc1\x9c/g, "/");
}
