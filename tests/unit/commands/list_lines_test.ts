import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { countLines, listLines } from "../../../src/commands/list_lines.ts";

describe("listLines()", () => {
  const cases: readonly (readonly [what: string, text: string, lines: [number, string[]][]])[] = [
    ["nothing", "", []],
    ["blank lines and comments", "\n  \n# a.test\n\t# b\n", []],
    ["a line without an end", "a.test", [[1, ["a.test"]]]],
    ["blanks, tabs and commas", " a.test,b.test\t c.test , d.test,,\n", [
      [1, ["a.test", "b.test", "c.test", "d.test"]],
    ]],
    ["CRLF, and the numbers that editors show", "a.test\r\n\r\nb.test\r\n", [
      [1, ["a.test"]],
      [3, ["b.test"]],
    ]],
    ["a comment behind names", "a.test # b.test\nc.test #d\n", [[1, ["a.test"]], [2, ["c.test"]]]],
    ["a fragment of a URI, which is no comment", "spiffe://a.test/x#y\n", [
      [1, ["spiffe://a.test/x#y"]],
    ]],
    ["no-break spaces", "a.test\u00a0b.test\n", [[1, ["a.test", "b.test"]]]],
  ];
  for (const [what, text, lines] of cases) {
    test(what, () => {
      assert.deepEqual([...listLines(text)].map(({ number, words }) => [number, words]), lines);
      assert.equal(countLines(text), lines.length);
    });
  }
});
