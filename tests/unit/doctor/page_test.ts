/** What a browser makes of a page that calls the server: against a real server that answers as it is told. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { describe, test } from "node:test";
import type { Adviser } from "../../../src/doctor/advice.ts";
import type { Check } from "../../../src/doctor/check.ts";
import { pageChecks, parsePageOrigin } from "../../../src/doctor/findings/page.ts";
import { addressSpace } from "../../../src/doctor/findings/page_networks.ts";
import { plainHttpChecks } from "../../../src/doctor/findings/plain_http.ts";
import { askHttp, parseAnswer } from "../../../src/doctor/network/http_exchange.ts";
import { parseTarget } from "../../../src/doctor/target.ts";

const PAGE = new URL("http://172.16.99.40:8000");

function adviserFor(url: string): Adviser {
  return {
    program: "localtls",
    target: parseTarget(url),
    isHere: false,
    issued: undefined,
    ownRoot: undefined,
    origin: PAGE.origin,
  };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** The checks for a server that answers so, by id. */
async function checksFor(answer: Answer, page = PAGE): Promise<Map<string, Check>> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    const checks = await pageChecks(adviserFor(`http://127.0.0.1:${port}/api`), page, true);
    return new Map(checks.map((check) => [check.id, check]));
  } finally {
    server.close();
  }
}

const allow = (response: ServerResponse, headers: Record<string, string | string[]> = {}) => {
  for (
    const [name, value] of Object.entries({
      "Access-Control-Allow-Origin": PAGE.origin,
      "Access-Control-Allow-Headers": "Content-Type",
      Vary: "Origin",
      ...headers,
    })
  ) response.setHeader(name, value);
};

describe("pageChecks()", () => {
  test("a server that allows the page", async () => {
    const seen: string[] = [];
    const checks = await checksFor((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.origin}`);
      assert.equal(request.headers.cookie, undefined);
      allow(response);
      response.writeHead(request.method === "OPTIONS" ? 204 : 200).end();
    });
    assert.deepEqual(seen.sort(), [`GET /api ${PAGE.origin}`, `OPTIONS /api ${PAGE.origin}`]);
    assert.equal(checks.get("cors-preflight")?.status, "pass");
    assert.equal(checks.get("cors-answer")?.status, "pass");
    assert.equal(checks.has("cors-vary"), false);
  });

  test("a server that allows nothing, another origin, or two", async () => {
    const cases: [Record<string, string | string[]>, RegExp][] = [
      [{}, /MissingAllowOriginHeader/],
      [{ "Access-Control-Allow-Origin": "http://other.test" }, /AllowOriginMismatch/],
      [{ "Access-Control-Allow-Origin": `${PAGE.origin}/` }, /AllowOriginMismatch/],
      [{ "Access-Control-Allow-Origin": ["*", PAGE.origin] }, /MultipleAllowOriginValues/],
      [{ "Access-Control-Allow-Origin": `${PAGE.origin}, *` }, /MultipleAllowOriginValues/],
    ];
    for (const [headers, words] of cases) {
      const checks = await checksFor((_, response) => {
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        response.end();
      });
      for (const id of ["cors-preflight", "cors-answer"]) {
        assert.equal(checks.get(id)?.status, "fail", JSON.stringify(headers));
        assert.match(checks.get(id)?.message ?? "", words);
        assert.match(checks.get(id)?.fix ?? "", /--cors http:\/\/172\.16\.99\.40:8000$/);
      }
    }
  });

  test("a preflight that is refused, redirected, or answered without the header", async () => {
    for (
      const [status, words] of [[401, /credentials/], [405, /405/], [302, /redirects/]] as const
    ) {
      const checks = await checksFor((request, response) => {
        allow(response);
        response.writeHead(request.method === "OPTIONS" ? status : 200).end();
      });
      assert.equal(checks.get("cors-preflight")?.status, "fail");
      assert.match(checks.get("cors-preflight")?.message ?? "", words);
      assert.equal(checks.get("cors-answer")?.status, "pass");
    }
    const checks = await checksFor((_, response) => {
      allow(response, { "Access-Control-Allow-Headers": "X-Other" });
      response.end();
    });
    assert.equal(checks.get("cors-preflight")?.status, "warn");
  });

  test("credentials with a star, and an answer that caches may mix up", async () => {
    const star = await checksFor((_, response) => {
      allow(response, {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Credentials": "true",
      });
      response.end();
    });
    assert.equal(star.get("cors-credentials")?.status, "warn");
    const fixed = await checksFor((_, response) => {
      allow(response, { Vary: "Accept" });
      response.end();
    });
    assert.equal(fixed.get("cors-vary")?.status, "warn");
  });

  test("mixed content: an https page may not call http, save on this machine", async () => {
    const page = new URL("https://172.16.99.40");
    const blocked = await pageChecks(adviserFor("http://172.16.99.32:1"), page, false);
    assert.equal(blocked.find(({ id }) => id === "mixed-content")?.status, "fail");
    assert.deepEqual(blocked.find(({ id }) => id === "mixed-content")?.clients, ["Firefox"]);
    const named = await pageChecks(adviserFor("http://api.test:1"), page, false);
    const check = named.find(({ id }) => id === "mixed-content");
    assert.deepEqual(check?.clients, ["Chromium", "Firefox"]);
    const loopback = await pageChecks(adviserFor("http://127.0.0.1:1"), page, false);
    assert.equal(loopback.find(({ id }) => id === "mixed-content")?.status, "pass");
    const upwards = await pageChecks(adviserFor("https://172.16.99.32:1"), PAGE, false);
    assert.equal(upwards.find(({ id }) => id === "mixed-content")?.status, "pass");
    assert.equal(upwards.find(({ id }) => id === "secure-context")?.status, "warn");
  });

  test("a page of the same origin needs no CORS", async () => {
    const target = "https://172.16.99.32:1043/api";
    const checks = await pageChecks(
      adviserFor(target),
      new URL("https://172.16.99.32:1043/"),
      true,
    );
    assert.deepEqual(checks.map(({ id, status }) => [id, status]), [["local-network", "pass"], [
      "cors-answer",
      "pass",
    ]]);
  });

  test("a page of the internet that calls a local network", async () => {
    for (
      const [page, words] of [
        ["https://93.184.216.34", /ask the user/],
        ["http://93.184.216.34", /https pages alone/],
      ] as const
    ) {
      const checks = await pageChecks(adviserFor("https://10.0.0.1"), new URL(page), false);
      assert.match(checks.find(({ id }) => id === "local-network")?.message ?? "", words);
    }
  });
});

test("addressSpace() tells networks apart, and not the names of others", () => {
  const cases: Record<string, string[]> = {
    loopback: ["127.0.0.1", "127.9.9.9", "[::1]", "localhost", "a.localhost"],
    local: ["10.1.2.3", "172.16.0.1", "172.31.0.1", "192.168.0.1", "169.254.1.1", "100.64.0.1"]
      .concat(["[fd00::1]", "[fe80::1]"]),
    public: ["8.8.8.8", "172.32.0.1", "[2001:db8::1]"],
    unknown: ["app.test", "example.com", "localhost.example"],
  };
  for (const [space, hosts] of Object.entries(cases)) {
    for (const host of hosts) assert.equal(addressSpace(host), space, host);
  }
});

describe("parseAnswer()", () => {
  test("reads heads, and nothing else", () => {
    const answer = parseAnswer("HTTP/1.1 204 No Content\r\nA: 1\r\na:  2 \r\nbad line\r\n\r\nbody");
    assert.equal(answer?.status, 204);
    assert.deepEqual(answer?.headers.get("a"), ["1", "2"]);
    assert.equal(answer?.bodyStart, "body");
    assert.equal(parseAnswer("SSH-2.0-x\r\n"), undefined);
    assert.equal(parseAnswer(""), undefined);
    assert.equal(parseAnswer("HTTP/1.1 99999 x\r\n\r\n"), undefined);
  });

  test("askHttp() does not wait for a body that never ends", async () => {
    const server = createServer((_, response) => {
      response.writeHead(200);
      setInterval(() => response.write("x".repeat(500)), 5).unref();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const answer = await askHttp({
      url: new URL(`http://127.0.0.1:${port}/`),
      method: "GET",
      headers: {},
      timeoutMs: 3_000,
    });
    assert.equal(answer?.status, 200);
    server.closeAllConnections();
    server.close();
  });
});

