import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { corsFields, isPreflight, joinVary } from "../../../src/server/cors.ts";
import type { WebRequest } from "../../../src/server/exchange.ts";
import { escapeHtml } from "../../../src/server/page.ts";
import { parseAllowedOrigins } from "../../../src/commands/serving/origins.ts";

const request = (headers: Record<string, string>, method = "GET") =>
  ({ method, headers }) as unknown as WebRequest;

describe("corsFields()", () => {
  const allowed = ["https://a.test"];
  test("a named origin gets itself back, with credentials", () => {
    assert.deepEqual(corsFields(request({ origin: "https://a.test" }), allowed), {
      "access-control-allow-origin": "https://a.test",
      "access-control-allow-credentials": "true",
      vary: "Origin",
    });
  });
  for (const origin of ["https://b.test", "null", "https://a.test.evil", "http://a.test", ""]) {
    test(`${origin || "an empty origin"} gets nothing`, () => {
      assert.deepEqual(corsFields(request({ origin }), allowed), { vary: "Origin" });
    });
  }
  test("every origin never gets credentials", () => {
    const fields = corsFields(request({ origin: "https://b.test" }), "*");
    assert.equal(fields["access-control-allow-origin"], "*");
    assert.equal(fields["access-control-allow-credentials"], undefined);
  });
});

test("isPreflight() is OPTIONS with both fields", () => {
  const fields = { origin: "https://a.test", "access-control-request-method": "PUT" };
  assert.equal(isPreflight(request(fields, "OPTIONS")), true);
  assert.equal(isPreflight(request(fields)), false);
  assert.equal(isPreflight(request({ origin: "https://a.test" }, "OPTIONS")), false);
});

test("joinVary() names each field once", () => {
  assert.equal(joinVary("Origin", "accept-encoding, origin"), "origin, accept-encoding");
  assert.equal(joinVary(undefined, "Origin"), "Origin");
});

test("parseAllowedOrigins() reads lists, and refuses what is no origin", () => {
  assert.equal(parseAllowedOrigins(undefined), undefined);
  assert.equal(parseAllowedOrigins(""), "*");
  assert.deepEqual(parseAllowedOrigins("https://a.test, http://b.test:81"), [
    "https://a.test",
    "http://b.test:81",
  ]);
  for (const text of ["./dist", "a.test", "https://a.test/x", "https://a.test,"]) {
    assert.throws(() => parseAllowedOrigins(text), { code: "USAGE" }, text);
  }
});

test("escapeHtml() leaves nothing that ends an attribute or begins a tag", () => {
  assert.equal(escapeHtml(`<a b='c' d="e">&`), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;");
});
