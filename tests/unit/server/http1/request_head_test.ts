import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseRequestHead, type RequestHead } from "../../../../src/server/http1/request_head.ts";

const head = (...lines: string[]) => parseRequestHead(lines.join("\r\n"));
const read = (...lines: string[]): RequestHead => {
  const result = head(...lines);
  assert.notEqual(typeof result, "number", `refused: ${result}`);
  return result as RequestHead;
};

describe("a head that is read", () => {
  test("method, target, fields", () => {
    const { method, target, headers, rawHeaders } = read(
      "GET /a?b=%20 HTTP/1.1",
      "Host: localhost:8443",
      "ACCEPT:  text/html , */* \t",
      "X-Empty:",
    );
    assert.deepEqual([method, target], ["GET", "/a?b=%20"]);
    assert.equal(headers["host"], "localhost:8443");
    assert.equal(headers.accept, "text/html , */*");
    assert.equal(headers["x-empty"], "");
    assert.deepEqual(rawHeaders.slice(0, 3), ["Host", "localhost:8443", "ACCEPT"]);
  });
  test("fields that come twice are joined", () => {
    const { headers } = read("GET / HTTP/1.1", "Host: a", "A: 1", "a: 2", "Cookie: x", "Cookie: y");
    assert.equal(headers["a"], "1, 2");
    assert.equal(headers.cookie, "x; y");
  });
  test("a name that objects have of themselves is a field like another", () => {
    const { headers } = read("GET / HTTP/1.1", "Host: a", "constructor: 1", "__proto__: 2");
    assert.equal(headers["constructor"], "1");
    assert.equal(headers["toString"], undefined);
    assert.equal(headers["__proto__"], "2");
  });
  test("hosts of every form", () => {
    for (
      const host of ["", "a.test", "a_b:1", "127.0.0.1:8443", "[::1]", "[fe80::1%25eth0]:8443"]
    ) {
      assert.equal(read("GET / HTTP/1.1", `Host: ${host}`).headers["host"], host);
    }
  });
  test("whether the connection goes on", () => {
    const goesOn = (version: string, ...fields: string[]) =>
      read(`GET / HTTP/${version}`, "Host: a", ...fields).keepsAlive;
    assert.equal(goesOn("1.1"), true);
    assert.equal(goesOn("1.1", "Connection: close"), false);
    assert.equal(goesOn("1.1", "Connection: x, CLOSE"), false);
    assert.equal(goesOn("1.0"), false);
    assert.equal(goesOn("1.0", "Connection: Keep-Alive"), true);
    assert.equal(goesOn("1.0", "Connection: keep-alive, close"), false);
  });
  test("whether a body follows", () => {
    const hasBody = (...fields: string[]) => read("POST / HTTP/1.1", "Host: a", ...fields).hasBody;
    assert.equal(hasBody(), false);
    assert.equal(hasBody("Content-Length: 0"), false);
    assert.equal(hasBody("Content-Length: 10"), true);
    assert.equal(hasBody("Transfer-Encoding: chunked"), true);
  });
});

describe("a head that is refused", () => {
  const HOST = "Host: a";
  const CASES: readonly (readonly [string, number, readonly string[]])[] = [
    ["nothing", 400, [""]],
    ["no version", 400, ["GET /"]],
    ["two spaces", 400, ["GET  / HTTP/1.1", HOST]],
    ["a space in the target", 400, ["GET /a b HTTP/1.1", HOST]],
    ["a tab between", 400, ["GET\t/ HTTP/1.1", HOST]],
    ["HTTP in small letters", 400, ["GET / http/1.1", HOST]],
    ["HTTP/2", 505, ["PRI * HTTP/2.0"]],
    ["no host", 400, ["GET / HTTP/1.1"]],
    ["two hosts", 400, ["GET / HTTP/1.1", HOST, HOST]],
    ["a host with a path", 400, ["GET / HTTP/1.1", "Host: a/b"]],
    ["a host with a user", 400, ["GET / HTTP/1.1", "Host: a@b"]],
    ["a folded field", 400, ["GET / HTTP/1.1", HOST, "A: b", " c"]],
    ["a space before the colon", 400, ["GET / HTTP/1.1", HOST, "A : b"]],
    ["a line without a colon", 400, ["GET / HTTP/1.1", HOST, "A"]],
    ["a name that is empty", 400, ["GET / HTTP/1.1", HOST, ": b"]],
    ["a zero byte", 400, ["GET / HTTP/1.1", HOST, "A: b\0"]],
    ["a carriage return alone", 400, ["GET / HTTP/1.1", HOST, "A: b\rc"]],
    ["a line feed alone", 400, ["GET / HTTP/1.1", HOST, "A: b\nC: d"]],
    ["two lengths", 400, ["GET / HTTP/1.1", HOST, "Content-Length: 1", "Content-Length: 1"]],
    ["a list of lengths", 400, ["GET / HTTP/1.1", HOST, "Content-Length: 1, 1"]],
    ["a length with a sign", 400, ["GET / HTTP/1.1", HOST, "Content-Length: +1"]],
    ["a length below zero", 400, ["GET / HTTP/1.1", HOST, "Content-Length: -1"]],
    ["a length and a coding", 400, [
      "GET / HTTP/1.1",
      HOST,
      "Content-Length: 1",
      "Transfer-Encoding: chunked",
    ]],
    ["a coding in HTTP/1.0", 400, ["GET / HTTP/1.0", "Transfer-Encoding: chunked"]],
    ["a coding that is not known", 501, [
      "GET / HTTP/1.1",
      HOST,
      "Transfer-Encoding: gzip, chunked",
    ]],
    ["two codings", 400, [
      "GET / HTTP/1.1",
      HOST,
      "Transfer-Encoding: chunked",
      "Transfer-Encoding: chunked",
    ]],
    ["very many fields", 431, ["GET / HTTP/1.1", HOST, ...Array(300).fill("A: b")]],
  ];
  for (const [what, status, lines] of CASES) {
    test(`${what}: ${status}`, () => assert.equal(head(...lines), status));
  }
});
