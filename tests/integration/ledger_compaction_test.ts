/**
 * The ledger is rewritten while other programs append, and by a program that is killed: no certificate that was noted is
 * lost, and the ledger is a whole file at every moment. Real processes on the real file system.
 */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { listCertificates, readCertificates } from "../../src/castore/certificates.ts";
import { compactIssued } from "../../src/castore/ledger_compaction.ts";
import { openStateDirectory, type StateDirectory } from "../../src/castore/state_directory.ts";
import { createNodeHost } from "../../src/host/node_host.ts";
import { withScratchDirectory } from "../support/scratch_directory.ts";

const SUPPORT = join(import.meta.dirname!, "..", "support");
const RUNTIME = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
const SLOW = { timeout: 300_000 };
const host = createNodeHost();
const FORMER = /^issued\.jsonl\.\d+\.former$/;

interface Place {
  readonly state: StateDirectory;
  compact(minBytes?: number): Promise<boolean>;
  names(): string[];
}

async function open(directory: string): Promise<Place> {
  const user = { home: directory, name: "ann", isRoot: false, byRoot: false };
  const state = await openStateDirectory(host, user, join(directory, "state"));
  const place = { path: state.path, byRoot: false, program: "localtls" };
  return {
    state,
    compact: (minBytes = 1) => compactIssued(host, place, state.issued, { minBytes }),
    names: () => fs.readdirSync(state.path),
  };
}

function line(name: string, time = "2026-11-24T12:00:00.000Z", changes: object = {}): string {
  return JSON.stringify({
    ...{ event: "issued", time, names: [name], cert: `/srv/${name}.pem`, key: `/srv/${name}.key` },
    ...{ serial: "01", sha256: "a".repeat(64), issuer: "b".repeat(64), keyType: "p256" },
    ...{ usage: "server", notBefore: time, notAfter: "2027-11-24T12:00:00.000Z", ...changes },
  });
}

