import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { describe, test } from "node:test";
import { type NodeRequest, originForm, requestHost } from "../../../src/server/exchange.ts";
import { isReserved, requestFields, responseFields } from "../../../src/server/proxy/fields.ts";
import {
  belowRoute,
  findRoute,
  isOfOneRoute,
  isPlainTarget,
  orderRoutes,
  parseRoute,
  parseUpstream,
  upstreamPath,
} from "../../../src/server/proxy/routes.ts";
import { mayServeAgain } from "../../../src/server/proxy/pool_rules.ts";
import { faultOf, upgradeFaultOf } from "../../../src/server/proxy/request_rules.ts";

describe("parseUpstream()", () => {
  const READ: readonly (readonly [string, string])[] = [
    ["3000", "http://127.0.0.1:3000/"],
    ["localhost:3000", "http://localhost:3000/"],
    ["[::1]:3000", "http://[::1]:3000/"],
    ["https://172.16.99.32:1043", "https://172.16.99.32:1043/"],
    ["http://a.test/v1", "http://a.test/v1"],
  ];
  for (const [text, href] of READ) {
    test(`reads ${text}`, () => assert.equal(parseUpstream(text).href, href));
  }
  const REFUSED = ["", "ftp://a", "http://", "http://u:p@a", "http://a?b", "http://a#b", "./dist"];
  for (const text of [...REFUSED, "http://a:0", "http://a:99999", "a b"]) {
    test(`refuses "${text}"`, () => assert.throws(() => parseUpstream(text), { code: "USAGE" }));
  }
});

describe("routes", () => {
  test("parseRoute() tells servers from directories", () => {
    assert.deepEqual(parseRoute("/=./dist"), {
      path: "/",
      target: { kind: "directory", directory: "./dist" },
    });
    assert.equal(parseRoute("/api/=3000").path, "/api");
    assert.equal(parseRoute("/api=3000").target.kind, "upstream");
    assert.equal(parseRoute("/x=/srv/www").target.kind, "directory");
  });
  for (
    const text of ["", "api=3000", "/api", "/api=", "=3000", "/a b=3000", "/%61=3000", "//a=1"]
  ) {
    test(`parseRoute() refuses "${text}"`, () => {
      assert.throws(() => parseRoute(text), { code: "USAGE" });
    });
  }
  test("the longest path wins, on whole names", () => {
    const routes = orderRoutes(["/=1", "/api=2", "/api/v2=3"].map(parseRoute));
    const paths = ["/", "/api", "/api?x", "/api/", "/api/v2", "/api/v22", "/apis", "/x/api"];
    assert.deepEqual(
      paths.map((path) => findRoute(routes, path)?.path),
      ["/", "/api", "/api", "/api", "/api/v2", "/api", "/", "/"],
    );
    assert.throws(() => orderRoutes(["/a=1", "/a/=2"].map(parseRoute)), { code: "USAGE" });
    assert.equal(findRoute([parseRoute("/api=1")], "/other"), undefined);
  });
  test("a path of the target takes the place of the route's", () => {
    const route = parseRoute("/api=3000");
    assert.equal(upstreamPath(route, new URL("http://a"), "/api/x?y"), "/api/x?y");
    assert.equal(upstreamPath(route, new URL("http://a/v1/"), "/api/x?y"), "/v1/x?y");
    assert.equal(upstreamPath(route, new URL("http://a/v1"), "/api?y"), "/v1/?y");
    assert.equal(belowRoute(route, "/api"), "/");
    assert.equal(belowRoute(parseRoute("/=1"), "/a"), "/a");
  });
  test("isPlainTarget() takes what everybody reads alike", () => {
    for (const target of ["/", "/a/b?c=../d", "/a..b", "/a%20b", "/...", "/a?x=%2e%2e"]) {
      assert.equal(isPlainTarget(target), true, target);
    }
    for (
      const target of [
        "*",
        "http://a/",
        "/a/../b",
        "/%2e%2e/a",
        "/.%2E/a",
        "/a/..%2fb",
        "/a%5c..%5cb",
        "/a\\..\\b",
        "/./a",
        "/a#b",
        "/a b",
        "/\u00e4",
        "",
      ]
    ) {
      assert.equal(isPlainTarget(target), false, target);
    }
  });
});

