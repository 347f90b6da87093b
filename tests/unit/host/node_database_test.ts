import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openNodeDatabase } from "../../../src/host/node_database.ts";
import { rejectsWith, withScratchDirectory } from "../../support/scratch_directory.ts";

const OPTIONS = { busyTimeoutMs: 0 };

describe("openNodeDatabase()", () => {
  test("keeps 64-bit integers and blobs exact", () =>
    withScratchDirectory(async (directory) => {
      const database = await openNodeDatabase(join(directory, "db"), OPTIONS);
      database.exec("CREATE TABLE t (a INTEGER, b BLOB, c TEXT, d REAL, e)");
      const blob = new Uint8Array([0, 255, 128]);
      const changed = database.run(
        "INSERT INTO t VALUES (?, ?, ?, ?, ?)",
        9007199254740993n,
        blob,
        "ü\u0000x",
        1.5,
        null,
      );
      assert.equal(changed, 1);
      const [row] = database.all("SELECT * FROM t WHERE a = ?", 9007199254740993n);
      assert.deepEqual([row?.["a"], row?.["d"], row?.["e"]], [9007199254740993n, 1.5, null]);
      assert.deepEqual([...row?.["b"] as Uint8Array], [...blob]);
      database.close();
    }));

  test("makes a missing file with the mode that was asked for", () =>
    withScratchDirectory(async (directory) => {
      const path = join(directory, "db");
      const database = await openNodeDatabase(path, { ...OPTIONS, create: { mode: 0o600 } });
      assert.equal(fs.lstatSync(path).mode & 0o777, 0o600);
      database.close();
    }));

  test("does not make a file through a symlink", () =>
    withScratchDirectory(async (directory) => {
      fs.symlinkSync(join(directory, "victim"), join(directory, "db"));
      const open = openNodeDatabase(join(directory, "db"), { ...OPTIONS, create: {} });
      await rejectsWith("FILE_UNSAFE", open);
      assert.equal(fs.existsSync(join(directory, "victim")), false);
    }));

  test("read-only makes nothing and changes nothing", () =>
    withScratchDirectory(async (directory) => {
      const path = join(directory, "db");
      const readOnly = { ...OPTIONS, readOnly: true, create: {} };
      await rejectsWith("STORE_UNAVAILABLE", openNodeDatabase(path, readOnly));
      assert.deepEqual(fs.readdirSync(directory), []);
      const writer = await openNodeDatabase(path, OPTIONS);
      writer.exec("CREATE TABLE t (a)");
      writer.close();
      const reader = await openNodeDatabase(path, readOnly);
      assert.throws(() => reader.run("INSERT INTO t VALUES (1)"), { code: "STORE_UNAVAILABLE" });
      reader.close();
    }));

  test("says STORE_LOCKED when another connection holds the lock, at opening too", () =>
    withScratchDirectory(async (directory) => {
      const path = join(directory, "db");
      const one = await openNodeDatabase(path, OPTIONS);
      const two = await openNodeDatabase(path, OPTIONS);
      one.exec("BEGIN EXCLUSIVE");
      assert.throws(() => two.exec("BEGIN EXCLUSIVE"), { code: "STORE_LOCKED" });
      await rejectsWith("STORE_LOCKED", openNodeDatabase(path, OPTIONS));
      one.exec("ROLLBACK");
      two.exec("BEGIN EXCLUSIVE");
      one.close();
      two.close();
    }));

  test("waits for a lock as long as it was asked to", () =>
    withScratchDirectory(async (directory) => {
      const path = join(directory, "db");
      const one = await openNodeDatabase(path, OPTIONS);
      one.exec("BEGIN EXCLUSIVE");
      const started = Date.now();
      await rejectsWith("STORE_LOCKED", openNodeDatabase(path, { busyTimeoutMs: 300 }));
      assert.ok(Date.now() - started >= 250);
      one.close();
    }));

  for (const [what, content] of [["garbage", "no database\n".repeat(200)], ["overwritten", ""]]) {
    test(`says what is wrong with a file that is ${what}`, () =>
      withScratchDirectory(async (directory) => {
        const path = join(directory, "db");
        fs.writeFileSync(path, content!);
        if (content === "") {
          const whole = await openNodeDatabase(path, OPTIONS);
          whole.exec("CREATE TABLE t (a)");
          whole.close();
          fs.writeFileSync(path, new Uint8Array(fs.statSync(path).size).fill(1));
        }
        const error = await rejectsWith("STORE_UNAVAILABLE", openNodeDatabase(path, OPTIONS));
        assert.match(error.message, /^Cannot use the database "[^"]+": \S/);
      }));
  }

  test("errors in a statement are errors of the store, not crashes", () =>
    withScratchDirectory(async (directory) => {
      const database = await openNodeDatabase(join(directory, "db"), OPTIONS);
      assert.throws(() => database.all("SELECT nonsense"), { code: "STORE_UNAVAILABLE" });
      assert.throws(() => database.exec("x'"), { code: "STORE_UNAVAILABLE" });
      database.close();
    }));
});
