/**
 * The command lines that are typed most, where they are plain: read without stricli and the definitions of all
 * commands, whose loading is a third of such a run. Whatever has anything unusual in it is left to app.ts, which
 * reads every command line; a test holds the two against each other.
 *
 * @module
 */

import type { GlobalOptions } from "../commands/context.ts";
import { EXIT } from "../commands/document_parts.ts";
import { VERSION } from "../version.ts";
import type { CliHost } from "./console.ts";
import { execute, type RunnableCommand } from "./execute.ts";

/** A command line that could be read here. */
export type PlainLine =
  | { readonly command: "help" }
  | { readonly command: "version"; readonly options: GlobalOptions }
  | { readonly command: "doctor"; readonly options: GlobalOptions; readonly url: string }
  | {
    readonly command: "cert";
    readonly options: GlobalOptions;
    readonly flags: PlainCertFlags;
    readonly names: readonly string[];
  };

/** The options of `cert` that are read here. */
export interface PlainCertFlags {
  readonly out?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** Options with a value, as they are typed. */
const VALUES = {
  "--dir": "dir",
  "--out": "out",
  "--cert-file": "certFile",
  "--key-file": "keyFile",
} as const;

const TOGGLES = { "--json": "json", "--quiet": "quiet", "--yes": "yes" } as const;

/** Reads a plain command line; undefined for any other, wrong ones too. */
export function readPlainLine(argv: readonly string[]): PlainLine | undefined {
  const [first] = argv;
  if (argv.length <= 1 && (first === undefined || first === "--help" || first === "help")) {
    return { command: "help" };
  }
  const words: string[] = [];
  const values: { -readonly [key in typeof VALUES[keyof typeof VALUES]]?: string } = {};
  const toggles: { [key in typeof TOGGLES[keyof typeof TOGGLES]]?: boolean } = {};
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (!word.startsWith("-")) {
      words.push(word);
      continue;
    }
    const toggle = lookUp(TOGGLES, word);
    if (toggle !== undefined) {
      if (toggles[toggle] !== undefined) return undefined; // given twice
      toggles[toggle] = true;
      continue;
    }
    const name = lookUp(VALUES, word);
    // Before the command only the global ones mean something.
    if (name === undefined || (words.length === 0 && name !== "dir")) return undefined;
    const value = argv[++i];
    if (value === undefined || value.startsWith("-") || values[name] !== undefined) {
      return undefined;
    }
    values[name] = value;
  }
  const [command, ...names] = words;
  const { dir, ...flags } = values;
  const { json = false, quiet = false, yes = false } = toggles;
  const options: GlobalOptions = { json, quiet, yes, dryRun: false, dir };
  if (command === "cert" && names.length > 0) return { command, options, flags, names };
  if (Object.keys(flags).length > 0) return undefined;
  const [url] = names;
  if (command === "doctor" && names.length === 1) return { command, options, url: url! };
  return command === "version" && names.length === 0 ? { command, options } : undefined;
}

/** Runs the command line if it is a plain one. @returns The exit code; undefined for a line that app.ts has to read. */
export async function runPlainLine(
  host: CliHost,
  argv: readonly string[],
): Promise<number | undefined> {
  const line = readPlainLine(argv);
  if (line === undefined) return undefined;
  if (line.command === "version" && !line.options.json) {
    // Command, screen and reporter come to the same, and take a fifth of the run to load.
    host.write("stdout", `${VERSION}\n`);
    return EXIT.done;
  }
  if (line.command !== "help") return await execute(host, line.options, runnable(line));
  const { TOP_HELP } = await import("./top_help.ts");
  host.write("stdout", TOP_HELP);
  return EXIT.done;
}

function runnable(line: Exclude<PlainLine, { command: "help" }>): RunnableCommand {
  const { command: name } = line;
  if (name === "version") {
    return {
      name,
      run: async (context) => (await import("../commands/version.ts")).version(context),
      loadScreen: async () => (await import("./screens/text.ts")).textScreen,
    };
  }
  if (name === "doctor") {
    const { url } = line;
    return {
      name,
      run: async (context) => (await import("../commands/doctor.ts")).doctor(context, { url }),
      loadScreen: async () => (await import("./screens/doctor.ts")).doctorScreen,
    };
  }
  const { flags, names } = line;
  return {
    name,
    run: async (context) =>
      (await import("../commands/cert.ts")).cert(context, { ...flags, names }),
    loadScreen: async () => (await import("./screens/cert.ts")).certScreen,
  };
}

function lookUp<T extends object>(table: T, word: string): T[keyof T] | undefined {
  return Object.hasOwn(table, word) ? table[word as keyof T] : undefined;
}