describe("paths that leave their route for some servers", () => {
  const LEAVING = [
    "/api/..;/admin",
    "/api/..;x=y/admin",
    "/api/%2e%2e;/admin",
    "/api/%2e%2e%3b/admin",
    "/api/%2E.%3Bx/admin",
    "/api/.;/x",
    "/api/.;x=/..;/admin",
    "/api/%252e%252e/admin",
    "/api/%252e%252e%253b/admin",
    "/api/%25252e%25252e%25252fadmin",
    "/api/%%32%65%%32%65/admin",
    "/api/..%255cadmin",
    "/api/..%00/admin",
    "/api/..%20/admin",
    "/api/..%09/admin",
    "/api/..%23/admin",
    "/api/..%3f/admin",
    "/api/%c0%ae%c0%ae/admin",
    "/api/..%c0%afadmin",
    "/api/%u002e%u002e/admin",
    "/api\\..;\\admin",
    "/api/..;",
    "/..;/..;",
    `/%${"25".repeat(40)}2e`,
  ];
  for (const target of LEAVING) {
    test(`${target.slice(0, 40)} is refused`, () => assert.equal(isPlainTarget(target), false));
  }
  for (
    const target of [
      "/api/a;v=1/b",
      "/api/a%3bb",
      "/api/a..;b",
      "/api/...;/b",
      "/api/%25",
      "/api/100%",
      "/api/%e4%ae%af",
      "/api/@a%2fb",
      "/api/x?p=..;/y&q=%2e%2e%3b",
      "/api/.well-known/..x",
    ]
  ) {
    test(`${target} is taken`, () => assert.equal(isPlainTarget(target), true));
  }
  test("no path is below one route here and below another there", () => {
    const routes = orderRoutes(["/=1", "/admin=2"].map(parseRoute));
    for (const target of ["/admin", "/admin/a;b", "/a;b", "/admins", "/x//y", "/?/admin;"]) {
      assert.equal(isOfOneRoute(routes, target), true, target);
    }
    for (
      const target of [
        "/admin;x",
        "/admin;x/y",
        "//admin",
        "/%61dmin/x",
        "/x;/../admin;",
        "/;a/admin",
      ]
        .concat("/%2561dmin", "/admin%2fx", "/admin%3bx", "/\\admin")
    ) {
      assert.equal(isPlainTarget(target) && isOfOneRoute(routes, target), false, target);
    }
    assert.equal(isOfOneRoute([parseRoute("/=1")], "//x;y/%61"), true);
  });
});

