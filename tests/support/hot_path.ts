/**
 * What `cert` costs, counted rather than timed: what it loads, what it asks of the kernel, how many instructions it
 * takes. Counts are the same on a busy machine.
 *
 * @module
 */

import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { BUNDLE_FLAGS } from "../../scripts/build/bun_compile.ts";
import type { Metafile } from "../../scripts/bench/bundle.ts";
import { bunPath, ROOT } from "../../scripts/toolchain.mjs";
import { mustRun } from "./processes.ts";
import type { Scratch } from "./scratch.ts";
import { scratchDirectory } from "./sandbox.ts";
import { type SystemCall, traced } from "./strace.ts";

/** The bundle as files, one for each chunk. */
export interface Bundle {
  readonly directory: string;
  readonly metafile: Metafile;
  readonly totalBytes: number;
  /** Of the chunk that is run first. */
  readonly entryBytes: number;
}

/** What a command loads of the bundle. */
export interface Loaded {
  readonly chunks: number;
  readonly bytes: number;
  /** Modules of which code is in those chunks, the largest first. */
  readonly modules: readonly (readonly [file: string, bytes: number])[];
  /** `node:` modules that those chunks import, sorted. Those "on demand" stand in an import(), which may not run. */
  readonly builtins: readonly string[];
}

/** Kinds of system calls of which the number depends on how threads meet, not on what they do. */
const UNSTEADY = /^(?:futex|madvise|epoll_\w+|sched_\w+|restart_syscall|\w*nanosleep|getrandom)$/;

/** Bundles as the build does, into files that can be seen being opened. */
export async function bundleIntoFiles(): Promise<Bundle> {
  const directory = scratchDirectory("bundle");
  const metafile = join(directory, "metafile.json");
  const where = ["--target=bun", `--outdir=${join(directory, "out")}`, `--metafile=${metafile}`];
  await mustRun([bunPath(), "build", "src/main.ts", ...BUNDLE_FLAGS, ...where], { cwd: ROOT });
  const parsed: Metafile = JSON.parse(readFileSync(metafile, "utf8"));
  const sizes = Object.values(parsed.outputs).map(({ bytes }) => bytes);
  return {
    directory: join(directory, "out"),
    metafile: parsed,
    totalBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    entryBytes: statSync(join(directory, "out", "main.js")).size,
  };
}

/** Which files of the bundle are opened when a command runs. */
export async function observeLoading(
  bundle: Bundle,
  args: readonly string[],
  scratch: Scratch,
): Promise<Loaded> {
  const trace = join(scratchDirectory("loading"), "trace");
  const strace = ["strace", "-f", "-e", "trace=open,openat", "-o", trace];
  const program = [bunPath(), join(bundle.directory, "main.js")];
  await mustRun([...strace, ...program, ...args], {
    cwd: scratch.work,
    env: { HOME: scratch.home },
  });
  // Not what came of it: that stands elsewhere where two threads open files at once.
  const opened = readFileSync(trace, "utf8").matchAll(/"([^"]+\.js)", O_RDONLY/g);
  const names = new Set(
    [...opened].map(([, path]) => path!)
      .filter((path) => path.startsWith(bundle.directory)).map((path) => basename(path)),
  );
  const outputs = Object.entries(bundle.metafile.outputs)
    .filter(([path]) => names.has(basename(path)));
  const modules = new Map<string, number>();
  for (const [, { inputs }] of outputs) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      if (bytesInOutput > 0) modules.set(file, (modules.get(file) ?? 0) + bytesInOutput);
    }
  }
  return {
    chunks: outputs.length,
    bytes: outputs.reduce((sum, [, { bytes }]) => sum + bytes, 0),
    modules: [...modules].sort((a, b) => b[1] - a[1]),
    builtins: [...new Set([...names].flatMap((name) => builtinsOf(join(bundle.directory, name))))]
      .sort(),
  };
}

/** What a chunk imports of the runtime: the bundler's own list does not have it. */
function builtinsOf(file: string): string[] {
  const imports = readFileSync(file, "utf8").matchAll(
    /\b(?:from|import)\s*(\(?)\s*"([a-z][\w:/]*)"/g,
  );
  return [...imports].map(([, call, name]) => {
    const full = name!.includes(":") ? name! : `node:${name}`;
    return call === "" ? full : `${full}, on demand`;
  });
}

/** The calls of `cert` on files of its own, by kind. */
export async function countFileCalls(
  args: readonly string[],
  scratch: Scratch,
): Promise<{ readonly counts: Record<string, number>; readonly calls: readonly SystemCall[] }> {
  const env = { HOME: scratch.home };
  const run = await traced(args, scratch.home, { cwd: scratch.work, env, threads: true });
  if (run.code !== 0) throw new Error(run.stderr);
  const calls = run.calls.filter(({ path }) => path?.startsWith(scratch.home));
  const counts: Record<string, number> = {};
  for (const { name } of calls) counts[name] = (counts[name] ?? 0) + 1;
  return { counts, calls };
}

/**
 * System calls of a run's first thread of which the number is steady. Not of the runtime's other threads: how far those
 * have come when it ends is chance.
 */
export async function countSystemCalls(args: readonly string[], scratch: Scratch): Promise<number> {
  const file = join(scratchDirectory("calls"), "counts");
  const prefix = ["strace", "-c", "-U", "calls,name", "-o", file];
  const result = await scratch.run(args, { prefix });
  if (result.code !== 0) throw new Error(result.stderr);
  let sum = 0;
  for (const [, count, name] of readFileSync(file, "utf8").matchAll(/^ *(\d+) (\w+)$/gm)) {
    if (name !== "total" && !UNSTEADY.test(name!)) sum += Number(count);
  }
  return sum;
}

/**
 * What makes the number of instructions nearly the same in every run: no compilers beside the program, and a collector
 * that stops it and works alone. It still runs in what takes longer than seconds, as everything does under valgrind on
 * a busy machine, and not on one at rest: that makes two numbers, an eighth apart.
 */
const STEADY = {
  BUN_JSC_useJIT: "0",
  BUN_JSC_useConcurrentGC: "0",
  BUN_JSC_numberOfGCMarkers: "1",
  BUN_GC_TIMER_DISABLE: "1",
};

/** Instructions of a run in user space, in millions, of all threads, by callgrind. */
export async function countInstructions(
  args: readonly string[],
  scratch: Scratch,
): Promise<number> {
  const prefix = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];
  const { code, stderr } = await scratch.run(args, { prefix, env: STEADY, timeoutMs: 120_000 });
  const [, counted] = /Collected : (\d+)/.exec(stderr) ?? [];
  if (code !== 0 || counted === undefined) {
    throw new Error(`valgrind ended with ${code}: ${stderr}`);
  }
  return Number(counted) / 1e6;
}
