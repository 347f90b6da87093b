/**
 * Writing a file as root: the content goes through a pipe, so that root reads no path that a user can exchange.
 *
 * @module
 */

import type { RootStep, ShownCommand } from "./elevation.ts";

/**
 * Beside its place first, and only if all of it has come: a program that is killed in the middle must not leave a system
 * with half a key store. A file that is there keeps its mode and owner.
 */
const SCRIPT = [
  "set -eu",
  "umask 022",
  // mv would put the file into it.
  '[ ! -d "$1" ]',
  't="$1.localtls-new"',
  "trap 'rm -f -- \"$t\"' EXIT",
  'rm -f -- "$t"',
  'if [ -f "$1" ] && [ ! -L "$1" ]; then cp -p -- "$1" "$t"; fi',
  'cat > "$t"',
  '[ "$(wc -c < "$t")" -eq "$2" ]',
  'mv -f -- "$t" "$1"',
].join("\n");

/**
 * The step that writes a file as root.
 *
 * @param path In a directory that nobody but root controls: for the caller to have made sure of.
 * @param shown What the user can paste in its place; see {@link teeAsRoot}.
 */
export function writeAsRoot(
  path: string,
  content: Uint8Array | string,
  shown: readonly ShownCommand[],
): RootStep {
  const input = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return {
    argv: ["/bin/sh", "-c", SCRIPT, "sh", path, String(input.length)],
    input,
    shown,
  };
}

/** The commands that make a public file out of another, which the user's own shell opens. */
export function teeAsRoot(path: string, file: string): ShownCommand[] {
  return [{ argv: ["tee", path], stdin: file }, { argv: ["chmod", "0644", path] }];
}
