/**
 * One run of a program: its time, its processor time, its memory.
 *
 * @module
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A program as it is run. */
export interface Command {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Exit codes that mean it did what it should. Default 0. */
  readonly codes?: readonly number[] | undefined;
}

/** What a run took. */
export interface Sample {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds of its threads and of the programs that it waited for. */
  readonly cpu: number;
  readonly stdout: string;
}

/** The part of Bun that is used: node:child_process does not tell what a child consumed. */
interface BunSpawn {
  spawnSync(argv: readonly string[], options: Record<string, unknown>): {
    readonly exitCode: number | null;
    readonly signalCode?: string;
    readonly stdout: Uint8Array;
    readonly stderr: Uint8Array;
    readonly resourceUsage: { readonly cpuTime: { readonly total: bigint } };
  };
}

const bun = (globalThis as unknown as { readonly Bun: BunSpawn }).Bun;

/** Milliseconds until a run is ended. */
const TIMEOUT = 120_000;

/** Runs a program once. @throws {Error} It did not end as it should; with what it said. */
export function measure({ argv, cwd, env, codes = [0] }: Command): Sample {
  const begun = performance.now();
  const { exitCode, signalCode, stdout, stderr, resourceUsage } = bun.spawnSync([...argv], {
    cwd,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: TIMEOUT,
  });
  const wall = performance.now() - begun;
  const text = new TextDecoder();
  if (exitCode === null || !codes.includes(exitCode)) {
    const said = text.decode(stderr).trim() || text.decode(stdout).trim();
    throw new Error(`${argv.join(" ")} ended with ${signalCode ?? exitCode}: ${said.slice(-600)}`);
  }
  return { wall, cpu: Number(resourceUsage.cpuTime.total) / 1000, stdout: text.decode(stdout) };
}

/**
 * A run, and the most memory that the largest process in it had, in KiB.
 *
 * By time(1): what the kernel tells the parent of a program that was started by vfork is the parent's own peak, and
 * this process is larger than what it measures. It takes a millisecond of its own.
 */
export function measurePeak(command: Command): Sample & { readonly peak: number } {
  const scratch = mkdtempSync(join(tmpdir(), "peak-"));
  try {
    const file = join(scratch, "peak");
    const prefix = ["/usr/bin/time", "--quiet", "--format=%M", `--output=${file}`];
    const sample = measure({ ...command, argv: [...prefix, ...command.argv] });
    return { ...sample, peak: Number(readFileSync(file, "utf8")) };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
