import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WebRequest } from "../../../src/server/exchange.ts";
import { chooseRange, evaluate } from "../../../src/server/static/conditional.ts";
import { acceptedCodings } from "../../../src/server/static/encodings.ts";
import { formatSize } from "../../../src/server/static/listing.ts";
import { contentType } from "../../../src/server/static/media_types.ts";
import {
  formatRequestPath,
  isHidden,
  parseRequestPath,
} from "../../../src/server/static/request_path.ts";

const request = (headers: Record<string, string>, method = "GET") =>
  ({ method, headers }) as unknown as WebRequest;

const VALIDATORS = { etag: '"abc"', modifiedMs: Date.UTC(2026, 10, 25, 12, 0, 0, 400) };
const WHEN = "Wed, 25 Nov 2026 12:00:00 GMT";
const BEFORE = "Wed, 25 Nov 2026 11:59:59 GMT";
const AFTER = "Wed, 25 Nov 2026 12:00:01 GMT";

describe("parseRequestPath()", () => {
  const READ: readonly (readonly [string, readonly string[], boolean, string])[] = [
    ["/", [], true, ""],
    ["/a/b.txt?c=%2e", ["a", "b.txt"], false, "?c=%2e"],
    ["/a%20b/", ["a b"], true, ""],
    ["//evil.example/x", ["evil.example", "x"], false, ""],
    ["/./a", ["a"], false, ""],
    ["https://h:1/a", ["a"], false, ""],
    ["/%25", ["%"], false, ""],
    ["/a?b/../c", ["a"], false, "?b/../c"],
  ];
  for (const [target, names, directory, query] of READ) {
    test(`reads ${target}`, () => {
      assert.deepEqual(parseRequestPath(target), { names, directory, query });
    });
  }
  const REFUSED = [
    "/..",
    "/a/../b",
    "/%2e%2e/x",
    "/.%2E",
    "/a%2fb",
    "/%00",
    "/%zz",
    "/%c0%ae",
    "/%ff",
    "*",
    "a",
    "h:443",
  ];
  for (const target of REFUSED) {
    test(`refuses ${target}`, () => assert.equal(parseRequestPath(target), undefined));
  }
  test("formatRequestPath() never names another host", () => {
    const { names } = parseRequestPath("//evil.example")!;
    assert.equal(formatRequestPath(names, true), "/evil.example/");
    assert.equal(formatRequestPath(["a?b", "#"], false), "/a%3Fb/%23");
    assert.equal(formatRequestPath([], false), "/");
  });
  test("isHidden() knows names with a dot, and .well-known where it belongs", () => {
    assert.equal(isHidden([".git", "config"]), true);
    assert.equal(isHidden(["a", ".env"]), true);
    assert.equal(isHidden(["a", ".well-known"]), true);
    assert.equal(isHidden([".well-known", ".x"]), true);
    assert.equal(isHidden([".well-known", "x"]), false);
    assert.equal(isHidden(["a.b"]), false);
  });
});

describe("evaluate() (RFC 9110, 13.2.2)", () => {
  const CASES: readonly (readonly [Record<string, string>, string, string?])[] = [
    [{}, "go on"],
    [{ "if-none-match": '"abc"' }, "not modified"],
    [{ "if-none-match": 'W/"abc"' }, "not modified"],
    [{ "if-none-match": '"x", "abc"' }, "not modified"],
    [{ "if-none-match": "*" }, "not modified"],
    [{ "if-none-match": "abc" }, "go on"],
    [{ "if-none-match": '"abcd"' }, "go on"],
    [{ "if-none-match": '"abc"' }, "failed", "PUT"],
    [{ "if-none-match": '"x"', "if-modified-since": WHEN }, "go on"],
    [{ "if-modified-since": WHEN }, "not modified"],
    [{ "if-modified-since": AFTER }, "not modified"],
    [{ "if-modified-since": BEFORE }, "go on"],
    [{ "if-modified-since": "yesterday" }, "go on"],
    [{ "if-modified-since": "5" }, "go on"],
    [{ "if-match": '"abc"' }, "go on"],
    [{ "if-match": "*" }, "go on"],
    [{ "if-match": 'W/"abc"' }, "failed"],
    [{ "if-match": '"x"' }, "failed"],
    [{ "if-unmodified-since": BEFORE }, "failed"],
    [{ "if-unmodified-since": WHEN }, "go on"],
  ];
  for (const [headers, expected, method] of CASES) {
    test(`${method ?? "GET"} ${JSON.stringify(headers)}: ${expected}`, () => {
      assert.equal(evaluate(request(headers, method), VALIDATORS), expected);
    });
  }
});

