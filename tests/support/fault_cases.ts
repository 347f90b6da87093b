/**
 * What the fault suite runs, and what must hold after any of its calls has failed or was the last.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { LocaltlsResult } from "./localtls.ts";
import { makeScratch, type Scratch } from "./scratch.ts";
import { type Fault, type FaultPoint, pointName, pointsBelow, traced } from "./strace.ts";

/** A command that faults are injected into. */
export interface FaultCase {
  readonly name: string;
  /** Brings the home into the state that the command is run in. */
  prepare(scratch: Scratch): Promise<void>;
  readonly args: readonly string[];
  /** Base name of the certificate that is asked for. */
  readonly certificate: string;
  /** Whether NSS databases are to trust the CA. */
  readonly nss: boolean;
}

const LIMIT = { timeoutMs: 100_000 };

async function must(scratch: Scratch, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await scratch.run(args, LIMIT);
  if (code !== 0) throw new Error(`Cannot prepare with ${args.join(" ")}: ${stdout}${stderr}`);
}

/** Every case; NSS last. */
export const FAULT_CASES: readonly FaultCase[] = [
  {
    name: "cert with a CA",
    prepare: (scratch) => must(scratch, "cert", "a.test"),
    args: ["cert", "b.test"],
    certificate: "b.test",
    nss: false,
  },
  {
    name: "cert over an older certificate",
    prepare: (scratch) => must(scratch, "cert", "b.test"),
    args: ["cert", "b.test", "--renew"],
    certificate: "b.test",
    nss: false,
  },
  {
    name: "cert that makes the CA",
    prepare: () => Promise.resolve(),
    args: ["cert", "b.test"],
    certificate: "b.test",
    nss: false,
  },
  {
    name: "setup that makes the CA and the NSS databases",
    prepare: () => Promise.resolve(),
    args: ["setup", "b.test", "--stores", "nss"],
    certificate: "b.test",
    nss: true,
  },
  {
    name: "setup with a CA and NSS databases",
    prepare: async (scratch) => {
      const directory = join(scratch.home, ".pki/nssdb");
      execFileSync("mkdir", ["-p", "-m", "700", directory]);
      execFileSync("certutil", ["-N", "-d", `sql:${directory}`, "--empty-password"]);
      await must(scratch, "cert", "b.test");
    },
    args: ["setup", "b.test", "--stores", "nss"],
    certificate: "b.test",
    nss: true,
  },
];

/** The calls of a case that concern its files, in order. Throws if another thread does any of them. */
export async function recordPoints(fault: FaultCase): Promise<FaultPoint[]> {
  const run = async (threads: boolean) => {
    const scratch = makeScratch();
    await fault.prepare(scratch);
    const options = { cwd: scratch.work, env: { HOME: scratch.home }, ...LIMIT, threads };
    const { code, stderr, calls } = await traced(fault.args, scratch.home, options);
    if (code !== 0) throw new Error(`Cannot run ${fault.args.join(" ")}: ${stderr}`);
    return pointsBelow(calls, scratch.home);
  };
  const threads = new Set((await run(true)).map(({ call }) => call.thread));
  if (threads.size > 1) {
    throw new Error(`Threads ${[...threads].join(", ")} change files: trace them all`);
  }
  return await run(false);
}

/** What came of one point. */
export interface Verdict {
  readonly point: string;
  readonly fault: Fault;
  /** Exit code of the run with the fault. */
  readonly code: number;
  /** What must not be; empty where all is well. */
  readonly problems: readonly string[];
}

/** Where a run meets another call than it should, the runtime has opened something in between. */
const ATTEMPTS = 20;

/** Runs a case with a fault at a point, and again without, and judges what is left each time. */
export async function tryPoint(
  fault: FaultCase,
  point: FaultPoint,
  kind: Fault,
): Promise<Verdict> {
  let when = point.call.when;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const scratch = makeScratch();
    await fault.prepare(scratch);
    const rootBefore = readRoot(scratch);
    // The sentence is looked for in both kinds of output.
    const args = kind === "EIO" ? fault.args : [...fault.args, "--json"];
    const options = { cwd: scratch.work, env: { HOME: scratch.home }, ...LIMIT };
    const inject = { fault: kind, call: { name: point.call.name, when } };
    const run = await traced(args, scratch.home, options, inject);
    if (run.met === undefined || pointName(run.met) !== pointName(point)) {
      when = nextGuess(run.calls, scratch.home, point, when);
      continue;
    }
    const problems = [
      ...judgeRun(fault, scratch, run, kind, run.met),
      ...judgeFiles(scratch, rootBefore),
      ...await judgeNextRun(fault, scratch),
    ];
    return { point: pointName(point), fault: kind, code: run.code, problems };
  }
  const problems = [`The call was not met in ${ATTEMPTS} runs`];
  return { point: pointName(point), fault: kind, code: -1, problems };
}

