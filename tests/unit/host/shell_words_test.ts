import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { quoteCommand, splitWords } from "../../../src/host/shell_words.ts";

describe("splitWords()", () => {
  const cases: [string, string[] | undefined][] = [
    ["", []],
    ["  \t ", []],
    ["pass show localtls", ["pass", "show", "localtls"]],
    ["  a   b  ", ["a", "b"]],
    ["cat '/a b/c'", ["cat", "/a b/c"]],
    ['cat "/a b/c"', ["cat", "/a b/c"]],
    ["a''", ["a"]],
    ["''", [""]],
    ['a "" b', ["a", "", "b"]],
    ["'a'\"b\"c", ["abc"]],
    ["a\\ b", ["a b"]],
    ["'a\\b'", ["a\\b"]],
    ['"a\\b"', ["a\\b"]],
    ['"a\\"b"', ['a"b']],
    ['"a\\\\"', ["a\\"]],
    ['"it\'s"', ["it's"]],
    ["echo $HOME `id` $(id) ; x | y > z &", [
      ...["echo", "$HOME", "`id`", "$(id)", ";", "x", "|", "y", ">", "z", "&"],
    ]],
    ["a\nb", ["a", "b"]],
    ["'a", undefined],
    ['"a', undefined],
    ["a\\", undefined],
    ['"a\\', undefined],
  ];
  for (const [line, words] of cases) {
    test(`splits ${JSON.stringify(line)}`, () => assert.deepEqual(splitWords(line), words));
  }

  test("undoes what quoteCommand() does", () => {
    const argv = ["a", "b c", "it's", '"', "\\", "$x", "", "\n", "--x=y"];
    assert.deepEqual(splitWords(quoteCommand(argv)), argv);
  });
});
