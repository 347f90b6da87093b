/**
 * Flags that several commands share.
 *
 * @module
 */

import type { GlobalOptions } from "../commands/context.ts";
import { LocalTlsError } from "../errors.ts";

/** The global options as stricli gives them. */
export type GlobalFlags = {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly yes?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly dir?: string | undefined;
};

/** Takes a value as it is. */
export function text(input: string): string {
  return input;
}

/** The definitions that every command spreads into its flags. */
export const GLOBAL_FLAGS = {
  json: {
    kind: "boolean",
    brief: "Print one JSON document, errors too",
    optional: true,
    withNegated: false,
  },
  quiet: {
    kind: "boolean",
    brief: "Print only warnings, errors and what was asked for",
    optional: true,
    withNegated: false,
  },
  yes: {
    kind: "boolean",
    brief: "Take every question as answered with yes",
    optional: true,
    withNegated: false,
  },
  dryRun: {
    kind: "boolean",
    brief: "Say every file and command, change nothing",
    optional: true,
    withNegated: false,
  },
  dir: {
    kind: "parsed",
    parse: text,
    optional: true,
    brief: "State directory (also LOCALTLS_DIR)",
    placeholder: "DIR",
  },
} as const;

/** Short spellings of the global flags. */
export const GLOBAL_ALIASES = { q: "quiet", y: "yes", n: "dryRun" } as const;

/** The global options among a command's flags. */
export function globalOptions(flags: GlobalFlags): GlobalOptions {
  const { json = false, quiet = false, yes = false, dryRun = false, dir } = flags;
  return { json, quiet, yes, dryRun, dir };
}

/** `--stores`, `--nss-password-file`, `--machine`: for the commands that change or read stores. */
export const STORE_FLAGS = {
  stores: {
    kind: "parsed",
    parse: text,
    optional: true,
    brief: "Only these stores: system, nss, java, windows (comma-separated)",
    placeholder: "LIST",
  },
  nssPasswordFile: {
    kind: "parsed",
    parse: text,
    optional: true,
    brief: "File with the primary password of the browser databases",
    placeholder: "FILE",
  },
  machine: {
    kind: "boolean",
    optional: true,
    withNegated: false,
    brief: "On macOS and Windows: the store of the whole machine, not the user's",
  },
} as const;

/** `--root`: for the commands that can work on a system that does not run. */
export const ROOT_FLAG = {
  root: {
    kind: "parsed",
    parse: text,
    optional: true,
    brief: "An image, chroot or unpacked container in place of this machine; nothing in it is run",
    placeholder: "DIR",
  },
} as const;

/** The flag as stricli gives it. */
export type RootFlag = {
  readonly root?: string | undefined;
};

/** The store flags as stricli gives them. */
export type StoreFlags = {
  readonly stores?: string | undefined;
  readonly nssPasswordFile?: string | undefined;
  readonly machine?: boolean | undefined;
};

/** `--port`. Throws USAGE. */
export function port(input: string): number {
  const value = /^\d{1,5}$/.test(input) ? Number(input) : 0;
  if (value < 1 || value > 65535) {
    throw new LocalTlsError(
      "USAGE",
      `Cannot use "${input}" as a port: give a number from 1 to 65535`,
    );
  }
  return value;
}

/** `--days`, whose upper limit is the command's to judge. Throws USAGE. */
export function days(input: string): number {
  const value = /^\d{1,5}$/.test(input) ? Number(input) : 0;
  if (value < 1) {
    throw new LocalTlsError("USAGE", `Cannot use "${input}" as a number of days: give 1 to 825`);
  }
  return value;
}
