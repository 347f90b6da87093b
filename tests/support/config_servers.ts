/**
 * How real servers are started with the lines of `localtls config`, pasted whole.
 *
 * @module
 */

import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram } from "./processes.ts";

/** The servers of scripts/test/server_packages.mjs. */
const PACKAGES = fileURLToPath(new URL("../../.cache/servers", import.meta.url));
/** Where npm has put them. */
export const NPM = join(PACKAGES, "npm/node_modules");
/** Where Maven has put them. */
export const MAVEN: string = join(PACKAGES, "maven/lib");

/** Programs of the virtual environment. */
export const PYTHON = join(PACKAGES, "python/venv/bin");

/** An account without rights: some servers refuse to be root. */
export const NOBODY = { uid: 65_534, gid: 65_534 } as const;

/** Words before a command. */
export const AS_NOBODY = [
  "setpriv",
  "--reuid=65534",
  "--regid=65534",
  "--clear-groups",
  "--",
] as const;

/** How a server is started with lines that were printed for it. */
export interface ConfiguredServer {
  readonly id: string;
  readonly title: string;
  /** The program, or a file of its package; without it the tests are skipped. */
  readonly needs: string;
  /** What honours the option is tested with it. */
  readonly cors?: true;
  /** It names the allowed origin to everybody: to other origins that is a refusal, too. */
  readonly constantOrigin?: true;
  readonly mtls?: true;
  /** The version that curl finds where --http2 is given. */
  readonly http2?: true;
  /** Holds to the profile's cipher suites by the printed lines or by itself. */
  readonly profile?: true;
  /** Its key has to be readable by this account. */
  readonly nobody?: true;
  /** What is asked for, without the first slash, and what its answer holds; else "hello over TLS" at the root. */
  readonly asked?: { readonly path: string; readonly greeting: RegExp };
  /** Where its format cannot write every character. */
  readonly directoryName?: string;
  /**
   * Writes the lines, and what the test has to add, into the directory.
   * @returns the command, and variables for it.
   */
  prepare(text: string, directory: string, port: number): Promise<ServerCommand> | ServerCommand;
}

/** What is run in the server's directory. */
export interface ServerCommand {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A name with all that has a meaning in some format, or that needs an escape. */
export const HARD_NAME = 'it\'s a "hard" näme; # \\ %41';

/** Writes a file and gives its path. */
export function file(directory: string, name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

/** The commands that a text names in its comments, as the user runs them. */
export function commentedCommands(text: string): string[] {
  return [...text.matchAll(/^# {3}((?:sudo )?install .*)$/gm)].map(([, command]) => command!);
}

/** The reason to skip a server's tests, where it is not there. */
export function missingServer({ needs, title }: ConfiguredServer): string | false {
  const there = needs.startsWith("/") ? existsSync(needs) : findProgram(needs) !== undefined;
  return there ? false : `${title} is not installed`;
}

/** A directory that every account may enter. */
export function openDirectory(path: string): string {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
  return path;
}

/** A program of this project's own packages. */
export function tool(name: string): string {
  return fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));
}
