import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseHttpDate } from "../../../src/server/static/http_date.ts";

const NOW = Date.UTC(2026, 10, 25);
/** RFC 9110, 5.6.7 has the same moment in three forms. */
const MOMENT = 784_111_777;

const CASES: readonly (readonly [text: string, seconds: number | undefined])[] = [
  ["Sun, 06 Nov 1994 08:49:37 GMT", MOMENT],
  ["Sunday, 06-Nov-94 08:49:37 GMT", MOMENT],
  ["Sun Nov  6 08:49:37 1994", MOMENT],
  ["Wed Nov 16 08:49:37 1994", MOMENT + 10 * 86_400],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["Thu, 29 Feb 2024 00:00:00 GMT", Date.UTC(2024, 1, 29) / 1000],
  ["Sat, 31 Dec 2016 23:59:60 GMT", Date.UTC(2017, 0, 1) / 1000],
  ["Wednesday, 25-Nov-76 00:00:00 GMT", Date.UTC(2076, 10, 25) / 1000],
  ["Thursday, 25-Nov-77 00:00:00 GMT", Date.UTC(1977, 10, 25) / 1000],
  ["", undefined],
  ["0", undefined],
  ["yesterday", undefined],
  ["784111777", undefined],
  ["1994-11-06T08:49:37Z", undefined],
  ["Sun, 06 Nov 1994 08:49:37", undefined],
  ["Sun, 06 Nov 1994 08:49:37 EST", undefined],
  ["Sun, 06 Nov 1994 08:49:37 +0100", undefined],
  ["Sun, 06 Nov 1994 08:49:37 GMT ", undefined],
  ["Sun, 6 Nov 1994 08:49:37 GMT", undefined],
  ["Sun, 06 nov 1994 08:49:37 GMT", undefined],
  ["Sun, 06 Anf 1994 08:49:37 GMT", undefined],
  ["Sun, 31 Nov 1994 08:49:37 GMT", undefined],
  ["Sun, 00 Nov 1994 08:49:37 GMT", undefined],
  ["Sun, 29 Feb 2026 08:49:37 GMT", undefined],
  ["Sun, 06 Nov 1994 24:00:00 GMT", undefined],
  ["Sun, 06 Nov 1994 08:60:00 GMT", undefined],
  ["Sun, 06 Nov 1994 08:49:61 GMT", undefined],
  ["Sun Nov 06 1994 08:49:37", undefined],
];

describe("parseHttpDate()", () => {
  for (const [text, seconds] of CASES) {
    test(`${JSON.stringify(text)} is ${seconds ?? "no date"}`, () => {
      assert.equal(parseHttpDate(text, NOW), seconds);
    });
  }
  test("reads what toUTCString() writes", () => {
    for (const year of [1, 99, 1970, 2026, 9999]) {
      const date = new Date(0);
      date.setUTCFullYear(year, 6, 4);
      assert.equal(parseHttpDate(date.toUTCString(), NOW), date.getTime() / 1000, `${year}`);
    }
  });
});
