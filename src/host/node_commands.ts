/**
 * {@link Commands} on node:child_process, loaded when the first command runs.
 *
 * @module
 */

import type { ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import process from "node:process";
import { type Bytes, concatBytes } from "../bytes.ts";
import type { Commands, OperatingSystem, RunOptions, RunResult } from "./host.ts";
import { hasRoot, workingFor } from "./principal.ts";
import { describeSystemError } from "./system_error.ts";

/** Kept of each output stream; the rest is read and dropped, so that the tool does not stall. */
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
/** Milliseconds that the pipes get to close after the tool has ended: a daemon it started may hold them. */
const PIPE_GRACE_MS = 500;
/** Milliseconds to wait for a killed tool; one in an uninterruptible sleep does not die at once. */
const KILL_GRACE_MS = 2_000;
/** Where administration tools stand, which PATH of an ordinary user may leave out. */
const ADMIN_DIRECTORIES = ["/usr/sbin", "/sbin", "/usr/local/sbin"];
/**
 * Where what root runs is looked for, whatever PATH says: sudo's own secure_path (sudoers(5)), and where NixOS keeps its
 * programs and its sudo.
 */
const SYSTEM_DIRECTORIES = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
  "/run/wrappers/bin",
  "/run/current-system/sw/bin",
];

const SYSTEM_PATH = SYSTEM_DIRECTORIES.join(":");

/** Other programs of this machine. */
export function createNodeCommands(
  os: OperatingSystem,
  environment: Readonly<Record<string, string | undefined>>,
): Commands {
  const find = (name: string) => findExecutable(name, os, environment["PATH"] ?? "");
  return {
    find: (name) => Promise.resolve(find(name)),
    findForRoot: (name) => findForRoot(name, find),
    async run(argv, options) {
      const name = argv[0] ?? "";
      // As root: what this process runs for itself, and root's steps of one that works for a user.
      const isRoots = hasRoot() && (options.asRoot === true || workingFor() === undefined);
      const typed = options.isTyped === true ? find(name) ?? "" : name;
      const program = isRoots ? await findForRoot(typed, find) : find(name);
      if (program === undefined) {
        const unsafe = isRoots ? find(name) : undefined;
        if (unsafe === undefined) return ended("missing");
        return ended("not-started", {
          stderr: `"${unsafe}" can be changed by others than root, so that root does not run it`,
        });
      }
      const { spawn } = await import("node:child_process");
      const interactive = options.interactive === true;
      // A group of its own, so that a timeout reaches the children too. Not for a tool that talks to
      // the user: only the foreground group may read the terminal.
      const detached = !interactive && os !== "windows";
      // What root's tools start (hooks of update-ca-certificates run "java") is found as they are; sudo without a
      // secure_path hands on the PATH that it is given.
      const isSystems = process.getuid !== undefined && options.isTyped !== true &&
        (isRoots || options.asRoot === true);
      const searched = isSystems ? { PATH: SYSTEM_PATH } : {};
      let child: ChildProcess;
      try {
        child = await spawnFor(isRoots, (ids, home) =>
          spawn(program, argv.slice(1), {
            ...ids,
            stdio: [
              options.input !== undefined ? "pipe" : interactive ? "inherit" : "ignore",
              "pipe",
              interactive ? "inherit" : "pipe",
            ],
            // Fixed, so that what tools print can be read; LANGUAGE is ignored under C.
            env: { ...environment, ...home, ...searched, LC_ALL: "C", ...options.env } as Record<
              string,
              string
            >,
            detached,
            windowsHide: true,
          }));
      } catch (error) {
        return ended("not-started", { stderr: describeSystemError(error) });
      }
      return await supervise(child, options, detached);
    },
    async runInForeground(argv, env) {
      const program = argv[0] === undefined ? undefined : find(argv[0]);
      if (program === undefined) return { outcome: "missing", code: 127 };
      const { runInForeground } = await import("./node_foreground.ts");
      // The user's own command, with the rights that the user started us with.
      const start = () => runInForeground([program, ...argv.slice(1)], { ...environment, ...env });
      return hasRoot() ? await (await import("./root_guard.ts")).asRoot(start) : await start();
    },
  };
}

/**
 * Starts a process with the right ids: an effective user alone could be laid down again by the program that is
 * started, whose real user would be root.
 */
async function spawnFor(
  isRoots: boolean,
  start: (ids: { uid?: number; gid?: number }, home: Record<string, string>) => ChildProcess,
): Promise<ChildProcess> {
  if (!hasRoot()) return start({}, {});
  const { asRoot } = await import("./root_guard.ts");
  const principal = workingFor();
  if (isRoots || principal === undefined) return asRoot(() => start({}, {}));
  const { uid, gid, home, name } = principal;
  return asRoot(() => start({ uid, gid }, { HOME: home, USER: name, LOGNAME: name }));
}