/** The count that would have met the point in that run; else the next one. */
function nextGuess(
  calls: Parameters<typeof pointsBelow>[0],
  home: string,
  point: FaultPoint,
  when: number,
): number {
  const wanted = pointName(point);
  return pointsBelow(calls, home).find((p) => pointName(p) === wanted)?.call.when ?? when + 1;
}

function judgeRun(
  fault: FaultCase,
  scratch: Scratch,
  run: LocaltlsResult,
  kind: Fault,
  met: FaultPoint,
): string[] {
  if (kind === "KILL") return run.code === 137 ? [] : [`It ended with ${run.code}, not killed`];
  const problems: string[] = [];
  const said = `${run.stdout}${run.stderr}`;
  if (/^\s+at |\bINTERNAL\b|\$bunfs|defect of localtls/m.test(said)) {
    problems.push(`It shows its inside: ${said.slice(0, 400)}`);
  }
  problems.push(...findLeftovers(scratch, met));
  if (run.code === 0) {
    problems.push(...judgeAsked(fault, scratch));
    const ledger = join(scratch.state, "issued.jsonl");
    const noted = existsSync(ledger) &&
      readFileSync(ledger, "utf8").includes(`${fault.certificate}.pem`);
    if (!noted && !/LEDGER_NOT_WRITTEN|not noted/.test(said)) {
      problems.push("No word of the ledger");
    }
    return problems;
  }
  problems.push(...judgePair(fault, scratch, met));
  if (run.code !== 1 && run.code !== 3) problems.push(`Exit code ${run.code}: ${said}`);
  if (!hasSentence(run, kind)) problems.push(`No sentence: ${said.slice(0, 600)}`);
  return problems;
}

/** One sentence that begins with what could not be done: the error, or the reason of a store. */
function hasSentence(run: LocaltlsResult, kind: Fault): boolean {
  const isSentence = (text: unknown) =>
    typeof text === "string" && /^Cannot [^\n]+[^.\n]$/.test(text);
  if (kind === "EIO") {
    const errors = run.stderr.match(/^localtls: error: Cannot [^\n]+[^.\n]$/gm) ?? [];
    return run.code === 3 ? /Cannot \S/.test(run.stdout) : errors.length === 1;
  }
  const { error, stores = [] } = run.json();
  if (run.code === 1) return isSentence(error?.message);
  const failed = stores.filter(({ outcome }: { outcome: string }) =>
    !["added", "unchanged"].includes(outcome)
  );
  return failed.length > 0 && failed.every(({ reason }: { reason?: string }) => isSentence(reason));
}

/** Files that are nobody's: of a write, a creation or a transaction that has not come to its end. */
function findLeftovers(scratch: Scratch, met: FaultPoint | undefined): string[] {
  const problems: string[] = [];
  for (const path of walk(scratch.home)) {
    const name = basename(path);
    if (!/^\.localtls-|^\.new-|-journal$|-wal$|^\.creating$/.test(name)) continue;
    // Removing it is what was made to fail.
    if (met !== undefined && /^(?:unlink|rmdir)/.test(met.call.name) && met.call.path === path) {
      continue;
    }
    // A CA that exists already, and is in the middle of its move: the next run completes it.
    if (path.includes("/.creating") && !name.startsWith(".localtls-")) continue;
    problems.push(`"${path.replace(scratch.home, "~")}" is left`);
  }
  return problems;
}

/** What holds at any moment, killed or not. */
function judgeFiles(scratch: Scratch, rootBefore: string | undefined): string[] {
  const problems: string[] = [];
  for (const path of walk(scratch.home)) {
    const info = lstatSync(path);
    if (!info.isFile()) continue;
    const shown = path.replace(scratch.home, "~");
    const content = readFileSync(path, "latin1");
    const secret = content.includes("PRIVATE KEY") || /^key4\.db/.test(basename(path));
    if (secret && (info.mode & 0o077) !== 0) problems.push(`"${shown}" is readable by others`);
    if (path.endsWith(".pem") && !isWholePem(content)) problems.push(`"${shown}" is not whole`);
    if (path.endsWith(".jsonl")) {
      // A line without its end is torn, and only the last one can be.
      for (const line of content.split("\n").slice(0, -1)) {
        if (!isJson(line)) problems.push(`"${shown}" has a torn line: ${line.slice(0, 80)}`);
      }
    }
  }
  if (rootBefore !== undefined && readRoot(scratch) !== rootBefore) {
    problems.push("The CA is another");
  }
  return problems;
}

