/** Medians, ratios, and which side of a limit a number is on. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compareRows, median, type Row } from "../../../../scripts/bench/results.ts";

const row = (name: string, values: readonly number[], race = 0): Row => ({
  name,
  unit: "ms",
  values,
  race,
});

describe("median()", () => {
  test("is the middle one, whatever the order", () => assert.equal(median([9, 1, 5]), 5));
  test("is the mean of two in the middle", () => assert.equal(median([4, 1, 9, 2]), 3));
  test("of nothing is no number", () => assert.ok(Number.isNaN(median([]))));
  test("sorts numbers, not texts", () => assert.equal(median([100, 20, 3]), 20));
});

describe("compareRows()", () => {
  test("divides the medians, and the rounds one by one", () => {
    const { ratio, spread } = compareRows(row("a", [10, 20, 90]), row("b", [40, 40, 30]));
    assert.equal(ratio, 0.5);
    assert.deepEqual(spread, [0.25, 3]);
  });

  test("pairs no rounds of two races", () => {
    const { ratio, spread } = compareRows(row("a", [10, 20], 0), row("b", [10, 20], 1));
    assert.equal(ratio, 1);
    assert.equal(spread, undefined);
  });

  test("pairs no more rounds than both have", () => {
    const { spread } = compareRows(row("a", [1, 2, 3]), row("b", [1, 1]));
    assert.deepEqual(spread, [1, 2]);
  });

  test("the spread leaves out the quarter at each end", () => {
    const { spread } = compareRows(row("a", [1, 2, 3, 4, 99]), row("b", [1, 1, 1, 1, 1]));
    assert.deepEqual(spread, [2, 4]);
  });

  test("divides processor times as well, where both are known", () => {
    const a = { ...row("a", [1]), cpu: [3, 4, 5] };
    assert.equal(compareRows(a, { ...row("b", [1]), cpu: [2] }).cpu, 2);
    assert.equal(compareRows(a, row("b", [1])).cpu, undefined);
  });

  test("compares peak memory by itself", () => {
    const withPeak = (name: string, peak: number) => ({ ...row(name, [1]), peak: [peak] });
    const { ratio } = compareRows(withPeak("a", 300), withPeak("b", 200), "peak");
    assert.equal(ratio, 1.5);
  });

  const verdict = (value: number, limit: { atMost: number } | { atLeast: number }) =>
    compareRows(row("a", [value]), undefined, "values", limit).met;

  test("at most: the limit itself is met, more is not", () => {
    assert.equal(verdict(3, { atMost: 3 }), true);
    assert.equal(verdict(3.01, { atMost: 3 }), false);
  });

  test("at least: the limit itself is met, less is not", () => {
    assert.equal(verdict(3, { atLeast: 3 }), true);
    assert.equal(verdict(2.99, { atLeast: 3 }), false);
  });

  test("no limit, no verdict", () =>
    assert.equal(compareRows(row("a", [1]), undefined).met, undefined));
});
