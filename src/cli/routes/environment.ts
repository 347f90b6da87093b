/**
 * Routes of the commands that set environment variables.
 *
 * @module
 */

import type { EnvFlags as EnvRequest } from "../../commands/env/env.ts";
import { GLOBAL_ALIASES, GLOBAL_FLAGS, type GlobalFlags, text } from "../flags.ts";
import { define } from "./define.ts";

const screen = () => import("../screens/env.ts").then((module) => module.envScreen);

type Format = NonNullable<EnvRequest["shell"]>;

/** The words of `--shell`; written out, since the writers are not loaded for the help. */
const FORMATS: readonly Format[] = [
  "sh",
  "fish",
  "powershell",
  "cmd",
  "json",
  "dotenv",
  "systemd",
  "docker",
];

const toggle = (brief: string) =>
  ({ kind: "boolean", optional: true, withNegated: false, brief }) as const;

type EnvFlags = GlobalFlags & {
  readonly shell?: Format | undefined;
  readonly explain?: boolean | undefined;
  readonly install?: boolean | undefined;
  readonly uninstall?: boolean | undefined;
};

export const env = define<EnvFlags, readonly []>({
  name: "env",
  usage: "[OPTIONS]",
  brief: "Print the variables by which Node, Python, Java, Go, git, curl, ... trust the CA",
  description:
    "Variables that add to a program's own roots name the root of localtls; those that replace them\n" +
    "name a bundle of this machine's public roots and ours, so that public sites work as before. Values\n" +
    "that are set already are built upon. Programs that use the system's store need none of this.",
  examples: [
    { input: "", brief: 'for this shell: eval "$(localtls env)"' },
    { input: "--explain", brief: "which program reads what" },
    { input: "--shell systemd > /etc/default/app", brief: "for EnvironmentFile= of a service" },
    { input: "--install", brief: "for every shell from now on" },
  ],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      shell: {
        kind: "enum",
        values: FORMATS,
        optional: true,
        brief: "How to write them (default: as your shell reads them)",
        placeholder: "FORMAT",
      },
      explain: toggle("Say which program reads which variable, and what it does there"),
      install: toggle("Put it into the start files of your shells"),
      uninstall: toggle("Take it out of them"),
    },
    aliases: GLOBAL_ALIASES,
  },
  run: async (context, flags) => (await import("../../commands/env/env.ts")).env(context, flags),
  screen,
});

// No --json: standard output belongs to the command that is run.
const { json: _json, ...RUN_FLAGS } = GLOBAL_FLAGS;

export const run = define<Omit<GlobalFlags, "json">, readonly string[]>({
  name: "run",
  usage: "-- COMMAND [ARGUMENT]...",
  brief: "Run a command with these variables",
  description:
    "The command has this terminal, gets the signals that are sent to localtls, and its exit code is\n" +
    "the exit code here (127: there is no such command).",
  examples: [
    { input: "-- npm install", brief: "from a registry with a certificate of this CA" },
    { input: "-- git clone https://172.16.99.32/app.git", brief: "from a server on the LAN" },
  ],
  parameters: {
    flags: RUN_FLAGS,
    aliases: GLOBAL_ALIASES,
    positional: {
      kind: "array",
      parameter: { brief: "The command and its arguments", parse: text, placeholder: "COMMAND" },
    },
  },
  run: async (context, _flags, words) =>
    (await import("../../commands/run.ts")).run(context, words),
  screen,
});
