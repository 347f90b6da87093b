/**
 * Becoming root late, for one step, and only where somebody can be asked.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { baseName } from "../host/path_text.ts";
import { quoteArgument, quoteCommand } from "../host/shell_words.ts";
import { runTool, TOOL_TIMEOUT_MS } from "./tool.ts";

/** A way to do single steps as root. */
export interface Elevation {
  /** The words to put before a command: [] for root, ["sudo", "--"] and the like, undefined for no way. */
  prefix(): Promise<readonly string[] | undefined>;
  /**
   * Runs commands as root, in order, stopping at the first that fails. Programs are found in the system's own
   * directories, and only where nobody but root can change them.
   * @param steps Without the prefix.
   * @param purpose Completes "root is needed to ..." in messages.
   * @param options For these steps only.
   * Throws NEEDS_ROOT with the exact commands as hints, TOOL_FAILED, TOOL_TIMEOUT or TOOL_MISSING.
   */
  run(
    steps: readonly RootStep[],
    purpose: string,
    options?: StepOptions,
  ): Promise<void>;
}

/**
 * A command that root runs: an argument array, or one with content for its stdin. What is a user's goes to root that
 * way, never by a path, which the user could exchange after it was checked.
 */
export type RootStep = readonly string[] | {
  readonly argv: readonly string[];
  readonly input: Uint8Array | string;
  /** The lines that come to the same, as the user can paste them, without sudo; each with what it reads. */
  readonly shown: readonly ShownCommand[];
};

/** A command to paste. */
export interface ShownCommand {
  readonly argv: readonly string[];
  /** A file that the user's own shell opens. */
  readonly stdin?: string;
}

/** Options of {@link Elevation.run}. */
export interface StepOptions {
  /** Milliseconds for a step, where it waits for the user as well. */
  readonly timeoutMs?: number;
  /**
   * What a step complains of goes into the error, also where sudo may ask: not shown, but read. sudo asks on the
   * terminal itself, whatever its stderr is (sudo(8), -S).
   */
  readonly keepComplaints?: boolean;
}

/** Options of {@link createElevation}. */
export interface ElevationOptions {
  /** Says why the user is about to be asked for a password. */
  readonly announce?: (message: string) => void;
  /** Milliseconds for a step. Default {@link TOOL_TIMEOUT_MS}. */
  readonly stepTimeoutMs?: number;
}

/**
 * The programs that make a user root, in order of preference. Not run0 and pkexec: they ask through an
 * agent that may stand on another screen, and nobody would see the question.
 */
const PROGRAMS = ["sudo", "doas"] as const;

/** Milliseconds for `sudo -n true`. sudo can hang on a network directory of users; then it is no way. */
const PROBE_TIMEOUT_MS = 5_000;

/** Milliseconds to type a password. sudo itself gives up after 5 minutes (sudoers, passwd_timeout). */
const PASSWORD_TIMEOUT_MS = 300_000;

