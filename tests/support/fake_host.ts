/**
 * A machine in memory, for tests of which file is written and which command is run. It proves nothing
 * about trust: that is for the integration tests and their real tools.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Bytes, toBytes } from "../../src/bytes.ts";
import { LocalTlsError } from "../../src/errors.ts";
import { dataDirectoryFor } from "../../src/host/data_directory.ts";
import type {
  Database,
  Host,
  OpenDatabaseOptions,
  OperatingSystem,
  Owner,
  RunOptions,
  RunResult,
} from "../../src/host/host.ts";
import { FakeDisk, type FakeEntry } from "./fake_disk.ts";
import { openFakeLock } from "./fake_lock.ts";
import { createFakeFiles, type FileChange } from "./fake_files.ts";

const ROOT: Owner = { uid: 0, gid: 0 };

/** How a scripted command ends: an exit code, or more. */
export type FakeResult = number | "timed-out" | "missing" | "not-started" | {
  readonly code?: number;
  readonly stdout?: string | Uint8Array;
  readonly stderr?: string;
};

/** A scripted command. It may change `host.disk`. */
export type FakeCommand = (
  argv: readonly string[],
  input: string,
  host: FakeHost,
  options: RunOptions,
) => FakeResult | Promise<FakeResult>;

/** Everything is optional: by default an ordinary user "ann" on Linux, without any tool. */
export interface FakeHostOptions {
  readonly os?: OperatingSystem;
  /** Default: HOME=/home/ann. Given: exactly these. */
  readonly env?: Readonly<Record<string, string>>;
  /** By absolute path. Directories above are made, owned as the one above them. */
  readonly files?: Readonly<Record<string, string | Uint8Array | FakeEntry>>;
  /** Default 1000:1000. */
  readonly user?: Owner;
  /** By base name ("certutil") or absolute path; found in /usr/bin. */
  readonly commands?: Readonly<Record<string, FakeCommand>>;
  readonly interactive?: boolean;
  /** In order; asking once more fails the test. */
  readonly answers?: readonly string[];
  /** Where the clock starts; sleep() moves it. Default 2026-11-24T12:00:00Z. */
  readonly now?: Date;
  /** When the program is asked to end: sleep() goes no further. Default: never. */
  readonly stopAt?: Date;
  /** Default /usr/local/bin/localtls; null for a program that a runtime runs from source. */
  readonly programPath?: string | null;
  readonly addresses?: readonly string[];
  readonly hostName?: string;
  readonly stdin?: string | Uint8Array;
  readonly workingDirectory?: string;
  /** Mozilla's roots, PEM. Default: none. */
  readonly publicRoots?: readonly string[];
  /** Default: a database called "lock" can be locked and nothing more; every other is an error. */
  readonly openDatabase?: (path: string, options: OpenDatabaseOptions) => Database;
  readonly peerCertificates?: (host: string, port: number) => Promise<Bytes[]>;
}

/** One thing that was done to the machine, in order. */
export type FakeAction =
  | { readonly type: FileChange; readonly path: string }
  | {
    readonly type: "run";
    readonly argv: readonly string[];
    readonly input: string;
    readonly env: Readonly<Record<string, string>>;
    readonly interactive: boolean;
  };

/** The fake machine, and what tests look at. */
export interface FakeHost extends Host {
  readonly disk: FakeDisk;
  /** Everything that was done, in order. */
  readonly log: FakeAction[];
  /** The argument arrays of every command that ran. */
  readonly commandLines: string[][];
  /** The paths of every file that was written, appended to or removed, and every directory made. */
  readonly changedPaths: string[];
  /** The questions that were asked. */
  readonly questions: string[];
  /** What was printed, for tests of the command line. */
  readonly printed: { stdout: string; stderr: string };
  /** Who acts from now on: a scripted sudo sets it to root and back. */
  actAs: Owner;
  /** Called before every change of a file; may throw, to play a full disk or a crash. */
  beforeChange: (change: FileChange, path: string) => void;
  /** Runs a command as root would, for a scripted sudo. */
  runAsRoot(argv: readonly string[], input: string): Promise<FakeResult>;
  write(stream: "stdout" | "stderr", text: string): void;
  isTerminal(stream: "stdout" | "stderr"): boolean;
  columns(): number;
}

