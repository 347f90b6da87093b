/** Who runs when, who is left out, and when it ends. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { interleave } from "../../../../scripts/bench/rounds.ts";

const LATER = Date.now() + 60_000;

function recorders(names: string, order: string[], failing?: string) {
  return [...names].map((name) => ({
    name,
    run(round: number) {
      order.push(`${name}${round}`);
      if (name === failing && round >= 1) throw new Error("broken");
      return round;
    },
  }));
}

describe("interleave()", () => {
  test("rotates the order, and does not count the round that warms up", async () => {
    const order: string[] = [];
    const { samples } = await interleave(recorders("abc", order), { rounds: 2, until: LATER });
    assert.equal(order.join(" "), "a-1 b-1 c-1 b0 c0 a0 c1 a1 b1");
    assert.deepEqual(samples.get("a"), [0, 1]);
  });

  test("leaves out who fails, with what it had and from then on", async () => {
    const order: string[] = [];
    const limits = { rounds: 4, until: LATER };
    const { samples, failures } = await interleave(recorders("ab", order, "b"), limits);
    assert.equal(failures.get("b"), "broken");
    assert.deepEqual(samples.get("b"), []);
    assert.deepEqual(samples.get("a"), [0, 1, 2, 3]);
    assert.equal(order.filter((each) => each.startsWith("b")).join(" "), "b-1 b0 b1");
  });

  test("has one round when there is no time, and begins no other", async () => {
    const { samples } = await interleave(recorders("ab", []), { rounds: 9, until: 0 });
    assert.deepEqual([...samples.values()], [[0], [0]]);
  });

  test("cold: begins with the first that counts", async () => {
    const order: string[] = [];
    await interleave(recorders("a", order), { rounds: 1, until: LATER, cold: true });
    assert.deepEqual(order, ["a0"]);
  });
});
