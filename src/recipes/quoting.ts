/**
 * Paths as each format writes them, so that the server reads back just the characters of the path. What a format has no
 * way to write is refused with USAGE.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { pastable } from "./recipe.ts";

/**
 * A string of JSON, JavaScript, TypeScript, Python, and in double quotes YAML and TOML: what JSON escapes, all of them
 * do. C1 controls and the Unicode line ends are escaped too, which YAML 1.1 would take for line ends.
 */
export function jsonString(path: string): string {
  return JSON.stringify(pastable(path)).replaceAll(
    /[\u0080-\u009f\u2028\u2029\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** In double quotes, where a backslash escapes a double quote and itself: Redis. */
export function escapedString(path: string): string {
  return `"${pastable(path).replaceAll(/["\\]/g, "\\$&")}"`;
}

/** An argument of an Apache directive, where `${NAME}` is a variable even in quotes. */
export function apacheString(path: string): string {
  refuse(path, "an Apache configuration", path.includes("${"));
  return escapedString(path);
}

/**
 * A word of a Caddyfile. In double quotes a backslash is literal but for one before a double quote; in backticks all is.
 * A brace may begin a placeholder.
 */
export function caddyString(path: string): string {
  const plain = !/["\\]/.test(path);
  refuse(path, "a Caddyfile", path.includes("{") || (!plain && path.includes("`")));
  return plain ? `"${pastable(path)}"` : `\`${pastable(path)}\``;
}

/** A word in single quotes, where nothing is special but their end: HAProxy. */
export function haproxyString(path: string): string {
  return `'${pastable(path).replaceAll("'", "'\\''")}'`;
}

/** A string of lighttpd, where a backslash is literal but for one before a double quote. */
export function lighttpdString(path: string): string {
  refuse(path, "a lighttpd configuration", path.endsWith("\\"));
  return `"${pastable(path).replaceAll('"', '\\"')}"`;
}

/** A value of postgresql.conf. */
export function postgresqlString(path: string): string {
  return `'${pastable(path).replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** A value of an option file of MySQL and MariaDB: backslashes are escapes, quotes have none. */
export function optionFileString(path: string): string {
  refuse(path, "an option file", path.includes('"') && path.includes("'"));
  const quote = path.includes('"') ? "'" : '"';
  return `${quote}${pastable(path).replaceAll("\\", "\\\\")}${quote}`;
}

/** The rest of a line, as it stands: Mosquitto. */
export function restOfLine(path: string): string {
  refuse(path, "this configuration", /^\s|\s$/.test(path));
  return pastable(path);
}

/** A `file:` URL, which is ASCII and has no character that a properties file or a placeholder could see more in. */
export function fileUrl(path: string): string {
  const slashes = /^[A-Za-z]:[\\/]/.test(path) ? `/${path.replaceAll("\\", "/")}` : path;
  const segments = pastable(slashes).split("/").map((segment) =>
    encodeURIComponent(segment).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  );
  return `file://${segments.join("/").replace(/^\/([A-Za-z])%3A/, "/$1:")}`;
}

/** Text of a Traefik file, which is a Go template before it is YAML. */
export function traefikString(path: string): string {
  refuse(path, "a Traefik file", path.includes("{{"));
  return jsonString(path);
}

function refuse(path: string, where: string, impossible: boolean): void {
  if (!impossible) return;
  throw new LocalTlsError("USAGE", `Cannot write "${pastable(path)}" into ${where}: move the file`);
}
