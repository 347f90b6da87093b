import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { whileHeld } from "../../../src/host/held_files.ts";

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