test("plainHttpChecks() knows HTTP, HTTPS on the same port, and nobody", async () => {
  const idsOf = (checks: readonly Check[]) => checks.map(({ id, status }) => `${id} ${status}`);
  const server = createServer((request, response) => {
    if (request.url === "/tls") {
      response.writeHead(400).end("The plain HTTP request was sent to HTTPS port");
    } else response.end("hello");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const origin = `http://127.0.0.1:${port}`;
  assert.deepEqual(idsOf(await plainHttpChecks(adviserFor(`${origin}/`), undefined)), [
    "tcp-connect pass",
    "http-spoken pass",
    "http-plain warn",
  ]);
  const secure = await plainHttpChecks(adviserFor(`${origin}/tls`), undefined);
  assert.deepEqual(idsOf(secure), ["tcp-connect pass", "http-spoken fail"]);
  assert.equal(secure[1]?.fix, `localtls doctor https://127.0.0.1:${port}/tls`);
  server.close();
  const nobody = await plainHttpChecks(adviserFor("http://127.0.0.1:1"), PAGE);
  assert.equal(nobody[0]?.status, "fail");
});

test("parsePageOrigin() and parseTarget() refuse what is none", () => {
  for (const text of ["172.16.99.40:8000", "ftp://a.test", "http://u:p@a.test", ""]) {
    assert.throws(() => parsePageOrigin(text), { code: "USAGE" });
  }
  for (const text of ["ftp://a.test", "https://", "https://u@a.test", "", "https://a b"]) {
    assert.throws(() => parseTarget(text), { code: "USAGE" }, text);
  }
  const target = parseTarget("[::1]:8443");
  assert.deepEqual([target.host, target.port, target.isAddress, target.secure], [
    "::1",
    8443,
    true,
    true,
  ]);
  assert.equal(parseTarget("https://MÜNCHEN.test").host, "xn--mnchen-3ya.test");
  assert.equal(parseTarget("http://a.test").port, 80);
});
