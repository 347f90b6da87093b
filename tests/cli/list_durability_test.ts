/**
 * What `cert --from` asks of the disk: no file takes its place before its octets are there. Traced on the disk of the
 * checkout, for a file system in memory has nothing to wait for.
 */

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "../support/processes.ts";
import { requireSandbox } from "../support/sandbox.ts";
import { LOCALTLS } from "../support/localtls.ts";
import { strace } from "../support/strace.ts";

const LINES = 100;
const CACHE = fileURLToPath(new URL("../../.cache", import.meta.url));
const EXT4 = 0xef53;
const SYNC = "/usr/bin/sync";

/** What happened to the files of the list. */
interface Trace {
  readonly placed: number;
  /** Renamed before they were synced. */
  readonly early: readonly string[];
  /** Whole file systems that were synced, and single files of the list. */
  readonly disks: number;
  readonly files: number;
}

/** Runs the list under strace, with all threads and children. */
async function trace(): Promise<Trace> {
  mkdirSync(CACHE, { recursive: true });
  const home = mkdtempSync(join(CACHE, "durable-"));
  try {
    const input = Array.from({ length: LINES }, (_, i) => `host-${i}.test\n`).join("");
    const log = join(home, "trace");
    const out = join(home, "out");
    mkdirSync(out);
    const calls = "trace=write,pwrite64,fsync,fdatasync,syncfs,rename,renameat,renameat2";
    const argv = ["strace", "-f", "-y", "-s", "0", "-e", calls, "-o", log];
    const { code, stderr } = await run(
      [...argv, LOCALTLS, "cert", "--from", "-", "--out", out, "--quiet"],
      { env: { HOME: home, PATH: process.env["PATH"] ?? "" }, input, timeoutMs: 100_000 },
    );
    assert.equal(code, 0, stderr);
    return parse(readFileSync(log, "utf8"), out);
  } finally {
    rmSync(home, { recursive: true });
  }
}

/** A call counts where it ends: "<... syncfs resumed>" is later than another thread's rename. */
function parse(text: string, out: string): Trace {
  const dirty = new Set<string>();
  const early: string[] = [];
  const unfinished = new Map<string, string>();
  /** What was dirty when the sync began is what it covers. */
  const covered = new Map<string, string[]>();
  let [placed, disks, files] = [0, 0, 0];
  for (const raw of text.split("\n")) {
    const thread = /^\d+/.exec(raw)?.[0] ?? "";
    let line = raw.replace(/^\d+ +/, "");
    const begun = /^(.*) <unfinished \.\.\.>$/.exec(line)?.[1];
    const starts = begun ?? line;
    if (/^syncfs\(/.test(starts)) covered.set(thread, [...dirty]);
    if (begun !== undefined) {
      unfinished.set(thread, begun);
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(line)?.[1];
    if (resumed !== undefined) line = (unfinished.get(thread) ?? "") + resumed;
    const [, name = "", path = ""] = /^(\w+)\([^<"]*[<"]([^>"]*)/.exec(line) ?? [];
    if (name === "syncfs") {
      disks++;
      assert.match(line, /= 0$/);
      for (const file of covered.get(thread) ?? []) dirty.delete(file);
    } else if (name.startsWith("rename")) {
      const [from = ""] = /\/[^">]*\.localtls-[0-9a-f]+(?=")/.exec(line) ?? [];
      if (!from.startsWith(`${out}/`)) continue;
      placed++;
      if (dirty.has(from)) early.push(from);
    } else if (path.startsWith(`${out}/`)) {
      if (name.includes("write")) dirty.add(path);
      else if (dirty.delete(path)) files++;
    }
  }
  return { placed, early, disks, files };
}

const missing = strace();
const SLOW = { timeout: 180_000, ...(missing === undefined ? {} : { skip: missing }) };

describe("cert --from and the disk", () => {
  test(
    "places no file that is not synced; on ext4 the disk is waited for once a batch",
    SLOW,
    async () => {
      const { placed, early, disks, files } = await trace();
      assert.equal(placed, 2 * LINES);
      assert.deepEqual(early, []);
      const [major = 0, minor = 0] = release().split(".").map(Number);
      const isNew = major > 5 || (major === 5 && minor >= 8);
      if (statfsSync(CACHE).type === EXT4 && isNew) {
        assert.ok(disks >= 1 && disks <= 8, `${disks} file systems synced`);
        assert.ok(files < LINES, `${files} files synced by themselves`);
      } else assert.equal(files, 2 * LINES);
    },
  );

  test("syncs each file where the system's sync fails", SLOW, async () => {
    requireSandbox();
    const kept = `${SYNC}.kept`;
    copyFileSync(SYNC, kept);
    copyFileSync("/usr/bin/false", SYNC);
    try {
      const { placed, early, disks, files } = await trace();
      assert.deepEqual({ placed, early, disks, files }, {
        placed: 2 * LINES,
        early: [],
        disks: 0,
        files: 2 * LINES,
      });
    } finally {
      copyFileSync(kept, SYNC);
      rmSync(kept);
    }
  });
});
