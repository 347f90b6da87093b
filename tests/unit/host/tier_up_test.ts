import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { describe, test } from "node:test";
import { hastenLongRuns } from "../../../src/host/tier_up.ts";

describe("hastenLongRuns", () => {
  test("gives the compiler back to what runs long, and not at once", async () => {
    const scales: number[] = [];
    hastenLongRuns({ Bun: { unsafe: { setJITPolicy: (scale) => scales.push(scale) } } });
    assert.deepEqual(scales, []);
    for (let i = 0; i < 100 && scales.length === 0; i++) await wait(50);
    assert.deepEqual(scales, [1]);
  });

  test("does nothing in a runtime that has no such switch", () => {
    hastenLongRuns({});
    hastenLongRuns({ Bun: {} });
    hastenLongRuns({ Bun: { unsafe: {} } });
  });
});
