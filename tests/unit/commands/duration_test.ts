import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseDuration } from "../../../src/commands/duration.ts";
import { LocalTlsError } from "../../../src/errors.ts";

const HOUR = 3_600_000;

describe("parseDuration()", () => {
  const good: readonly (readonly [string, number])[] = [
    ["1h", HOUR],
    ["36h", 36 * HOUR],
    ["30d", 720 * HOUR],
    ["2w", 336 * HOUR],
    [" 7d ", 168 * HOUR],
    ["007d", 168 * HOUR],
  ];
  for (const [text, expected] of good) {
    test(`reads ${JSON.stringify(text)}`, () => assert.equal(parseDuration(text), expected));
  }

  const bad: readonly (readonly [string, RegExp])[] = [
    ["", /does not begin with a number/],
    ["d", /does not begin with a number/],
    ["-1d", /does not begin with a number/],
    ["thirty days", /does not begin with a number/],
    ["30", /unit is missing/],
    ["0", /unit is missing/],
    ["30m", /"m" is no unit; h, d and w are/],
    ["30D", /"D" is no unit/],
    ["1.5d", /"\.5d" is no unit/],
    ["1d12h", /"d12h" is no unit/],
    ["30 d", /" d" is no unit/],
    ["1constructor", /is no unit/],
    ["0d", /it is nothing/],
    ["00w", /it is nothing/],
    ["3654d", /longer than ten years/],
    [`${"9".repeat(400)}d`, /longer than ten years/],
    ["1\nd", /is no unit/],
  ];
  for (const [text, reason] of bad) {
    test(`refuses ${JSON.stringify(text).slice(0, 30)} and says which part is wrong`, () => {
      assert.throws(() => parseDuration(text), (error) => {
        assert.ok(error instanceof LocalTlsError);
        assert.equal(error.code, "USAGE");
        assert.match(error.message, /^Cannot use "[^]*" as a length of time: /);
        assert.match(error.message, reason);
        assert.ok(error.message.length < 200);
        assert.match(error.hints.join(), /^--due \d+[hdw]$/);
        return true;
      });
    });
  }
});
