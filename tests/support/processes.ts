/**
 * Running real programs in tests, with a time limit, and ending all that they started: every program
 * gets a process group of its own and is ended by the group's id, never by name.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Duplex, Writable } from "node:stream";

/** Options of {@link run} and {@link start}. */
export interface ProcessOptions {
  /** Added to the test's own environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Written to stdin; without it stdin is /dev/null. */
  readonly input?: string | Uint8Array;
  /** Milliseconds until the process group is killed. Default 30 s; for {@link start}: none. */
  readonly timeoutMs?: number;
}

/** How a program ended. */
export interface ProcessResult {
  /** Exit code; 128 + n for signal n as in a shell; 124 at the time limit, 127 where it cannot be started. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** A program that runs until it is stopped. */
export interface RunningProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it has written so far, stdout and stderr in the order of arrival. */
  output(): string;
  /** Resolves when it has ended. */
  readonly ended: Promise<ProcessResult>;
  /** File descriptors 3 and 4, where they were asked for. */
  readonly pipes: readonly (Writable | Duplex)[];
  /** SIGTERM to the group, SIGKILL after a second; resolves when the program has ended. */
  stop(): Promise<ProcessResult>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGINT: 2,
  SIGILL: 4,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGTERM: 15,
};

/** Runs a program to its end. Never throws for what the program does. */
export async function run(
  argv: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  const running = start(argv, { timeoutMs: DEFAULT_TIMEOUT_MS, ...options });
  return await running.ended;
}

/** Runs a program to its end and throws, with all it wrote, unless it exits with 0. Returns its stdout. */
export async function mustRun(
  argv: readonly string[],
  options: ProcessOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(argv, options);
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** Starts a program. `pipes: true` opens file descriptors 3 and 4 as well. */
export function start(
  argv: readonly string[],
  options: ProcessOptions & { readonly pipes?: boolean } = {},
): RunningProcess {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: mergeEnvironment(options.env),
    detached: true,
    stdio: [
      options.input === undefined ? "ignore" : "pipe",
      "pipe",
      "pipe",
      ...(options.pipes === true ? ["pipe", "pipe"] as const : []),
    ],
  });
  const texts = { stdout: "", stderr: "", all: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
      texts.all += text;
    });
  }
  // A program that does not read its input to the end is no error of the test.
  child.stdin?.on("error", () => {}).end(options.input);

  let timedOut = false;
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => {
    timedOut = true;
    signalGroup(child, "SIGKILL");
  }, options.timeoutMs);
  const ended = new Promise<ProcessResult>((resolve) => {
    const finish = (code: number) => {
      clearTimeout(timer);
      resolve({ code, stdout: texts.stdout, stderr: texts.stderr, timedOut });
    };
    child.on("error", (error) => {
      texts.stderr += error.message;
      finish(127);
    });
    // "exit" and a moment for the pipes, not "close": what a browser leaves behind may hold them open.
    child.on("exit", (code, signal) => {
      const number = code ?? 128 + (SIGNAL_NUMBERS[signal ?? ""] ?? 0);
      const done = () => finish(timedOut ? 124 : number);
      child.on("close", done);
      setTimeout(done, 500).unref();
    });
  });
  return {
    pid: child.pid ?? 0,
    child,
    output: () => texts.all,
    ended,
    pipes: child.stdio.slice(3) as Duplex[],
    async stop() {
      signalGroup(child, "SIGTERM");
      const impatient = setTimeout(() => signalGroup(child, "SIGKILL"), 1_000);
      const result = await ended;
      clearTimeout(impatient);
      signalGroup(child, "SIGKILL");
      return result;
    },
  };
}

/** The path of a program on PATH, or undefined. */
export function findProgram(name: string, path = process.env["PATH"] ?? ""): string | undefined {
  for (const directory of name.includes("/") ? [""] : path.split(delimiter)) {
    const file = join(directory, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next directory.
    }
  }
  return undefined;
}

/**
 * Asks again and again until there is an answer.
 * @param what Completes "Waited in vain for ..." in the error after timeoutMs.
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function mergeEnvironment(
  changes: Readonly<Record<string, string | undefined>> = {},
): NodeJS.ProcessEnv {
  const merged: NodeJS.ProcessEnv = { ...process.env };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete merged[name];
    else merged[name] = value;
  }
  return merged;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // All of the group has ended.
  }
}