describe("faultOf() and upgradeFaultOf()", () => {
  const make = (method: string, fields: readonly string[][], more: object = {}) => {
    const headers = Object.fromEntries(fields.map(([name, value]) => [name!.toLowerCase(), value]));
    const rawHeaders = fields.flat();
    const version = { httpVersionMajor: 1, httpVersionMinor: 1 };
    return { method, url: "/", headers, rawHeaders, ...version, ...more } as unknown as NodeRequest;
  };
  const HOST = ["Host", "a.test"];
  const overHttp2 = { httpVersionMajor: 2, httpVersionMinor: 0, stream: {} };
  test("what is clear passes", () => {
    const length = ["Content-Length", "5"];
    assert.equal(faultOf(make("GET", [HOST]), false), undefined);
    assert.equal(faultOf(make("POST", [HOST, length]), true), undefined);
    assert.equal(faultOf(make("POST", [HOST, ["Transfer-Encoding", "Chunked"]]), true), undefined);
    assert.equal(faultOf(make("TRACE", [HOST]), false), undefined);
    assert.equal(faultOf(make("GET", [[":authority", "a.test"]], overHttp2), false), undefined);
    assert.equal(faultOf(make("GET", [HOST, ["te", "trailers"]], overHttp2), false), undefined);
    assert.equal(upgradeFaultOf(make("GET", [HOST])), undefined);
    assert.equal(upgradeFaultOf(make("GET", [HOST, ["content-length", "0"]])), undefined);
  });
  const UNCLEAR: readonly (readonly [string, string[][], object?])[] = [
    ["GET", []],
    ["GET", [HOST, HOST]],
    ["GET", [["Host", "a b"]]],
    ["GET", [["Host", "a/b"]]],
    ["GET", [["Host", ""]]],
    ["GE T", [HOST]],
    ["", [HOST]],
    ["CONNECT", [HOST]],
    ["TRACE", [HOST]],
    ["GET", [HOST], { httpVersionMajor: 2, httpVersionMinor: 0 }],
    ["GET", [HOST], { httpVersionMinor: 2 }],
    ["POST", [HOST, ["Content-Length", "5"], ["content-length", "5"]]],
    ["POST", [HOST, ["Content-Length", "5, 5"]]],
    ["POST", [HOST, ["Content-Length", "+5"]]],
    ["POST", [HOST, ["Content-Length", ""]]],
    ["POST", [HOST, ["Content-Length", "5"], ["Transfer-Encoding", "chunked"]]],
    ["POST", [HOST, ["Transfer-Encoding", "chunked"], ["Transfer-Encoding", "x"]]],
    ["POST", [HOST, ["Transfer-Encoding", "gzip, chunked"]]],
    ["POST", [HOST, ["Transfer-Encoding", "chunked"]], { httpVersionMinor: 0 }],
    ["POST", [HOST, ["a b", "c"]]],
    ["POST", [HOST, ["a:b", "c"]]],
    ["POST", [HOST, ["a", "b\r\nc: d"]]],
    ["POST", [HOST, ["a", "b\0"]]],
    ["POST", [HOST, ["transfer-encoding", "chunked"]], overHttp2],
    ["GET", [HOST, ["connection", "close"]], overHttp2],
    ["GET", [HOST, ["upgrade", "websocket"]], overHttp2],
    ["GET", [HOST, ["te", "chunked"]], overHttp2],
    ["GET", [HOST, [":authority", "b.test"]], overHttp2],
  ];
  for (const [method, fields, more] of UNCLEAR) {
    test(`${method} ${JSON.stringify(fields)} ${JSON.stringify(more ?? {})} is refused`, () => {
      assert.match(faultOf(make(method, fields, more), true) ?? "", /\.$/);
    });
  }
  const BODIES = [
    ["GET", "content-length", "5"],
    ["GET", "content-length", "0, 5"],
    ["GET", "content-length", "+0"],
    ["GET", "transfer-encoding", "chunked"],
    ["GET", "transfer-encoding", ""],
    ["POST", "a", "b"],
    ["HEAD", "a", "b"],
  ];
  for (const [method, name, value] of BODIES) {
    test(`an upgrade by ${method} with ${name}: ${value} is refused`, () => {
      assert.match(upgradeFaultOf(make(method!, [HOST, [name!, value!]])) ?? "", /\.$/);
    });
  }
  test("an upgrade in HTTP/1.0 is refused", () => {
    assert.match(upgradeFaultOf(make("GET", [HOST], { httpVersionMinor: 0 })) ?? "", /\.$/);
  });
  test("a target in absolute form says which host is asked", () => {
    const at = (url: string, more: object = {}) =>
      make("GET", [["host", "a.test"]], { url, ...more });
    const read = (url: string) => [requestHost(at(url)), originForm(at(url))];
    assert.deepEqual(read("/x"), ["a.test", "/x"]);
    assert.deepEqual(read("http://b.test:1/x?y"), ["b.test:1", "/x?y"]);
    assert.deepEqual(read("HTTPS://b.test"), ["b.test", "/"]);
    assert.deepEqual(read("http://b.test?y"), ["b.test", "/?y"]);
    assert.deepEqual(read("ftp://b.test/"), ["a.test", "ftp://b.test/"]);
    for (const url of ["http://u@b.test/", "http:///x", "http://b.test\\@c/"]) {
      const isRefused = faultOf(at(url), false) !== undefined ||
        !isPlainTarget(originForm(at(url)));
      assert.equal(isRefused, true, url);
    }
    assert.equal(originForm(at("http://b.test/x", overHttp2)), "http://b.test/x");
  });
});

describe("mayServeAgain()", () => {
  const facts = { asksForProtocol: false, isWhole: true, httpVersion: "1.1" };
  test("after a whole request and an answer of HTTP/1.1 alone", () => {
    assert.equal(mayServeAgain(facts), true);
    assert.equal(mayServeAgain({ ...facts, asksForProtocol: true }), false);
    assert.equal(mayServeAgain({ ...facts, isWhole: false }), false);
    assert.equal(mayServeAgain({ ...facts, httpVersion: "1.0" }), false);
  });
});

describe("isReserved()", () => {
  for (const separator of "-_.+!#$%&'*^`|~") {
    test(`with ${separator} between the words`, () => {
      for (const name of ["x-forwarded-for", "x-real-ip", "x-client-cert-subject", "client-cert"]) {
        assert.equal(isReserved(name.replaceAll("-", separator)), true, name);
      }
      if (separator === "-") return;
      for (const name of ["content-length", "transfer-encoding", "proxy-authorization"]) {
        assert.equal(isReserved(name.replaceAll("-", separator)), true, name);
      }
    });
  }
  test("others are not", () => {
    for (const name of ["proxy", "forwarded", "x-forwarded"]) assert.equal(isReserved(name), true);
    const free = [
      "host",
      "content-length",
      "x_api_key",
      "x-real-ips",
      "xrealip",
      "proxy-x",
      "cookie",
    ];
    for (const name of free) assert.equal(isReserved(name), false, name);
  });
});

