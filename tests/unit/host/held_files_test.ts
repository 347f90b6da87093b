import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { placeTogether, whileHeld } from "../../../src/host/held_files.ts";

function failing(codes: readonly string[]) {
  const left = [...codes];
  const calls = { count: 0 };
  const action = () => {
    calls.count++;
    const code = left.shift();
    if (code !== undefined) throw Object.assign(new Error(code), { code });
  };
  return { action, calls };
}

describe("whileHeld()", () => {
  test("does what nobody holds once", () => {
    const { action, calls } = failing([]);
    whileHeld(action, [1, 1]);
    assert.equal(calls.count, 1);
  });
  test("waits for whoever holds the file", () => {
    const { action, calls } = failing(["EPERM", "EBUSY", "EACCES"]);
    whileHeld(action, [1, 1, 1]);
    assert.equal(calls.count, 4);
  });
  test("gives up after the last pause, with the system's answer", () => {
    const { action, calls } = failing(["EPERM", "EPERM", "EBUSY"]);
    assert.throws(() => whileHeld(action, [1, 1]), { code: "EBUSY" });
    assert.equal(calls.count, 3);
  });
  test("repeats nothing without pauses, and no other error", () => {
    const held = failing(["EPERM"]);
    assert.throws(() => whileHeld(held.action, []), { code: "EPERM" });
    assert.equal(held.calls.count, 1);
    for (const code of ["ENOSPC", "ENOENT", "EXDEV", "EIO"]) {
      const other = failing([code]);
      assert.throws(() => whileHeld(other.action, [1, 1]), { code });
      assert.equal(other.calls.count, 1);
    }
  });
});

describe("placeTogether()", () => {
  /** A key and a certificate that wait, beside those in the map. */
  function start(former: Readonly<Record<string, string>>) {
    const directory = fs.mkdtempSync(join(tmpdir(), "held-"));
    const path = (name: string) => join(directory, name);
    for (const [name, text] of Object.entries(former)) fs.writeFileSync(path(name), text);
    const moves = ["key", "p12", "cert"].map((name) => {
      fs.writeFileSync(path(`.new-${name}`), `new ${name}`);
      return { temporary: path(`.new-${name}`), path: path(name) };
    });
    const held = (name: string) => (from: string, to: string) => {
      if (to === path(name)) throw Object.assign(new Error("held"), { code: "EPERM" });
      fs.renameSync(from, to);
    };
    const content = () =>
      Object.fromEntries(
        fs.readdirSync(directory).sort().map((name) => [name, fs.readFileSync(path(name), "utf8")]),
      );
    const end = () => fs.rmSync(directory, { recursive: true });
    return { moves, held, content, end };
  }
  const OLD = { key: "old key", p12: "old p12", cert: "old cert" };

  test("puts all in their places, and says each", () => {
    for (const remember of [true, false]) {
      const { moves, content, end } = start(OLD);
      const placed: string[] = [];
      placeTogether(moves, ({ path }) => placed.push(path), remember);
      assert.deepEqual(content(), { cert: "new cert", key: "new key", p12: "new p12" });
      assert.deepEqual(placed, moves.map(({ path }) => path));
      end();
    }
  });

  for (const name of ["key", "p12", "cert"]) {
    test(`leaves every old file as it was where somebody holds the ${name}`, () => {
      const { moves, held, content, end } = start(OLD);
      assert.throws(() => placeTogether(moves, () => {}, true, held(name)), { code: "EPERM" });
      const { key, p12, cert } = content();
      assert.deepEqual({ key, p12, cert }, OLD);
      end();
    });
  }

  test("takes away what was not there before", () => {
    const { moves, held, content, end } = start({ cert: "old cert" });
    assert.throws(() => placeTogether(moves, () => {}, true, held("cert")), { code: "EPERM" });
    assert.deepEqual(content(), { ".new-cert": "new cert", cert: "old cert" });
    end();
  });

  test("says what came through before the one that did not", () => {
    const { moves, held, end } = start(OLD);
    const placed: string[] = [];
    const run = () => placeTogether(moves, ({ path }) => placed.push(path), true, held("cert"));
    assert.throws(run, { code: "EPERM" });
    assert.equal(placed.length, 2);
    end();
  });
});