/** The same command once more, without a fault; then all that was asked for is there. */
async function judgeNextRun(fault: FaultCase, scratch: Scratch): Promise<string[]> {
  const rootBefore = readRoot(scratch);
  const { code, stdout, stderr } = await scratch.run(fault.args, LIMIT);
  if (code !== 0) return [`The next run ends with ${code}: ${stdout}${stderr}`];
  const problems = judgeAsked(fault, scratch);
  if (rootBefore !== undefined && readRoot(scratch) !== rootBefore) {
    problems.push("The next run has made another CA");
  }
  // An empty ".creating" may stay, and an unlocked lock's journal: nobody reads them.
  for (const path of walk(scratch.state)) {
    if (/\/(?:\.new-|\.creating\/)/.test(path)) problems.push(`The next run leaves "${path}"`);
  }
  return [...problems, ...await judgePurge(scratch)];
}

/**
 * After an error the certificate and the key are both the old ones or both new: a server can start. But for the
 * second of two renames that fails: no system takes both as one step.
 */
function judgePair(fault: FaultCase, scratch: Scratch, met: FaultPoint): string[] {
  if (met.call.name.startsWith("rename") && met.call.path?.startsWith(scratch.work)) return [];
  const cert = join(scratch.work, `${fault.certificate}.pem`);
  const key = join(scratch.work, `${fault.certificate}-key.pem`);
  if (!existsSync(cert)) return [];
  const leaf = new X509Certificate(readFileSync(cert));
  const fits = existsSync(key) && leaf.checkPrivateKey(createPrivateKey(readFileSync(key)));
  return fits ? [] : ["The certificate and the key do not belong together"];
}

/** Whatever was left, a purge takes all of it away. */
async function judgePurge(scratch: Scratch): Promise<string[]> {
  const args = ["uninstall", "--purge", "--yes", "--stores", "nss"];
  const { code, stdout, stderr } = await scratch.run(args, LIMIT);
  if (code !== 0) return [`The purge ends with ${code}: ${stdout}${stderr}`];
  if (!existsSync(scratch.state)) return [];
  return [`The purge leaves ${readdirSync(scratch.state).join(", ")}`];
}

/** Judged by OpenSSL and NSS: the certificate, its key, and the databases' trust. */
function judgeAsked(fault: FaultCase, scratch: Scratch): string[] {
  const problems: string[] = [];
  const cert = join(scratch.work, `${fault.certificate}.pem`);
  const key = join(scratch.work, `${fault.certificate}-key.pem`);
  try {
    const root = join(scratch.state, "root.pem");
    const chain = ["-CAfile", root, "-untrusted", cert, cert];
    execFileSync("openssl", ["verify", "-x509_strict", ...chain], { stdio: "pipe" });
    const leaf = new X509Certificate(readFileSync(cert));
    if (!leaf.checkPrivateKey(createPrivateKey(readFileSync(key)))) problems.push("Another's key");
  } catch (error) {
    problems.push(`The certificate does not verify: ${error}`);
  }
  if (!fault.nss) return problems;
  const databases = walk(scratch.home).filter((path) => basename(path) === "cert9.db");
  if (databases.length === 0) problems.push("There is no NSS database");
  for (const database of databases) {
    const directory = dirname(database);
    try {
      const listed = execFileSync("certutil", ["-L", "-d", `sql:${directory}`], {
        encoding: "utf8",
        stdio: "pipe",
      });
      if (!/\bC,,\s*$/m.test(listed)) {
        problems.push(`NSS does not trust in ${directory}: ${listed}`);
      }
    } catch (error) {
      problems.push(`NSS cannot read ${directory}: ${error}`);
    }
  }
  return problems;
}

/** The root where it stands, or where it waits to be moved; undefined where there is no CA. */
function readRoot(scratch: Scratch): string | undefined {
  const places = ["root.pem", ".creating/root.pem"].map((name) => join(scratch.state, name));
  const place = places.find((path) => existsSync(path));
  return place === undefined ? undefined : readFileSync(place, "utf8");
}

/** Every block of it is a certificate or key that Node's own parser takes, and there is one. */
function isWholePem(content: string): boolean {
  const blocks = content.match(/-----BEGIN [^]*?-----END [A-Z ]+-----\n/g) ?? [];
  try {
    for (const block of blocks) {
      if (block.includes("PRIVATE KEY")) createPrivateKey(block);
      else new X509Certificate(block);
    }
  } catch {
    return false;
  }
  return blocks.length > 0 && blocks.join("") === content;
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return line === "";
  }
}

function walk(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? [path, ...walk(path)] : [path];
  });
}