describe("requestFields()", () => {
  const make = (
    headers: Record<string, string>,
    socket: object = { remoteAddress: "::ffff:172.16.99.40" },
  ) => ({ headers: { host: "a.test:8443", ...headers }, socket }) as unknown as NodeRequest;
  const url = new URL("http://127.0.0.1:3000");
  const keep = { host: "keep", passCertificate: false } as const;

  test("what is for the neighbour alone does not pass", () => {
    const fields = requestFields(
      make({
        connection: "close, X-Drop, Host, Content-Length",
        "x-drop": "1",
        "x-keep": "1",
        "content-length": "3",
        "keep-alive": "1",
        te: "trailers",
        "transfer-encoding": "chunked",
        upgrade: "h2c",
        "proxy-authorization": "x",
        expect: "100-continue",
      }),
      url,
      keep,
    );
    const names = Object.keys(fields).filter((name) => !/^(?:x-)?forwarded/.test(name)).sort();
    assert.deepEqual(names, ["content-length", "host", "x-keep"]);
  });
  test("a client cannot say what the proxy says", () => {
    const forged = {
      "x-forwarded-for": "6.6.6.6",
      "x-forwarded-proto": "http",
      "x-forwarded-prefix": "/x",
      x_forwarded_for: "6.6.6.6",
      forwarded: "for=6.6.6.6",
      "x-real-ip": "6.6.6.6",
      "client-cert": ":x:",
      client_cert: ":x:",
      "x-client-cert-subject": "CN=admin",
      "x-client-cert-fingerprint": "00",
    };
    const fields = requestFields(make(forged), url, keep);
    assert.deepEqual(fields, {
      host: "a.test:8443",
      "x-forwarded-for": "172.16.99.40",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "a.test:8443",
      forwarded: 'for=172.16.99.40;host="a.test:8443";proto=https',
    });
  });
  test("an IPv6 address is quoted, a host cannot end its quotes", () => {
    const request = make({ host: 'a";for=6' }, { remoteAddress: "fd00::2" });
    assert.equal(
      requestFields(request, url, keep)["forwarded"],
      'for="[fd00::2]";host="afor6";proto=https',
    );
  });
  test("the host is the client's, the target's, or the one that was given", () => {
    const host = (of: "keep" | "target" | { name: string }) =>
      requestFields(make({}), url, { host: of, passCertificate: false })["host"];
    assert.equal(host("keep"), "a.test:8443");
    assert.equal(host("target"), "127.0.0.1:3000");
    assert.equal(host({ name: "b.test" }), "b.test");
  });
  test("the certificate that was verified is passed on (RFC 9440)", () => {
    const certificate = {
      raw: new Uint8Array([1, 2, 3]),
      subject: { CN: "Jürgen\r\nX: y" },
      fingerprint256: "AA:BB",
    };
    const raw = { toString: () => "AQID" };
    const socket = {
      remoteAddress: "10.0.0.1",
      getPeerCertificate: () => ({ ...certificate, raw }),
    };
    const fields = requestFields(make({ "client-cert": "x" }, socket), url, {
      host: "keep",
      passCertificate: true,
    });
    assert.equal(fields["client-cert"], ":AQID:");
    assert.equal(fields["x-client-cert-fingerprint"], "aabb");
    assert.equal(fields["x-client-cert-subject"], "CN=J%C3%BCrgen%0D%0AX: y");
  });
});

describe("responseFields()", () => {
  const answer = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage;
  const request = { httpVersionMajor: 1 } as NodeRequest;
  const fields = (headers: Record<string, string>, target = "http://127.0.0.1:3000", path = "/") =>
    responseFields(answer(headers), request, { url: new URL(target), path, withCors: false });

  const LOCATIONS: readonly (readonly [string, string, string, string])[] = [
    ["http://127.0.0.1:3000/a?b", "http://127.0.0.1:3000", "/", "/a?b"],
    ["http://127.0.0.1:3000/v1/a", "http://127.0.0.1:3000/v1", "/api", "/api/a"],
    [
      "http://127.0.0.1:3000/other",
      "http://127.0.0.1:3000/v1",
      "/api",
      "http://127.0.0.1:3000/other",
    ],
    ["http://127.0.0.1:3000//evil.example", "http://127.0.0.1:3000", "/", "/evil.example"],
    ["https://elsewhere.test/", "http://127.0.0.1:3000", "/", "https://elsewhere.test/"],
    ["/relative", "http://127.0.0.1:3000", "/", "/relative"],
  ];
  for (const [location, target, path, expected] of LOCATIONS) {
    test(`Location ${location} of ${target} at ${path}`, () => {
      assert.equal(fields({ location }, target, path)["location"], expected);
    });
  }
  test("its own CORS fields go where the proxy has some, and stay where not", () => {
    const headers = { "access-control-allow-origin": "*", "x-a": "1" };
    const place = { url: new URL("http://a"), path: "/" };
    const without = responseFields(answer(headers), request, { ...place, withCors: true });
    assert.deepEqual(without, { "x-a": "1" });
    assert.deepEqual(fields(headers), headers);
  });
});
