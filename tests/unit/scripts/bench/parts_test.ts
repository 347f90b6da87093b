/** The promise of `npm run bench`: less than ten minutes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PARTS } from "../../../../scripts/bench/parts.ts";

test("the budgets of all parts are less than ten minutes together", () => {
  const sum = Object.values(PARTS).reduce((total, { budget }) => total + budget, 0);
  assert.ok(sum < 600, `${sum} s`);
});
