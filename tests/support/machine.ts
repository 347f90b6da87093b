/**
 * Other machines: the root directories that scripts/platforms.sh has made, with memory over them.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { jsonOf, type LocaltlsResult } from "./localtls.ts";
import { type ProcessOptions, type ProcessResult, run } from "./processes.ts";
import { requireSandbox, scratchDirectory } from "./sandbox.ts";

const PLATFORMS = fileURLToPath(new URL("../../.cache/platforms", import.meta.url));

/** What a program finds there when nothing else is said. */
const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", LANG: "C.UTF-8" };

/** How a machine differs from the usual. */
export interface MachineOptions {
  /** Words before localtls: an emulator, by its path on the machine. */
  readonly prefix?: readonly string[];
  /** The executable among those of scripts/platforms/programs.ts. Default: localtls-linux-x64. */
  readonly program?: string;
  /** A directory of the machine's to take for its root. */
  readonly subdirectory?: string;
  /** Files to lay into it, by their path there, from the path they have here. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A program's place in it. An environment here is all of it, nothing is inherited. */
export interface MachineProcessOptions extends Omit<ProcessOptions, "env"> {
  readonly env?: Readonly<Record<string, string>>;
}

/** One other machine. */
export interface Machine {
  /** Its root directory, as this machine sees it. */
  readonly root: string;
  /** Mounts something: the arguments of mount(8), the last being a path there. */
  mount(...args: string[]): void;
  /** Unmounts a path there. */
  unmount(path: string): void;
  /** Runs a program of its own. */
  run(argv: readonly string[], options?: MachineProcessOptions): Promise<ProcessResult>;
  /** Runs its localtls, in /root unless told otherwise. */
  localtls(args: readonly string[], options?: MachineProcessOptions): Promise<LocaltlsResult>;
}

/** The path of a program that scripts/platforms/programs.ts has built. */
export function platformProgram(name: string): string {
  const path = join(PLATFORMS, "programs", name);
  if (!existsSync(path)) {
    throw new Error(`Cannot find ${path}: scripts/platforms.sh could not build it`);
  }
  return path;
}

/**
 * Runs a test on a machine of which nothing remains afterwards.
 * @param name A recipe of scripts/platforms/machines.sh.
 */
export async function withMachine<T>(
  name: string,
  body: (machine: Machine) => Promise<T>,
  options: MachineOptions = {},
): Promise<T> {
  requireSandbox();
  const directory = scratchDirectory("machine");
  const whole = join(directory, "root");
  for (const part of ["root", "changes", "work"]) mkdirSync(join(directory, part));
  const lower = machineDirectory(name);
  mount(
    ...["-t", "overlay", "-o"],
    `lowerdir=${lower},upperdir=${join(directory, "changes")},workdir=${join(directory, "work")}`,
    ...["machine", whole],
  );
  try {
    const machine = openMachine(join(whole, options.subdirectory ?? ""), options);
    return await body(machine);
  } finally {
    // Lazy: something may still have a file open, and it ends with the sandbox.
    execFileSync("umount", ["--recursive", "--lazy", whole], { stdio: "pipe" });
    rmSync(directory, { recursive: true, force: true });
  }
}

function openMachine(root: string, options: MachineOptions): Machine {
  const { prefix = [], program = "localtls-linux-x64", files = {} } = options;
  const localtls = program.endsWith(".exe") ? "/opt/localtls.exe" : "/usr/bin/localtls";
  const laid = { [localtls]: platformProgram(program), ...files };
  for (const [path, source] of Object.entries(laid)) bindFile(source, join(root, path));
  for (const device of ["null", "zero", "random", "urandom", "tty"]) {
    const path = join(root, "dev", device);
    if (!existsSync(path)) bindFile(join("/dev", device), path);
  }
  mount("-t", "proc", "proc", join(root, "proc"));
  const runThere: Machine["run"] = (argv, { env = ENVIRONMENT, cwd = "/root", ...rest } = {}) => {
    const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const place = ["/usr/bin/unshare", `--root=${root}`, `--wd=${cwd}`];
    return run(["/usr/bin/env", "-i", ...assignments, ...place, "--", ...argv], {
      timeoutMs: 120_000,
      ...rest,
    });
  };
  return {
    root,
    mount: (...args) => mount(...args.slice(0, -1), join(root, args.at(-1)!)),
    unmount: (path) => void execFileSync("umount", [join(root, path)], { stdio: "pipe" }),
    run: runThere,
    async localtls(args, rest) {
      return jsonOf(args, await runThere([...prefix, localtls, ...args], rest));
    },
  };
}

function machineDirectory(name: string): string {
  const machines = join(PLATFORMS, "machines");
  const found = existsSync(machines)
    ? readdirSync(machines).find((entry) => new RegExp(`^${name}-[0-9a-f]{12}$`).test(entry))
    : undefined;
  if (found !== undefined) return join(machines, found);
  const log = join(machines, `${name}.log`);
  const said = existsSync(log) ? readFileSync(log, "utf8").slice(-2_000) : "";
  throw new Error(
    `Cannot find the machine "${name}": scripts/platforms.sh could not make it\n${said}`,
  );
}

/** Lays a file of this machine over a path, read-only. */
function bindFile(source: string, path: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  if (!existsSync(path)) writeFileSync(path, "");
  mount("--bind", source, path);
  if (!source.startsWith("/dev/")) mount("-o", "remount,bind,ro", path);
}

function mount(...args: string[]): void {
  execFileSync("mount", args, { stdio: "pipe" });
}
