/**
 * The one real {@link Host}, on `node:` modules: the same code on Bun (also compiled), Deno and Node.
 * What is slow to load or rarely needed is loaded on first use.
 *
 * @module
 */

import * as path from "node:path";
import process from "node:process";
import { LocalTlsError } from "../errors.ts";
import { dataDirectoryFor } from "./data_directory.ts";
import type { AccessLists, Commands, Files, Host, Owner } from "./host.ts";
import { createNodeCommands } from "./node_commands.ts";
import { openNodeDatabase } from "./node_database.ts";
import { createNodeFiles } from "./node_files.ts";
import { createNodeNetwork } from "./node_network.ts";
import { createNodeOutput, type NodeOutput } from "./node_output.ts";
import { operatingSystem } from "./operating_system.ts";
import { allowRoot, hasRoot, workingFor } from "./principal.ts";
import { createNodeTerminal, readStdin } from "./node_terminal.ts";

/** What a shell reports for a program that SIGPIPE ended: 128 + 13. */
const EXIT_BROKEN_PIPE = 141;

/** What is printed with. */
type Printed = "write" | "writeLog" | "logWritten" | "isTerminal" | "columns";

/** The machine, and what main.ts alone needs of its own process. */
export interface NodeHost extends Host, Pick<NodeOutput, Printed> {
  /** The arguments that the user gave. */
  readonly argv: readonly string[];
  /** The name that the program was started by, without directory and ".exe". */
  readonly programName: string;
  /**
   * Ends the process. A success whose output nobody read to its end is no success: then 141, as for
   * any other program in a pipe.
   */
  exit(code: number): never;
}

/** The machine that this process runs on. */
export function createNodeHost(): NodeHost {
  const os = operatingSystem();
  const environment = process.env;
  const env = (name: string) => environment[name] || undefined;
  const started = effectiveUser();
  const output = createNodeOutput();
  const files = hasRoot() ? guardLate(createNodeFiles()) : createNodeFiles();
  const commands = createNodeCommands(os, environment);
  return {
    os,
    env,
    get user() {
      return workingFor() ?? started;
    },
    get isRoot() {
      return hasRoot();
    },
    async workFor(user) {
      const { groupsOf, workFor } = await loadGuard();
      workFor({ ...user, groups: groupsOf(user) });
    },
    allowRoot,
    rootControls: async (path) => started === undefined || (await loadGuard()).rootControls(path),
    holdingRoot: async (step) => await (await loadGuard()).holdingRoot(step),
    giveUpRoot: async () => (await loadGuard()).giveUpRoot(),
    dataDirectory: (home) => dataDirectoryFor(os, env, home),
    get workingDirectory() {
      return workingDirectory();
    },
    files,
    commands,
    accessLists: os === "windows" ? openAccessLists(commands, files, env) : undefined,
    async openImage(root) {
      const { openNodeImage } = await import("./node_image_files.ts");
      return hasRoot()
        ? (await loadGuard()).openGuardedImage(root, openNodeImage)
        : openNodeImage(root);
    },
    terminal: createNodeTerminal(output, env),
    network: createNodeNetwork(),
    openDatabase: openNodeDatabase,
    async publicRoots() {
      return (await import("node:tls")).rootCertificates;
    },
    async md5(bytes) {
      const { md5 } = await import("./md5.ts");
      return md5(bytes);
    },
    readStdin,
    now: () => new Date(),
    sleep,
    stopSignal,
    get programPath() {
      const program = process.execPath;
      return /^(?:bun|deno|node)(?:\.exe)?$/i.test(path.basename(program)) ? undefined : program;
    },
    argv: process.argv.slice(2),
    programName: programName(os),
    write: output.write,
    writeLog: output.writeLog,
    logWritten: output.logWritten,
    isTerminal: output.isTerminal,
    columns: output.columns,
    exit: (code) => process.exit(code === 0 && output.isBroken() ? EXIT_BROKEN_PIPE : code),
  };
}

/** Only a process of root's has rights to guard. */
function loadGuard() {
  return import("./root_guard.ts");
}

/** Guarded from the first call on. */
function guardLate(files: Files): Files {
  let loading: Promise<Files> | undefined;
  let guarded: Files | undefined;
  return new Proxy(files, {
    get: (_, name: keyof Files) => async (...args: unknown[]) => {
      guarded ??= await (loading ??= loadGuard().then(({ guardFiles }) => guardFiles(files)));
      return await Reflect.apply(guarded[name], guarded, args);
    },
  });
}

/** Undefined on systems without numeric users. */
function effectiveUser(): Owner | undefined {
  const uid = process.geteuid?.();
  const gid = process.getegid?.();
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

function programName(os: Host["os"]): string {
  const name = path.basename(process.argv0);
  return os === "windows" ? name.replace(/\.exe$/i, "") : name;
}

/** Loaded when first asked. */
function openAccessLists(
  commands: Commands,
  files: Files,
  env: (name: string) => string | undefined,
): AccessLists {
  let loaded: Promise<AccessLists> | undefined;
  const load = () =>
    loaded ??= import("./windows_acl.ts")
      .then(({ createWindowsAccessLists }) => createWindowsAccessLists(commands, files, env));
  return {
    protect: async (directory) => await (await load()).protect(directory),
    others: async (path) => await (await load()).others(path),
  };
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
  });
}

/** Whoever starts this program may pass on a signal that the terminal has sent to both: the same one, twice. */
const REPEATED_SIGNAL_MS = 300;

let stopController: AbortController | undefined;

function stopSignal(): AbortSignal {
  if (stopController === undefined) {
    const controller = new AbortController();
    stopController = controller;
    let firstAt = 0;
    for (const [name, number] of [["SIGINT", 2], ["SIGTERM", 15]] as const) {
      process.on(name, () => {
        if (!controller.signal.aborted) {
          firstAt = Date.now();
          controller.abort();
        } else if (Date.now() - firstAt > REPEATED_SIGNAL_MS) process.exit(128 + number);
      });
    }
  }
  return stopController.signal;
}

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new LocalTlsError(
      "FILE_NOT_FOUND",
      "Cannot find the working directory: it has been removed",
      { hints: ["cd ~"], cause: error },
    );
  }
}
