/** Output files, on bad days (facts/abuse-cases.md). */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { makeScratch, modeOf } from "../support/scratch.ts";
import { withTmpfs } from "../support/tmpfs.ts";

const SLOW = { timeout: 120_000 };

describe("output files", () => {
  test("a symlink at the key's path is refused, its target untouched", SLOW, async () => {
    const scratch = makeScratch();
    const victim = join(scratch.home, "victim");
    writeFileSync(victim, "precious", { mode: 0o644 });
    symlinkSync(victim, join(scratch.work, "b.test-key.pem"));
    const result = await scratch.run(["cert", "b.test", "--json"]);
    assert.equal(result.code, 1);
    assert.equal(result.json().error.code, "FILE_UNSAFE");
    assert.equal(readFileSync(victim, "utf8"), "precious");
    assert.equal(existsSync(join(scratch.work, "b.test.pem")), false);
  });

  test("a dangling symlink at the certificate's path is refused", SLOW, async () => {
    const scratch = makeScratch();
    symlinkSync(join(scratch.home, "nowhere"), join(scratch.work, "b.test.pem"));
    assert.equal((await scratch.run(["cert", "b.test"])).code, 1);
    assert.equal(existsSync(join(scratch.home, "nowhere")), false);
  });

  test("a key file that was 0644 is 0600 afterwards", SLOW, async () => {
    const scratch = makeScratch();
    writeFileSync(join(scratch.work, "b.test-key.pem"), "old", { mode: 0o644 });
    assert.equal((await scratch.run(["cert", "b.test"])).code, 0);
    assert.equal(modeOf(join(scratch.work, "b.test-key.pem")), 0o600);
    assert.equal(modeOf(join(scratch.work, "b.test.pem")), 0o644);
  });

  test(
    "a directory at the path, and a directory that is not there, are refused",
    SLOW,
    async () => {
      const scratch = makeScratch();
      mkdirSync(join(scratch.work, "b.test.pem"));
      assert.equal((await scratch.run(["cert", "b.test"])).code, 1);
      const missing = await scratch.run(["cert", "c.test", "--out", "not/there", "--json"]);
      assert.equal(missing.code, 1);
      assert.match(missing.json().error.message, /not\/there/);
    },
  );

  test("certificate and key in one file are refused", SLOW, async () => {
    const scratch = makeScratch();
    const args = ["cert", "b.test", "--cert-file", "x.pem", "--key-file", "./x.pem"];
    assert.equal((await scratch.run(args)).code, 2);
    assert.deepEqual(readdirSync(scratch.work), []);
  });

  test("a full disk leaves no half file, and the next run succeeds", SLOW, async () => {
    await withTmpfs("64k", async (directory) => {
      const scratch = makeScratch();
      assert.equal((await scratch.run(["cert", "a.test"])).code, 0);
      const old = join(directory, "b.test-key.pem");
      writeFileSync(old, "the old key");
      const filler = join(directory, "filler");
      const full = () =>
        execFileSync("sh", ["-c", `cat /dev/zero > '${filler}' 2>/dev/null; true`]);
      full();
      const result = await scratch.run(["cert", "b.test", "--out", directory, "--json"]);
      assert.equal(result.code, 1, result.stdout);
      assert.match(result.json().error.message, /space/i);
      assert.deepEqual(readdirSync(directory).sort(), ["b.test-key.pem", "filler"]);
      assert.equal(readFileSync(old, "utf8"), "the old key");
      execFileSync("rm", [filler]);
      assert.equal((await scratch.run(["cert", "b.test", "--out", directory])).code, 0);
      assert.ok(statSync(join(directory, "b.test.pem")).size > 500);
    });
  });

  test("a full disk under the state directory leaves no half CA", SLOW, async () => {
    await withTmpfs("64k", async (directory) => {
      const scratch = makeScratch();
      const filler = join(directory, "filler");
      execFileSync("sh", ["-c", `cat /dev/zero > '${filler}' 2>/dev/null; true`]);
      const args = ["cert", "b.test", "--dir", join(directory, "state")];
      const result = await scratch.run([...args, "--json"]);
      assert.equal(result.code, 1, result.stdout);
      assert.notEqual(result.json().error.code, "INTERNAL");
      execFileSync("rm", [filler]);
      const again = await scratch.run(args);
      assert.equal(again.code, 0, again.stderr);
    });
  });

  test(
    "a read-only state directory says so; with a CA in it, certificates are still issued",
    SLOW,
    async () => {
      await withTmpfs("1m", async (directory, remount) => {
        const scratch = makeScratch();
        const state = ["--dir", join(directory, "state")];
        remount("ro");
        const refused = await scratch.run(["cert", "b.test", ...state, "--json"]);
        assert.equal(refused.code, 1);
        assert.match(refused.json().error.message, /read-only/i);
        remount("rw");
        assert.equal((await scratch.run(["cert", "a.test", ...state])).code, 0);
        remount("ro");
        const issued = await scratch.run(["cert", "b.test", ...state, "--json"]);
        assert.equal(issued.code, 0, issued.stdout);
        assert.deepEqual(issued.json().warnings.map(({ code }: { code: string }) => code), [
          "LEDGER_NOT_WRITTEN",
          "CA_NOT_TRUSTED",
        ]);
        remount("rw");
      });
    },
  );
});
