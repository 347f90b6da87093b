import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sourceTime } from "../../../../scripts/build/source.ts";

describe("sourceTime()", () => {
  test("is SOURCE_DATE_EPOCH rather than the commit's", () => {
    assert.equal(sourceTime("1700000000", "1600000000"), 1_700_000_000);
  });

  test("is the commit's where SOURCE_DATE_EPOCH is empty", () => {
    assert.equal(sourceTime("", "1600000000"), 1_600_000_000);
  });

  test("refuses to take the clock's, and says what to do", () => {
    assert.throws(() => sourceTime("", ""), /hint: SOURCE_DATE_EPOCH=/);
  });

  for (const text of ["yesterday", "-1", "1.5", "0", "315532799", "999999999999", "0x7fffffff"]) {
    test(`refuses ${text}`, () => {
      assert.throws(() => sourceTime(text, "1600000000"), /Cannot use SOURCE_DATE_EPOCH/);
    });
  }
});
