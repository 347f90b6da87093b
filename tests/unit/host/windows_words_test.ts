import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  quoteWindowsArgument,
  quoteWindowsCommand,
  splitWindowsWords,
} from "../../../src/host/windows_words.ts";

describe("quoteWindowsArgument()", () => {
  const cases: [string, string, string][] = [
    ["a plain word", "setup", "setup"],
    ["a path", "C:\\Users\\ann\\x.pem", "C:\\Users\\ann\\x.pem"],
    ["letters of any language", "C:\\Users\\Änn\\証明書.pem", "C:\\Users\\Änn\\証明書.pem"],
    ["a blank", "C:\\a b\\x.pem", '"C:\\a b\\x.pem"'],
    ["nothing", "", '""'],
    ["a comma, PowerShell's list", "a,b", '"a,b"'],
    ["PowerShell's splat", "@x", '"@x"'],
    ["PowerShell's and cmd's ampersand", "a&b", '"a&b"'],
    ["parentheses", "*S-1-5-18:(OI)(CI)F", '"*S-1-5-18:(OI)(CI)F"'],
    ["a backslash at the end, which would escape the quote", "C:\\a b\\", '"C:\\a b\\\\"'],
    ["a variable of PowerShell", "C:\\$x", "'C:\\$x'"],
    ["a variable of cmd", "C:\\%x%", "'C:\\%x%'"],
    ["an apostrophe", "it's", '"it\'s"'],
    ["an apostrophe and a variable", "it's $x", "'it''s $x'"],
    ["a curly quote, which PowerShell takes for one", "a“b", "'a“b'"],
    ["a curly apostrophe inside single quotes", "$’", "'$’’'"],
    ["an option with a dot, which PowerShell 5 splits", "-a.b", '"-a.b"'],
    ["an ordinary option", "--key-file", "--key-file"],
  ];
  for (const [what, argument, wanted] of cases) {
    test(`${what}`, () => assert.equal(quoteWindowsArgument(argument), wanted));
  }
});

describe("quoteWindowsCommand()", () => {
  test("calls a program whose path needs quotes by its name", () => {
    assert.equal(
      quoteWindowsCommand(["C:\\Program Files\\Java\\bin\\keytool.exe", "-list", "a b"]),
      'keytool -list "a b"',
    );
    assert.equal(
      quoteWindowsCommand(["C:\\Windows\\System32\\certutil.exe", "-user"]),
      "C:\\Windows\\System32\\certutil.exe -user",
    );
  });
});

describe("splitWindowsWords()", () => {
  const cases: [string, string[] | undefined][] = [
    ["", []],
    ["  \t ", []],
    ["pass show x", ["pass", "show", "x"]],
    ["C:\\tools\\reload.exe -s reload", ["C:\\tools\\reload.exe", "-s", "reload"]],
    ['"C:\\Program Files\\nginx\\nginx.exe" -s', ["C:\\Program Files\\nginx\\nginx.exe", "-s"]],
    // The examples of Microsoft's "Parsing C command-line arguments".
    ['"a b c" d e', ["a b c", "d", "e"]],
    ['"ab\\"c" "\\\\" d', ['ab"c', "\\", "d"]],
    ['a\\\\\\b d"e f"g h', ["a\\\\\\b", "de fg", "h"]],
    ['a\\\\\\"b c d', ['a\\"b', "c", "d"]],
    ['a\\\\\\\\"b c" d e', ["a\\\\b c", "d", "e"]],
    ["'a b'", ["'a", "b'"]],
    ['a "" b', ["a", "", "b"]],
    ['"a', undefined],
    ['a\\"b"', undefined],
  ];
  for (const [line, words] of cases) {
    test(`splits ${JSON.stringify(line)}`, () => assert.deepEqual(splitWindowsWords(line), words));
  }
  test("undoes quotes that both shells read alike", () => {
    for (const word of ["a b", "C:\\a b\\", "", "x", "C:\\a b\\c", "(a)"]) {
      assert.deepEqual(splitWindowsWords(`p ${quoteWindowsArgument(word)}`), ["p", word]);
    }
  });
});
