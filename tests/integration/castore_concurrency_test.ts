/**
 * Real processes on one state directory: many at once, and some that are killed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { withScratchDirectory } from "../support/scratch_directory.ts";
import { findProgram, type ProcessResult, run, start, waitFor } from "../support/processes.ts";

const PROGRAM = fileURLToPath(new URL("../support/castore_program.ts", import.meta.url));
const RUNTIME = "Deno" in globalThis ? [process.execPath, "run", "-A"] : [process.execPath];
const LONG = { timeoutMs: 120_000 };

const CA_AND_LOCK = ["issuer-key.pem", "issuer.pem", "lock", "root.pem"];

const argv = (mode: string, directory: string) => [...RUNTIME, PROGRAM, mode, directory];
const rootOf = (result: ProcessResult) => /^ca ([0-9a-f]{64}) /m.exec(result.stdout)?.[1];
const hasCreated = (result: ProcessResult) => /^ca \S+ true$/m.test(result.stdout);

describe("first runs at the same time", () => {
  for (const count of [6, 50]) {
    test(`${count} processes see one CA, and every certificate verifies`, () =>
      withScratchDirectory(async (scratch) => {
        const directory = join(scratch, "state");
        const results = await Promise.all(
          Array.from({ length: count }, () => run(argv("issue", directory), LONG)),
        );
        for (const result of results) assert.equal(result.code, 0, result.stdout + result.stderr);
        assert.equal(new Set(results.map(rootOf)).size, 1);
        assert.equal(results.filter(hasCreated).length, 1);
        // Blank lines are no damage: who saw another's append half way began with a line end of its own.
        const lines = readFileSync(join(directory, "issued.jsonl"), "utf8").split("\n");
        const ledger = lines.filter((line) => line !== "").map((line) => JSON.parse(line));
        assert.equal(ledger.length, count);
        assert.equal(new Set(ledger.map((event) => event.serial)).size, count);
        // Judged by OpenSSL, against the one root that is on the disk.
        assert.ok(findProgram("openssl"), "openssl is not installed");
        const root = join(directory, "root.pem");
        const certificates = ledger.map((event) => event.cert as string);
        for (const cert of certificates) {
          const verify = ["openssl", "verify", "-CAfile", root, "-untrusted", cert, cert];
          const { code, stderr } = await run(verify);
          assert.equal(code, 0, stderr);
        }
        const left = readdirSync(directory).filter((name) => name.startsWith("."));
        assert.deepEqual(left, []);
      }));
  }
});

describe("a process that is killed", () => {
  test("gives the lock back at once", () =>
    withScratchDirectory(async (scratch) => {
      const directory = join(scratch, "state");
      const owner = start(argv("hold", directory));
      await waitFor("the lock to be held", () => owner.output().includes("held"));
      const waiting = start(argv("create", directory));
      await waitFor("the second process", () => waiting.output().includes("ready"));
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.doesNotMatch(waiting.output(), /^ca /m);
      process.kill(owner.pid, "SIGKILL");
      const started = Date.now();
      const result = await waiting.ended;
      assert.equal(result.code, 0, result.stdout);
      assert.ok(Date.now() - started < 5_000);
      assert.equal((await owner.ended).code, 137);
    }));

  test("at any moment of its creation leaves what the next run can use", async () => {
    for (let delay = 0; delay < 30; delay++) {
      await withScratchDirectory(async (scratch) => {
        const directory = join(scratch, "state");
        const killed = start(argv("create", directory));
        // Its first output says that it begins; asking now and then would be too slow.
        await new Promise((resolve) => killed.child.stdout?.once("data", resolve));
        await new Promise((resolve) => setTimeout(resolve, delay * 1.5));
        killed.child.kill("SIGKILL");
        const first = rootOf(await killed.ended);
        const next = await run(argv("create", directory), LONG);
        assert.equal(next.code, 0, next.stdout + next.stderr);
        if (first !== undefined) assert.equal(rootOf(next), first);
        const again = await run(argv("create", directory), LONG);
        assert.equal(rootOf(again), rootOf(next));
        assert.equal(lstatSync(join(directory, "issuer-key.pem")).mode & 0o777, 0o600);
        const left = readdirSync(directory).filter((name) => !CA_AND_LOCK.includes(name));
        // Killed before the very last change: an empty directory, which a purge takes.
        assert.ok(left.every((name) => name === ".creating"), left.join());
      });
    }
  });
});