describe("chooseRange()", () => {
  const CASES: readonly (readonly [string, unknown])[] = [
    ["bytes=0-0", { start: 0, end: 0 }],
    ["bytes=5-", { start: 5, end: 9 }],
    ["bytes=-3", { start: 7, end: 9 }],
    ["bytes=-30", { start: 0, end: 9 }],
    ["bytes=8-99", { start: 8, end: 9 }],
    ["BYTES=0-1", { start: 0, end: 1 }],
    ["bytes=10-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=0-1,4-5", undefined],
    ["bytes=5-2", undefined],
    ["bytes=a-b", undefined],
    ["bytes=1", undefined],
    ["bytes=", undefined],
    ["items=0-1", undefined],
    ["bytes=0x1-2", undefined],
    [`bytes=${"0-1,".repeat(100)}0-1`, undefined],
  ];
  for (const [range, expected] of CASES) {
    test(`${range.slice(0, 30)} of 10 octets`, () => {
      const found = chooseRange(request({ range }), 10, VALIDATORS);
      assert.deepEqual(
        typeof found === "object" ? { start: found.start, end: found.end } : found,
        expected,
      );
    });
  }
  test("If-Range of another file means all of it", () => {
    const ask = (value: string) =>
      chooseRange(request({ range: "bytes=0-0", "if-range": value }), 10, VALIDATORS);
    assert.notEqual(ask('"abc"'), undefined);
    assert.notEqual(ask(WHEN), undefined);
    for (const other of ['"x"', 'W/"abc"', BEFORE, AFTER, "nonsense"]) {
      assert.equal(ask(other), undefined, other);
    }
  });
  test("HEAD has no ranges", () => {
    assert.equal(chooseRange(request({ range: "bytes=0-0" }, "HEAD"), 10, VALIDATORS), undefined);
  });
});

describe("acceptedCodings()", () => {
  const CASES: readonly (readonly [string | undefined, readonly string[]])[] = [
    [undefined, []],
    ["", []],
    ["gzip, deflate, br", ["br", "gzip"]],
    ["br;q=0.5, gzip;q=0.8", ["gzip", "br"]],
    ["br;q=0, gzip", ["gzip"]],
    ["*", ["br", "gzip"]],
    ["*;q=0", []],
    ["gzip, *;q=0", ["gzip"]],
    ["x-gzip", ["gzip"]],
    ["identity", []],
    ["br;q=nonsense", []],
  ];
  for (const [accept, expected] of CASES) {
    test(`${accept}`, () => {
      assert.deepEqual(acceptedCodings(accept).map(({ coding }) => coding), expected);
    });
  }
});

test("contentType() declares UTF-8 for text, and guesses nothing", () => {
  assert.equal(contentType("a.html"), "text/html; charset=utf-8");
  assert.equal(contentType("a.js"), "text/javascript; charset=utf-8");
  assert.equal(contentType("a.wasm"), "application/wasm");
  assert.equal(contentType("a.png"), "image/png");
  assert.equal(contentType("html"), "application/octet-stream");
  assert.equal(contentType("a.unknown-thing"), "application/octet-stream");
});

test("formatSize() is what people read", () => {
  const sizes = [0, 999, 1000, 1440, 99_600, 999_600, 10_485_760];
  assert.deepEqual(sizes.map(formatSize), [
    "0 B",
    "999 B",
    "1.0 kB",
    "1.4 kB",
    "100 kB",
    "1.0 MB",
    "10.5 MB",
  ]);
});