/** A `sudo -- CMD` (or `doas CMD`) that asks for no password. */
export const fakeSudo: FakeCommand = (argv, input, host) => {
  const rest = argv.slice(1);
  while (rest[0]?.startsWith("-")) {
    if (rest.shift() === "--") break;
  }
  return host.runAsRoot(rest, input);
};

/** Makes a fake machine. */
export function createFakeHost(options: FakeHostOptions = {}): FakeHost {
  let clock = (options.now ?? new Date("2026-11-24T12:00:00Z")).getTime();
  const env = options.env ?? { HOME: "/home/ann" };
  const user = options.user ?? { uid: 1000, gid: 1000 };
  const os = options.os ?? "linux";
  const answers = [...(options.answers ?? [])];
  const stdin = options.stdin ?? "";
  const lookUp = (name: string) => env[name] || undefined;
  const disk = new FakeDisk(() => new Date(clock));
  disk.put("/root", { type: "directory", mode: 0o700 });
  disk.put("/tmp", { type: "directory", mode: 0o1777 });
  disk.put("/home/ann", { type: "directory", mode: 0o755, uid: 1000, gid: 1000 });
  for (const [path, entry] of Object.entries(options.files ?? {})) disk.put(path, entry);

  const locks = new Set<string>();
  const stop = new AbortController();

  const ask = (question: string): Promise<string> =>
    new Promise((resolve) => {
      host.questions.push(question);
      if (options.interactive !== true) {
        const message = `Cannot ask "${question.trim()}": no terminal`;
        throw new LocalTlsError("CONFIRMATION_NEEDED", message);
      }
      const answer = answers.shift();
      if (answer === undefined) throw new Error(`No answer was scripted for "${question}"`);
      resolve(answer);
    });

  let principal: Owner | undefined;
  const rootPlaces: string[] = [];
  /** As root_guard.ts: root's rights where they are allowed and nobody else controls the way. */
  const rightsAt = (path: string): Owner => {
    const isAllowed = rootPlaces.some((place) => path === place || path.startsWith(`${place}/`));
    if (principal === undefined) return host.actAs;
    return isAllowed && rootControls(path) ? ROOT : principal;
  };
  const rootControls = (path: string): boolean => {
    for (let place = path; place !== ""; place = place.slice(0, place.lastIndexOf("/"))) {
      const node = disk.get(place);
      const isContent = place === path && node?.type === "file";
      if (node !== undefined && node.uid !== 0 && !isContent) return false;
    }
    return true;
  };
  let rights: Owner = user;
  const files = createFakeFiles({
    disk,
    user: () => rights,
    beforeChange: (change, path) => {
      host.beforeChange(change, path);
      host.log.push({ type: change, path });
    },
  });

  const host: FakeHost = {
    os,
    env: lookUp,
    get user() {
      return principal ?? user;
    },
    isRoot: user.uid === 0,
    workFor({ uid, gid }) {
      if (user.uid === 0) host.actAs = principal = { uid, gid };
      return Promise.resolve();
    },
    allowRoot: (path) => {
      rootPlaces.push(path);
    },
    rootControls: (path) => Promise.resolve(rootControls(path)),
    holdingRoot: (step) => step(),
    giveUpRoot: () => Promise.resolve(principal !== undefined),
    dataDirectory: (home) => dataDirectoryFor(os, lookUp, home),
    workingDirectory: options.workingDirectory ?? lookUp("HOME") ?? "/tmp",
    files: new Proxy(files, {
      get: (target, name) => {
        const method = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return (first: unknown, ...rest: unknown[]) => {
          const [one] = [first].flat(2);
          rights = rightsAt(typeof one === "string" ? one : (one as { path: string }).path);
          return Reflect.apply(method, target, [first, ...rest]);
        };
      },
    }),
    openImage: (root) =>
      Promise.reject(new LocalTlsError("FILE_NOT_FOUND", `Cannot use "${root}" as a root: a fake`)),
    commands: {
      find: (name) => Promise.resolve(findCommand(options, name)?.path),
      findForRoot: (name) => {
        const path = findCommand(options, name)?.path;
        return Promise.resolve(path !== undefined && rootControls(path) ? path : undefined);
      },
      run: (argv, run) => runCommand(host, options, argv, run),
      async runInForeground(argv, env) {
        const { outcome, code } = await runCommand(host, options, argv, { timeoutMs: 0, env });
        if (outcome === "exited") return { outcome, code };
        return outcome === "missing"
          ? { outcome, code: 127 }
          : { outcome: "not-started", code: 126 };
      },
    },
    terminal: { interactive: options.interactive === true, ask, askSecret: ask },
    network: {
      hostName: () => options.hostName ?? "laptop",
      addresses: () => Promise.resolve([...(options.addresses ?? [])]),
      peerCertificates: ({ host: name, port }) =>
        options.peerCertificates?.(name, port) ??
          Promise.reject(new LocalTlsError("NETWORK", `Cannot reach "${name}:${port}"`)),
      fetchPlain: ({ url }) =>
        Promise.reject(new LocalTlsError("NETWORK", `Cannot reach "${url.href}"`)),
    },
    openDatabase: (path, open) =>
      new Promise((resolve) => {
        if (options.openDatabase !== undefined) return resolve(options.openDatabase(path, open));
        if (path.endsWith("/lock")) return resolve(openFakeLock(disk, locks, path, open));
        throw new LocalTlsError("STORE_UNAVAILABLE", `Cannot use the database "${path}": a fake`);
      }),
    publicRoots: () => Promise.resolve(options.publicRoots ?? []),
    md5: (bytes) => Promise.resolve(toBytes(createHash("md5").update(bytes).digest())),
    readStdin: () =>
      Promise.resolve(
        typeof stdin === "string" ? new TextEncoder().encode(stdin) : toBytes(stdin),
      ),
    now: () => new Date(clock),
    sleep: (milliseconds, signal) => {
      const stopAt = options.stopAt?.getTime() ?? Infinity;
      const end = clock + milliseconds;
      if (signal === undefined || end < stopAt) clock = end;
      else {
        clock = Math.max(clock, stopAt);
        stop.abort();
      }
      return Promise.resolve();
    },
    stopSignal: () => stop.signal,
    programPath: options.programPath === null
      ? undefined
      : options.programPath ?? "/usr/local/bin/localtls",
    disk,
    log: [],
    get commandLines() {
      return host.log.flatMap((action) => action.type === "run" ? [[...action.argv]] : []);
    },
    get changedPaths() {
      return host.log.flatMap((action) => action.type === "run" ? [] : [action.path]);
    },
    questions: [],
    printed: { stdout: "", stderr: "" },
    actAs: user,
    beforeChange: () => {},
    async runAsRoot(argv, input) {
      const before = host.actAs;
      host.actAs = { uid: 0, gid: 0 };
      try {
        const name = argv[0] ?? "";
        const command = findCommand(options, name)?.command;
        if (command === undefined) return { code: 1, stderr: `sudo: ${name}: command not found\n` };
        return await command(argv, input, host, { timeoutMs: 0 });
      } finally {
        host.actAs = before;
      }
    },
    write: (stream, text) => {
      host.printed[stream] += text;
    },
    isTerminal: () => options.interactive === true,
    columns: () => 80,
  };
  return host;
}

