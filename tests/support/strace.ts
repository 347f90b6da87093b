/**
 * The system calls of a program, and one of them made to fail or to be the last (strace's fault
 * injection).
 *
 * Only the first thread is traced: that is where localtls does all its work on files (the fault suite
 * asserts it), so that what the runtime's other threads do cannot shift the count. What the runtime
 * itself opens there can (/proc/self/statm, now and then), so a call is named by what it does, and the
 * trace of the run with the fault says which call it has really met.
 *
 * @module
 */

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { localtls, type LocaltlsOptions, type LocaltlsResult } from "./localtls.ts";
import { findProgram } from "./processes.ts";
import { scratchDirectory } from "./sandbox.ts";

/** Everything that changes a file system, and openat. Not close: Linux closes whatever it answers. */
const TRACED = [
  ...["write", "pwrite64", "writev", "fsync", "fdatasync", "ftruncate", "fallocate"],
  ...["open", "openat", "rename", "renameat", "renameat2", "link", "linkat", "symlink"],
  ...["mkdir", "mkdirat", "unlink", "unlinkat", "rmdir"],
  ...["fchmod", "fchown", "chmod", "chown", "fchmodat", "fchownat"],
];

/** Calls that name their file by a descriptor. */
const BY_DESCRIPTOR = /^(?:p?writev?(?:64)?|f(?:data)?sync|ftruncate|fallocate|fchmod|fchown)$/;

/**
 * What a path has of its own in every run: temporary files and the CA's fingerprint, Firefox's new profile, and
 * the journal that SQLite keeps over two databases.
 */
const RANDOM_PART =
  /\b(?:[0-9a-f]{64}|[0-9a-f]{16})\b|\b[0-9a-z]{8}(?=\.default\b)|(?<=\.db-mj)[0-9A-F]+$/g;

/** One system call. */
export interface SystemCall {
  readonly name: string;
  /** The how-manieth of this name it is in its thread, counted from 1: strace's `when`. */
  readonly when: number;
  /** The thread, where all were traced. */
  readonly thread: string;
  /** Absolute path of the file; of the old name for a rename. Undefined for pipes and the like. */
  readonly path: string | undefined;
  /** What it does to which file, without what differs from run to run. */
  readonly label: string;
}

/** What happens at the call. */
export type Fault = "ENOSPC" | "EIO" | "KILL";

/** A call to be met, and by how many of the same label it is preceded. */
export interface FaultPoint {
  readonly call: SystemCall;
  readonly occurrence: number;
}

/** A traced run of the program. */
export interface TracedRun extends LocaltlsResult {
  readonly calls: readonly SystemCall[];
  /** The call that was made to fail; undefined where the run did not come so far. */
  readonly met: FaultPoint | undefined;
}

/** Why faults cannot be injected here; undefined where they can. */
export function strace(): string | undefined {
  return findProgram("strace") === undefined ? "strace is not installed" : undefined;
}

/** The calls of a run that concern files below a directory, as points. */
export function pointsBelow(calls: readonly SystemCall[], directory: string): FaultPoint[] {
  const seen = new Map<string, number>();
  return calls.filter(({ path }) => isBelow(path, directory)).map((call) => {
    const occurrence = (seen.get(call.label) ?? 0) + 1;
    seen.set(call.label, occurrence);
    return { call, occurrence };
  });
}

/** How points are told apart. */
export function pointName({ call, occurrence }: FaultPoint): string {
  return occurrence === 1 ? call.label : `${call.label} (${occurrence})`;
}

/**
 * Runs the program under strace.
 *
 * @param directory Paths below it count as the program's own, and are written "~" in labels.
 * @param inject The fault, and the call that it is for by name and count.
 */
export async function traced(
  args: readonly string[],
  directory: string,
  options: LocaltlsOptions & { readonly threads?: boolean },
  inject?: { readonly fault: Fault; readonly call: Pick<SystemCall, "name" | "when"> },
): Promise<TracedRun> {
  const scratch = scratchDirectory("strace");
  const file = join(scratch, "trace");
  const prefix = ["strace", "-y", "-s", "8", "-o", file, "-e", `trace=${TRACED.join(",")}`];
  if (options.threads === true) prefix.push("-f");
  if (inject !== undefined) {
    const { fault, call } = inject;
    const action = fault === "KILL" ? "signal=KILL" : `error=${fault}`;
    prefix.push("-e", `inject=${call.name}:${action}:when=${call.when}`);
  }
  const result = await localtls(args, { ...options, prefix });
  const lines = readFileSync(file, "utf8").split("\n");
  rmSync(scratch, { recursive: true });
  const calls = parseTrace(lines, directory);
  const met = inject === undefined
    ? undefined
    : calls.find(({ name, when }) => name === inject.call.name && when === inject.call.when);
  return {
    ...result,
    calls,
    met: met === undefined ? undefined : pointsBelow(calls, directory).find((p) => p.call === met),
  };
}

function parseTrace(lines: readonly string[], directory: string): SystemCall[] {
  const counts = new Map<string, number>();
  const calls: SystemCall[] = [];
  for (const line of lines) {
    // "<... resumed>" is the end of a call that has been counted.
    const match = /^(?:(\d+) +)?(\w+)\((.*)$/.exec(line);
    if (match === null) continue;
    const [, thread = "", name = "", rest = ""] = match;
    const when = (counts.get(`${thread} ${name}`) ?? 0) + 1;
    counts.set(`${thread} ${name}`, when);
    const path = pathOf(name, rest);
    const place = (path ?? "").replace(directory, "~")
      .replace(RANDOM_PART, "*");
    const flags = /\bO_[A-Z_|]+/.exec(rest)?.[0] ?? "";
    const how = flags.includes("O_CREAT") ? " create" : flags.includes("O_RDWR") ? " write" : "";
    calls.push({ name, when, thread, path, label: `${name}${how} ${place}` });
  }
  return calls;
}

function pathOf(name: string, rest: string): string | undefined {
  if (BY_DESCRIPTOR.test(name)) return /^\d+<(\/[^>]*)>/.exec(rest)?.[1];
  const match = /^(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"/.exec(rest);
  if (match === null) return undefined;
  const [, base = "", path = ""] = match;
  return path.startsWith("/") ? path : join(base, path);
}

function isBelow(path: string | undefined, directory: string): path is string {
  return path !== undefined && (path === directory || path.startsWith(`${directory}/`));
}
