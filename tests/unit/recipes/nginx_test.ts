import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LocalTlsError } from "../../../src/errors.ts";
import { parseOrigin, parseUpstream } from "../../../src/recipes/http_addresses.ts";
import { nginxServer } from "../../../src/recipes/nginx.ts";

const BASE = {
  name: "172.16.99.32",
  isIp: true,
  cert: "/srv/a.pem",
  key: "/srv/a-key.pem",
  port: 1043,
  upstream: "http://127.0.0.1:8080",
} as const;

const usage = (error: unknown) => error instanceof LocalTlsError && error.code === "USAGE";

describe("nginxServer()", () => {
  test("listens on just the address for an address", () => {
    const lines = nginxServer(BASE);
    assert.match(lines, /^ {4}listen 172\.16\.99\.32:1043 ssl;$/m);
    assert.doesNotMatch(lines, /Access-Control|map /);
  });

  test("puts brackets around an IPv6 address", () => {
    const lines = nginxServer({ ...BASE, name: "fd00::1" });
    assert.match(lines, /listen \[fd00::1\]:1043 ssl;/);
    assert.match(lines, /server_name \[fd00::1\];/);
  });

  test("listens on every address for a name", () => {
    const lines = nginxServer({ ...BASE, name: "app.test", isIp: false, port: 443 });
    assert.match(lines, /listen 443 ssl;\n {4}listen \[::\]:443 ssl;/);
  });

  test("allows the one origin and no other", () => {
    const lines = nginxServer({ ...BASE, corsOrigin: "http://172.16.99.40:8000" });
    assert.match(lines, /default "";\n {4}"http:\/\/172\.16\.99\.40:8000" \$http_origin;/);
    assert.doesNotMatch(lines, /Allow-Origin \*/);
  });

  test("quotes a path with spaces, quotes and semicolons", () => {
    const lines = nginxServer({ ...BASE, cert: '/srv/my "c"; x.pem' });
    assert.match(lines, /ssl_certificate {5}"\/srv\/my \\"c\\"; x\.pem";/);
  });

  for (const path of ["/srv/$host.pem", "/srv/a\nb.pem", "/srv/a\u0000.pem"]) {
    test(`refuses the path ${JSON.stringify(path)}`, () => {
      assert.throws(() => nginxServer({ ...BASE, cert: path }), usage);
      assert.throws(() => nginxServer({ ...BASE, key: path }), usage);
    });
  }
});

describe("parseOrigin()", () => {
  test("takes scheme, host and port", () => {
    assert.equal(parseOrigin("HTTP://172.16.99.40:8000"), "http://172.16.99.40:8000");
    assert.equal(parseOrigin("https://app.test:443/"), "https://app.test");
  });

  const refused = [
    "",
    "*",
    "null",
    "172.16.99.40:8000",
    "ftp://a.test",
    "http://a.test/path",
    "http://a.test/?q",
    "http://user@a.test",
    'http://a.test"; return 200; #',
    "http://$host",
    "http://a.test;",
    "javascript:alert(1)",
  ];
  for (const text of refused) {
    test(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseOrigin(text), usage));
  }
});

describe("parseUpstream()", () => {
  test("keeps a path, and adds none: nginx takes a slash as a rewrite", () => {
    assert.equal(parseUpstream("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
    assert.equal(parseUpstream("http://127.0.0.1:8080/"), "http://127.0.0.1:8080/");
    assert.equal(parseUpstream("https://back.test/api/"), "https://back.test/api/");
  });

  for (const text of ["unix:/run/x", "http://a.test/?q=1", "http://a$b/", "http://a;b/", "8080"]) {
    test(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseUpstream(text), usage));
  }
});