/**
 * A program for root: of the system's directories, or the one at an absolute path, and only if nobody but root can
 * change it or the way to it.
 */
async function findForRoot(
  name: string,
  find: (name: string) => string | undefined,
): Promise<string | undefined> {
  const places = path.isAbsolute(name)
    ? [name]
    : name === "" || name.includes("/")
    ? []
    : SYSTEM_DIRECTORIES.map((directory) => path.join(directory, name));
  // Systems without a root have other ways to keep programs from being exchanged.
  if (process.getuid === undefined) return find(name);
  const { isSafeForRoot } = await import("./root_guard.ts");
  return places.find((place) => isExecutable(place) && isSafeForRoot(place));
}

/** Collects the output of a started process until it ends, or its time does. */
function supervise(
  child: ChildProcess,
  options: RunOptions,
  isGroup: boolean,
): Promise<RunResult> {
  return new Promise((resolve) => {
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    let timedOut = false;
    let grace: ReturnType<typeof setTimeout> | undefined;

    const finish = (outcome: RunResult["outcome"], code = -1, reason?: string) => {
      clearTimeout(timer);
      clearTimeout(grace);
      // A grandchild may hold the pipes: let go of them, or this process would wait for it.
      child.stdin?.destroy();
      child.stdout?.destroy();
      child.stderr?.destroy();
      if (child.pid !== undefined) child.unref();
      const text = reason ?? new TextDecoder().decode(stderr());
      resolve(ended(outcome, { code, stdout: stdout(), stderr: text }));
    };
    const timer = setTimeout(() => {
      timedOut = true;
      kill(child, isGroup);
      grace = setTimeout(() => finish("timed-out"), KILL_GRACE_MS);
    }, options.timeoutMs);

    child.once("error", (error) => {
      if (child.pid === undefined) finish("not-started", -1, describeSystemError(error));
    });
    const onEnd = (code: number | null) => {
      if (timedOut) finish("timed-out");
      // A tool that a signal ended did not exit by itself: code -1.
      else finish("exited", code ?? -1);
    };
    child.once("exit", (code) => {
      clearTimeout(timer);
      if (grace !== undefined) clearTimeout(grace);
      grace = setTimeout(() => onEnd(code), PIPE_GRACE_MS);
    });
    child.once("close", onEnd);
    if (child.stdin !== null) {
      child.stdin.on("error", () => {}); // EPIPE: the tool did not want all of its input
      child.stdin.end(options.input);
    }
  });
}

/** Keeps what a stream gives, up to the limit. */
function collect(stream: ChildProcess["stdout"]): () => Bytes {
  const chunks: Uint8Array[] = [];
  let length = 0;
  stream?.on("data", (chunk: Uint8Array) => {
    const kept = chunk.subarray(0, MAX_OUTPUT_BYTES - length);
    if (kept.length === 0) return;
    chunks.push(kept);
    length += kept.length;
  });
  stream?.on("error", () => {});
  return () => concatBytes(chunks);
}

/** SIGKILL: a tool that hangs has had its time. Errors mean that it is gone, or is root's. */
function kill(child: ChildProcess, isGroup: boolean): void {
  try {
    if (isGroup && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    else child.kill("SIGKILL");
  } catch {
    // Gone meanwhile, or not ours to kill: the bounded wait ends it.
  }
}

function ended(
  outcome: RunResult["outcome"],
  rest: Partial<Omit<RunResult, "outcome">> = {},
): RunResult {
  return { outcome, code: -1, stdout: new Uint8Array(0), stderr: "", ...rest };
}

/**
 * Finds a program. Relative entries of PATH (also the empty one, which means ".") are skipped: a
 * `certutil` that lies in the current directory would run as root under sudo.
 */
function findExecutable(name: string, os: OperatingSystem, searchPath: string): string | undefined {
  if (name === "" || name.includes("\0")) return undefined;
  const suffixes = os === "windows" && !/\.(?:exe|com)$/i.test(name) ? [".exe", ".com"] : [""];
  const directories = searchPath.split(path.delimiter).filter((entry) => path.isAbsolute(entry));
  const places = name.includes("/") || name.includes(path.sep)
    ? path.isAbsolute(name) ? [name] : []
    : [...directories, ...(os === "windows" ? [] : ADMIN_DIRECTORIES)].map((directory) =>
      path.join(directory, name)
    );
  for (const place of places) {
    for (const suffix of suffixes) {
      if (isExecutable(place + suffix)) return place + suffix;
    }
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    if (!fs.statSync(file).isFile()) return false;
    fs.accessSync(file, fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