/** The way to become root on this host; found once, when it is first needed. */
export function createElevation(host: Host, options: ElevationOptions = {}): Elevation {
  const stepTimeoutMs = options.stepTimeoutMs ?? TOOL_TIMEOUT_MS;
  let found: Promise<readonly string[] | undefined> | undefined;
  let password: "not asked" | "given" | "refused" = "not asked";

  const prefix = () => found ??= findPrefix(host);

  return {
    prefix,
    async run(steps, purpose, { timeoutMs = stepTimeoutMs, keepComplaints = false } = {}) {
      const words = await prefix();
      const needsRoot = async (state: string) =>
        new LocalTlsError("NEEDS_ROOT", `Cannot ${purpose}: ${state}`, {
          hints: await rootCommands(host, steps),
        });
      if (words === undefined) {
        throw await needsRoot(
          hasRoot(host)
            ? "root is needed"
            : "an administrator is needed (paste this into a prompt opened with Run as administrator)",
        );
      }
      const program = words[0] === undefined ? undefined : baseName(words[0]);
      const interactive = program !== undefined && !words.includes("-n");
      if (interactive) {
        // Asked once: whoever has said no is not asked again for the next store.
        if (password === "refused") throw await needsRoot(`${program} was refused`);
        if (password === "not asked") {
          options.announce?.(`root is needed to ${purpose}: asking ${program}`);
          // A step of its own: a wrong password and a tool that fails both end with exit code 1.
          const { outcome, code } = await host.commands.run([...words, "true"], {
            timeoutMs: PASSWORD_TIMEOUT_MS,
            interactive,
          });
          password = outcome === "exited" && code === 0 ? "given" : "refused";
          if (password === "refused") throw await needsRoot(`${program} was refused`);
        }
      }
      for (const step of steps) {
        const [name = "", ...rest] = argvOf(step);
        const path = await requireForRoot(host, name, purpose);
        const keep = interactive && keepComplaints ? ["/bin/sh", "-c", 'exec "$@" 2>&1', "sh"] : [];
        await runTool(host, [...words, ...keep, path, ...rest], {
          purpose,
          hints: await rootCommands(host, steps),
          // sudo may ask again for every command (timestamp_timeout=0; doas without persist).
          timeoutMs: interactive ? timeoutMs + PASSWORD_TIMEOUT_MS : timeoutMs,
          interactive,
          asRoot: true,
          ...("input" in step ? { input: step.input } : {}),
        });
      }
    },
  };
}

/** Whether this system knows root. Windows does not; its sudo is another program, and off by default. */
function hasRoot({ user }: Host): boolean {
  return user !== undefined;
}

async function findPrefix(host: Host): Promise<readonly string[] | undefined> {
  if (host.isRoot) return [];
  if (!hasRoot(host)) return undefined;
  for (const name of PROGRAMS) {
    const program = await host.commands.findForRoot(name);
    if (program === undefined) continue;
    if (host.terminal.interactive) return [program, "--"];
    const probe = await host.commands.run([program, "-n", "true"], { timeoutMs: PROBE_TIMEOUT_MS });
    if (probe.outcome === "exited" && probe.code === 0) return [program, "-n", "--"];
  }
  return undefined;
}

/**
 * The absolute path of a program that root is to run. sudo's secure_path would choose it as safely, but not where it is
 * named by a path.
 * Throws TOOL_MISSING, FILE_UNSAFE.
 */
async function requireForRoot(host: Host, name: string, purpose: string): Promise<string> {
  const path = await host.commands.findForRoot(name);
  if (path !== undefined) return path;
  const unsafe = await host.commands.find(name);
  if (unsafe === undefined) {
    throw new LocalTlsError("TOOL_MISSING", `Cannot ${purpose}: "${name}" is not installed`);
  }
  throw new LocalTlsError(
    "FILE_UNSAFE",
    `Cannot ${purpose}: root does not run "${unsafe}", which others can change`,
  );
}

function argvOf(step: RootStep): readonly string[] {
  return "argv" in step ? step.argv : step;
}

/**
 * Commands as the user can paste them, a line each: behind sudo, or doas where only that exists; bare
 * where neither does, for a root shell.
 */
export async function rootCommands(
  host: Host,
  steps: readonly RootStep[],
): Promise<string[]> {
  const words: string[] = [];
  if (hasRoot(host) && !host.isRoot) {
    for (const program of PROGRAMS) {
      if (await host.commands.findForRoot(program) === undefined) continue;
      words.push(program);
      break;
    }
  }
  return steps.flatMap((step): readonly ShownCommand[] =>
    "shown" in step ? step.shown : [{ argv: step }]
  )
    .map(({ argv, stdin }) => {
      const line = quoteCommand([...words, ...argv]);
      return stdin === undefined ? line : `${line} < ${quoteArgument(stdin)} > /dev/null`;
    });
}