function start(program: string, args: readonly string[]): { child: ChildProcess; said: string[] } {
  const child = spawn(process.execPath, [...RUNTIME, join(SUPPORT, program), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: string[] = [];
  let rest = "";
  child.stdout!.on("data", (data) => {
    const lines = (rest + String(data)).split("\n");
    rest = lines.pop()!;
    said.push(...lines);
  });
  return { child, said };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.on("close", () => resolve()));
}

/** Lines of which most are of no use. */
function fill(state: StateDirectory, count = 400): void {
  fs.mkdirSync(state.path, { recursive: true, mode: 0o700 });
  const lines = Array.from(
    { length: count },
    (_, i) => line(`host${i % 10}`, undefined, { serial: `${i + 10}` }),
  );
  fs.appendFileSync(state.issued.path, `${lines.join("\n")}\n`, { mode: 0o600 });
}

describe("the ledger of certificates", () => {
  test("keeps the newest line of each path, its mode, and lines of kinds that are not known", () =>
    withScratchDirectory(async (directory) => {
      const { state, compact, names } = await open(directory);
      fill(state);
      const later = JSON.stringify({ event: "revoked", serial: "01" });
      fs.appendFileSync(state.issued.path, `garbage\n${later}\n\n${line("torn").slice(0, 50)}`);
      const before = await listCertificates(state.issued);
      assert.equal(await compact(), true);
      assert.deepEqual(await listCertificates(state.issued), before);
      assert.equal(before.length, 10);
      const text = fs.readFileSync(state.issued.path, "utf8");
      assert.ok(text.includes(later));
      // What has no end yet may be somebody's append that is under way.
      assert.equal(text.split("\n").length, 13);
      assert.equal(fs.statSync(state.issued.path).mode & 0o777, 0o600);
      assert.deepEqual(names().sort(), ["issued.jsonl", "lock"]);
    }));

  test("is left alone where it is small, or most of it is of use; and there need be none", () =>
    withScratchDirectory(async (directory) => {
      const { state, compact } = await open(directory);
      assert.equal(await compact(), false);
      fill(state);
      assert.equal(await compact(1 << 20), false);
      assert.equal(await compact(), true);
      assert.equal(await compact(), false);
    }));

  test(
    "above 64 MiB is read, line by line, and garbage of any length is passed over",
    SLOW,
    () =>
      withScratchDirectory(async (directory) => {
        const { state, compact } = await open(directory);
        fill(state);
        const descriptor = fs.openSync(state.issued.path, "a");
        const garbage = Buffer.alloc(1 << 20, 0x78);
        for (let i = 0; i < 66; i++) fs.writeSync(descriptor, garbage);
        fs.writeSync(descriptor, `\n${line("last")}\n`);
        fs.closeSync(descriptor);
        const certificates = await listCertificates(state.issued);
        assert.equal(certificates.length, 11);
        assert.equal(certificates.at(-1)?.cert, "/srv/last.pem");
        assert.equal(await compact(), true);
        assert.ok(fs.statSync(state.issued.path).size < 10_000);
        assert.deepEqual(await listCertificates(state.issued), certificates);
      }),
  );

  test("a reader that is in the middle of it reads on in what it has opened", () =>
    withScratchDirectory(async (directory) => {
      const { state, compact } = await open(directory);
      fill(state);
      const seen: string[] = [];
      for await (const { event } of readCertificates(state.issued, { all: true })) {
        if (seen.length === 100) assert.equal(await compact(), true);
        seen.push(event.serial);
      }
      assert.equal(seen.length, 400);
    }));

  test(
    "loses nothing of four programs that append while it is rewritten all the time",
    SLOW,
    () =>
      withScratchDirectory(async (directory) => {
        const { state } = await open(directory);
        fill(state);
        const compactor = start("ledger_compactor.ts", [state.path]);
        while (compactor.said.length === 0) await host.sleep(1);
        const appenders = [0, 1, 2, 3].map((i) =>
          start("ledger_appender.ts", [state.issued.path, `p${i}`, "1000"])
        );
        const feeder = setInterval(() => fill(state, 400), 20);
        await Promise.all(appenders.map(({ child }) => ended(child)));
        clearInterval(feeder);
        compactor.child.kill("SIGKILL");
        await ended(compactor.child);
        assert.ok(
          compactor.said.filter((word) => word === "done").length > 3,
          `it was hardly rewritten: ${compactor.said} ${compactor.child.exitCode}`,
        );
        await (await open(directory)).compact();
        const noted = new Map<string, string>();
        for (const { said } of appenders) {
          assert.equal(said.length, 1000);
          for (const word of said) noted.set(word.split(" ")[0]!, word.split(" ")[1]!);
        }
        const held = new Map(
          (await listCertificates(state.issued)).map(({ cert, serial }) => [cert, serial]),
        );
        // The newest of each, and not one that came to stand behind it.
        for (const [cert, serial] of noted) assert.equal(held.get(cert), serial, cert);
      }),
  );

  test(
    "loses nothing when the rewriting is killed, wherever that is",
    SLOW,
    () =>
      withScratchDirectory(async (directory) => {
        const { state, compact, names } = await open(directory);
        const wanted = new Set<string>();
        for (let round = 0; round < 25; round++) {
          fill(state, 4000);
          const { child, said } = start("ledger_compactor.ts", [state.path]);
          const end = ended(child);
          while (said.length === 0) await host.sleep(1);
          const appender = start("ledger_appender.ts", [state.issued.path, `r${round}`, "40"]);
          const appended = ended(appender.child);
          const feeder = setInterval(() => fill(state, 2000), 5);
          await host.sleep(round * 7 % 60);
          child.kill("SIGKILL");
          clearInterval(feeder);
          await Promise.all([end, appended]);
          for (const word of appender.said) wanted.add(word.split(" ")[0]!);
          // Whole at every moment: also before anything is brought over, nothing but late lines may be missing.
          assert.ok((await listCertificates(state.issued)).length >= 10);
          await compact();
          const held = new Set((await listCertificates(state.issued)).map(({ cert }) => cert));
          assert.deepEqual([...wanted].filter((cert) => !held.has(cert)), [], `round ${round}`);
          assert.deepEqual(names().filter((name) => FORMER.test(name)), []);
        }
      }),
  );

  test("gets over what a kill between the two files has left, and nothing that is older", () =>
    withScratchDirectory(async (directory) => {
      const { state, compact, names } = await open(directory);
      fs.mkdirSync(state.path, { mode: 0o700 });
      const start = `${line("a")}\n`;
      const late = [
        line("late", "2026-11-24T12:00:01.000Z"),
        line("both", "2026-11-24T12:00:01.000Z", { serial: "0a" }),
      ];
      fs.writeFileSync(
        join(state.path, `issued.jsonl.${start.length}.former`),
        `${start}${late.join("\n")}\n`,
        { mode: 0o600 },
      );
      const newer = line("both", "2026-11-24T12:00:02.000Z", { serial: "0b" });
      fs.writeFileSync(state.issued.path, `${start}${newer}\n`, { mode: 0o600 });
      await compact();
      const found = await listCertificates(state.issued);
      assert.deepEqual(found.map(({ cert, serial }) => `${cert} ${serial}`), [
        "/srv/a.pem 01",
        "/srv/both.pem 0b",
        "/srv/late.pem 01",
      ]);
      assert.deepEqual(names().sort(), ["issued.jsonl", "lock"]);
    }));

  // The refuse twin: a former file that is a link, or that others can write to, brings nothing over.
  test("brings nothing over from a file that others could have written", () =>
    withScratchDirectory(async (directory) => {
      const { state, compact } = await open(directory);
      fs.mkdirSync(state.path, { mode: 0o700 });
      fs.writeFileSync(state.issued.path, `${line("a")}\n`, { mode: 0o600 });
      const former = join(state.path, "issued.jsonl.0.former");
      fs.writeFileSync(former, `${line("evil")}\n`);
      fs.chmodSync(former, 0o666);
      await assert.rejects(compact(), { code: "STATE_UNSAFE" });
      fs.renameSync(former, join(directory, "evil"));
      fs.symlinkSync(join(directory, "evil"), former);
      await assert.rejects(compact(), { code: "STATE_UNSAFE" });
      assert.equal((await listCertificates(state.issued)).length, 1);
    }));
});
