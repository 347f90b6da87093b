import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TakenNames } from "../../../src/castore/taken_names.ts";

describe("TakenNames", () => {
  test("knows every one of 100,000 names that differ little, and no other", () => {
    const taken = new TakenNames(100_000);
    const name = (i: number) => `host-${i}.test.pem`;
    for (let i = 1; i <= 100_000; i++) {
      assert.equal(taken.get(name(i)), undefined, name(i));
      taken.set(name(i), i);
    }
    for (let i = 1; i <= 100_000; i++) assert.equal(taken.get(name(i)), i, name(i));
    for (let i = 100_001; i <= 200_000; i++) assert.equal(taken.get(name(i)), undefined, name(i));
  });
  test("neither order, nor case, nor length is lost; the empty name is one", () => {
    const taken = new TakenNames(12);
    const names = ["", "a", "A", "ab", "ba", "aab", "aba", "\0", "\0\0", "ä", "a.pem", "a-key.pem"];
    names.forEach((name, i) => taken.set(name, i + 1));
    assert.deepEqual(names.map((name) => taken.get(name)), names.map((_, i) => i + 1));
  });
  test("the last line counts", () => {
    const taken = new TakenNames(1);
    taken.set("a", 1);
    taken.set("a", 2);
    assert.equal(taken.get("a"), 2);
  });
  test("holds as many as it was made for, of any number, and says so of one more", () => {
    for (const count of [0, 1, 2, 3, 4, 7, 8, 100, 819, 820]) {
      const taken = new TakenNames(count);
      for (let i = 1; i <= count; i++) taken.set(`${i}`, i);
      for (let i = 1; i <= count; i++) assert.equal(taken.get(`${i}`), i);
      assert.equal(taken.get("other"), undefined);
      assert.throws(() => taken.set("other", 1), /Too many names/);
    }
  });
});