function findCommand(
  options: FakeHostOptions,
  name: string,
): { path: string; command: FakeCommand } | undefined {
  const commands = options.commands ?? {};
  const exact = commands[name];
  if (exact !== undefined) {
    const isPath = name.startsWith("/") || /^[A-Za-z]:/.test(name);
    return { path: isPath ? name : `/usr/bin/${name}`, command: exact };
  }
  if (!name.startsWith("/")) return undefined;
  const command = commands[name.slice(name.lastIndexOf("/") + 1)];
  return command === undefined ? undefined : { path: name, command };
}

async function runCommand(
  host: FakeHost,
  options: FakeHostOptions,
  argv: readonly string[],
  run: RunOptions,
): Promise<RunResult> {
  const input = typeof run.input === "string" ? run.input : new TextDecoder().decode(run.input);
  const interactive = run.interactive === true;
  host.log.push({ type: "run", argv: [...argv], input, env: { ...run.env }, interactive });
  const command = findCommand(options, argv[0] ?? "")?.command;
  const result = command === undefined ? "missing" : await command(argv, input, host, run);
  if (typeof result === "string") {
    return { outcome: result, code: -1, stdout: new Uint8Array(0), stderr: "" };
  }
  const { code = 0, stdout = "", stderr = "" } = typeof result === "number"
    ? { code: result }
    : result;
  return {
    outcome: "exited",
    code,
    stdout: typeof stdout === "string" ? new TextEncoder().encode(stdout) : toBytes(stdout),
    stderr,
  };
}
