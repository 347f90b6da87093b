/**
 * `localtls proxy`: no request arrives that nobody sent, and nobody gets another's answer. Judged by a target that records
 * every octet, and by nginx.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect as connectPlain, createServer } from "node:net";
import { request as httpsRequest } from "node:https";
import { after, before, describe, test } from "node:test";
import { join } from "node:path";
import { connect } from "node:tls";
import type { NetworkHost } from "../support/netns.ts";
import { missingNginx, type Nginx, startNginx } from "../support/nginx.ts";
import { run, start, waitFor } from "../support/processes.ts";
import { scratchDirectory } from "../support/sandbox.ts";
import { openHttp2 } from "../support/raw_http2.ts";
import {
  plainAnswer,
  type RecordingTarget,
  type ScriptedAnswer,
  startRecordingTarget,
} from "../support/recording_target.ts";
import { makeScratch } from "../support/scratch.ts";
import { type Serving, startServing } from "../support/serving.ts";
import { HTTP1_CASES } from "../support/smuggling_http1.ts";
import { HTTP2_CASES } from "../support/smuggling_http2.ts";

const SLOW = { timeout: 60_000 };
/** Silence after which an answer is taken for complete. */
const QUIET_MS = 150;

/** Opens a connection that stays until the victims have been served: what the attacker closes cannot hurt them. */
async function attack(port: number, octets: string, then?: string) {
  let text = "";
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  socket.on("error", () => {});
  const quiet = () =>
    new Promise<void>((resolve) => {
      let timer = setTimeout(resolve, QUIET_MS);
      socket.on("data", () => {
        clearTimeout(timer);
        timer = setTimeout(resolve, QUIET_MS);
      });
      socket.on("close", () => resolve());
    });
  socket.on("data", (data) => text += data.toString("latin1"));
  await new Promise<void>((resolve) => socket.once("secureConnect", resolve));
  socket.write(octets, "latin1");
  await quiet();
  if (then !== undefined) {
    socket.write(then, "latin1");
    await quiet();
  }
  return { text, close: () => socket.destroy() };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** This machine, as far as nginx needs a host. */
const LOOPBACK: NetworkHost = {
  name: "loopback",
  address: "127.0.0.1",
  prefix: [],
  exec: run,
  spawn: start,
  listening: async (port) => {
    await waitFor(`port ${port}`, async () => {
      const socket = connectPlain(port, "127.0.0.1");
      return await new Promise<boolean>((resolve) => {
        socket.on("connect", () => (socket.destroy(), resolve(true)));
        socket.on("error", () => resolve(false));
      });
    });
  },
};

/** What some case means to send. */
const MEANT_SOMEWHERE = new Set(["POST /a", "POST /eager"]);

let victims = 0;

/** A client that did nothing wrong. @returns Its request, as it should arrive. */
async function victim(port: number): Promise<string> {
  const id = ++victims;
  const path = `/victim/${id}`;
  const body = await new Promise<string>((resolve) => {
    const request = httpsRequest({
      port,
      path,
      host: "127.0.0.1",
      agent: false,
      rejectUnauthorized: false,
      headers: { host: "localhost", cookie: `id=${id}` },
      timeout: 3_000,
    }, (answer) => {
      let text = "";
      answer.on("data", (data) => text += data);
      answer.on("end", () => resolve(`${answer.statusCode} ${text}`));
      answer.on("error", (error) => resolve(`${text} ${error.message}`));
    });
    request.on("timeout", () => request.destroy(new Error("no answer")));
    request.on("error", (error) => resolve(error.message));
    request.end();
  });
  assert.equal(body, `200 GET ${path} id=${id}`, "a victim got another answer than its own");
  return `GET ${path}`;
}

/** Two one after the other, and two at once. */
async function serveVictims(port: number): Promise<string[]> {
  const first = [await victim(port), await victim(port)];
  return [...first, ...await Promise.all([victim(port), victim(port)])];
}

/** nginx says the same as the recording target, and what arrived. */
const nginxServer = (port: number, log: string) => `
    log_format seen '$request_method $request_uri|$http_x_forwarded_for|$http_x_client_cert_subject';
    server {
        listen 127.0.0.1:${port};
        access_log ${log} seen;
        default_type text/plain;
        client_body_timeout 2s;
        location / { return 200 "$request_method $request_uri $http_cookie"; }
    }`;

describe("nginx", { skip: missingNginx() }, () => {
  let nginx: Nginx;
  let proxy: Serving;
  let log: string;

  before(async () => {
    const port = await freePort();
    log = join(scratchDirectory("seen"), "access.log");
    nginx = await startNginx(LOOPBACK, nginxServer(port, log), [port]);
    const words = ["proxy", String(port), "--port=0", "--host=127.0.0.1", "--timeout=2"];
    proxy = await startServing(makeScratch(), words);
  }, SLOW);

  after(async () => {
    await proxy?.process.stop();
    await nginx?.stop();
  });

  const seen = () => readFileSync(log, "utf8").split("\n").filter((line) => line !== "");

  /** nginx has bodies of requests that it answers at once sent after the answer, as many servers do. */
  async function assertMeantByNginx(from: number, meant: readonly string[]): Promise<void> {
    const victims = meant.filter((line) => line.includes("/victim/"));
    await waitFor("the log of nginx", () => {
      const lines = seen().slice(from);
      return victims.every((one) => lines.some((line) => line.startsWith(`${one}|`)));
    });
    for (const line of seen().slice(from)) {
      const [what = "", address, subject] = line.split("|");
      // A request that ends before it is whole is logged when that is noticed, whoever sent it.
      assert.ok(meant.includes(what) || MEANT_SOMEWHERE.has(what), `${what} arrived`);
      assert.deepEqual([address, subject], ["127.0.0.1", "-"]);
    }
  }

  for (const { name, octets, then, may = [] } of HTTP1_CASES) {
    test(`HTTP/1.1: ${name}`, SLOW, async () => {
      const from = seen().length;
      const attacker = await attack(proxy.port, octets, then);
      const meant = [...may, ...await serveVictims(proxy.port)];
      attacker.close();
      await assertMeantByNginx(from, [...meant, ...await serveVictims(proxy.port)]);
    });
  }

  for (const { name, may = [], ...request } of HTTP2_CASES) {
    test(`HTTP/2: ${name}`, SLOW, async () => {
      const from = seen().length;
      const attacker = await openHttp2(proxy.port);
      await attacker.send([request], QUIET_MS);
      const meant = [...may, ...await serveVictims(proxy.port)];
      attacker.close();
      await assertMeantByNginx(from, [...meant, ...await serveVictims(proxy.port)]);
    });
  }
});

const FORGED = /6\.6\.6\.6|CN=admin/;

/** What arrived is what was meant, in the octets too. */
function assertMeant({ requests, strays }: RecordingTarget, meant: readonly string[]): void {
  assert.deepEqual(strays, [], "octets arrived that are no request");
  for (const { method, target: path, fields } of requests) {
    assert.ok(meant.includes(`${method} ${path}`), `${method} ${path} arrived`);
    assert.doesNotMatch(fields.join("\n"), FORGED);
    const addresses = fields.filter((line) => /^x-forwarded-for:/i.test(line));
    assert.deepEqual(addresses.map((line) => line.toLowerCase()), ["x-forwarded-for: 127.0.0.1"]);
    const framing = fields.filter((line) => /^(?:content.length|transfer.encoding):/i.test(line));
    assert.ok(framing.length <= 1, framing.join(", "));
  }
}

const OK = "HTTP/1.1 200 OK\r\n";
const EVIL = plainAnswer("evil");
/** Answers that would leave something for the next client, by their paths. */
const SCRIPTS: Readonly<Record<string, ScriptedAnswer>> = {
  "/answer/surplus": { octets: plainAnswer("one") + EVIL },
  "/answer/surplus-line": { octets: `${plainAnswer("one")}\r\n` },
  "/answer/surplus-octets": { octets: `${plainAnswer("one")}xxxx` },
  "/answer/half-an-answer-more": { octets: `${plainAnswer("one")}${OK}Content-Length: 4\r\n` },
  "/answer/unasked-later": { octets: plainAnswer("one"), later: EVIL },
  "/answer/half-unasked-later": { octets: plainAnswer("one"), later: OK },
  "/answer/interim-later": { octets: plainAnswer("one"), later: "HTTP/1.1 100 Continue\r\n\r\n" },
  "/answer/chunks-and-more": {
    octets: `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n${EVIL}`,
  },
  "/answer/length-and-chunks": {
    octets: `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${EVIL}`,
  },
  "/answer/two-lengths": { octets: `${OK}Content-Length: 0\r\nContent-Length: 4\r\n\r\nevil` },
  "/answer/a-list-of-lengths": { octets: `${OK}Content-Length: 0, 4\r\n\r\nevil` },
  "/answer/unknown-coding": { octets: `${OK}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${EVIL}` },
  "/answer/chunked-not-last": {
    octets: `${OK}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n${EVIL}`,
  },
  "/answer/no-length": { octets: `${OK}\r\n${EVIL}` },
  "/answer/http10": { octets: `HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc`, later: EVIL },
  "/answer/http10-kept": {
    octets: `HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc`,
  },
  "/answer/http10-chunks": {
    octets: `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${EVIL}`,
  },
  "/answer/204-with-a-body": {
    octets: `HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil${EVIL}`,
  },
  "/answer/204-with-chunks": {
    octets: `HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n`,
  },
  "/answer/304-with-a-body": {
    octets: `HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil${EVIL}`,
  },
  "/answer/205-with-a-body": {
    octets: `HTTP/1.1 205 Reset Content\r\nContent-Length: 4\r\n\r\nevil`,
  },
  "/answer/interim-flood": {
    octets: "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(3_000) + plainAnswer("one"),
  },
  "/answer/interim-without-end": { octets: "HTTP/1.1 100 Continue\r\n\r\n".repeat(200) },
  "/answer/102-with-a-length": {
    octets: `HTTP/1.1 102 Processing\r\nContent-Length: 90\r\n\r\n${plainAnswer("one")}`,
  },
  "/answer/switching": {
    octets: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n" + EVIL,
  },
  "/answer/closed-in-the-body": { octets: `${OK}Content-Length: 90\r\n\r\nabc`, closes: true },
  "/answer/closed-in-a-chunk": {
    octets: `${OK}Transfer-Encoding: chunked\r\n\r\n90\r\nabc`,
    closes: true,
  },
  "/answer/closing": { octets: plainAnswer("one", "Connection: close\r\n") + EVIL },
  "/answer/line-feeds": { octets: `HTTP/1.1 200 OK\nContent-Length: 0\n\n${EVIL}` },
  "/answer/space-before-colon": { octets: `${OK}Content-Length : 0\r\n\r\n${EVIL}` },
  "/answer/folded": { octets: `${OK}A: b\r\n Content-Length: 90\r\nContent-Length: 0\r\n\r\n` },
  "/answer/early": { octets: plainAnswer("early"), when: "head" },
};

describe("a target that records every octet", () => {
  let target: RecordingTarget;
  let proxy: Serving;

  before(async () => {
    target = await startRecordingTarget(SCRIPTS);
    proxy = await startServing(makeScratch(), [
      "proxy",
      `http://127.0.0.1:${target.port}`,
      ...["--port=0", "--host=127.0.0.1", "--timeout=2"],
    ]);
  }, SLOW);

  after(async () => {
    await proxy?.process.stop();
    target?.close();
  });

  test("there are at least 90 of each kind together, and no two of one name", () => {
    const names = [...HTTP1_CASES, ...HTTP2_CASES.map(({ name }) => ({ name: `2 ${name}` }))]
      .map(({ name }) => name);
    assert.ok(names.length >= 200, `${names.length}`);
    assert.equal(new Set(names).size, names.length);
  });

  for (const { name, octets, then, may = [] } of HTTP1_CASES) {
    test(`HTTP/1.1: ${name}`, SLOW, async () => {
      target.forget();
      const attacker = await attack(proxy.port, octets, then);
      const meant = [...may, ...await serveVictims(proxy.port)];
      attacker.close();
      assertMeant(target, [...meant, ...await serveVictims(proxy.port)]);
    });
  }

  for (const { name, may = [], ...request } of HTTP2_CASES) {
    test(`HTTP/2: ${name}`, SLOW, async () => {
      target.forget();
      const attacker = await openHttp2(proxy.port);
      await attacker.send([request], QUIET_MS);
      const meant = [...may, ...await serveVictims(proxy.port)];
      attacker.close();
      assertMeant(target, [...meant, ...await serveVictims(proxy.port)]);
      const made = target.requests.find((one) => !one.target.startsWith("/victim/"));
      const isHalf = request.ends === "reset" || request.ends === "never";
      assert.ok(!isHalf || made?.isWhole !== true, "half of a body looked like all of it");
    });
  }

  for (const path of Object.keys(SCRIPTS)) {
    for (const method of ["GET", "HEAD", "POST"]) {
      test(`${method} ${path} leaves nothing for the next client`, SLOW, async () => {
        target.forget();
        const body = method === "POST" ? "Content-Length: 3\r\n\r\nabc" : "\r\n";
        const octets = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${body}`;
        const attacker = await attack(proxy.port, octets);
        const meant = await serveVictims(proxy.port);
        attacker.close();
        assertMeant(target, [`${method} ${path}`, ...meant]);
      });
    }
  }

  /** Connections that a request and the victim after it came over. */
  const connectionsOf = async (octets: string, then?: string): Promise<number[]> => {
    target.forget();
    const attacker = await attack(proxy.port, octets, then);
    await victim(proxy.port);
    attacker.close();
    return target.requests.map(({ connection }) => connection);
  };
  const get = (path: string, fields = "") =>
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;
  const post = (path: string, length: number) =>
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\nabc`;
  const UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

  describe("a connection to the target serves the next client", () => {
    const KEPT = { "after a GET": get("/a"), "after a POST": post("/a", 3) };
    for (const [what, octets] of Object.entries(KEPT)) {
      test(what, SLOW, async () => assert.deepEqual(await connectionsOf(octets), [0, 0]));
    }
  });

  describe("a connection to the target is closed, and the next client gets another", () => {
    const CLOSED: Readonly<Record<string, readonly [string, string?]>> = {
      "after an upgrade that was refused": [get("/a", UPGRADE)],
      "after an upgrade that was refused early": [get("/answer/early", UPGRADE)],
      "after an answer before the body": [post("/eager", 90)],
      "after an answer before the body, which came then": [post("/eager", 8), "abcde"],
      "after HTTP/1.0": [get("/answer/http10")],
      "after HTTP/1.0 that is to be kept": [get("/answer/http10-kept")],
      "after an answer that has more behind it": [get("/answer/surplus")],
      "after an answer that another one followed": [get("/answer/unasked-later")],
      "after interim answers without end": [get("/answer/interim-flood")],
      "after half of an answer": [get("/answer/closed-in-the-body")],
      "after a length and chunks": [get("/answer/length-and-chunks")],
    };
    for (const [what, [octets, then]] of Object.entries(CLOSED)) {
      test(what, SLOW, async () => assert.deepEqual(await connectionsOf(octets, then), [0, 1]));
    }
  });

  describe("what is clear arrives", () => {
    const H = "Host: localhost\r\n";
    const CHUNKED = "Transfer-Encoding: chunked\r\n";
    const CLEAR: Readonly<Record<string, readonly [string, string, string, string]>> = {
      "a length": [`POST /x HTTP/1.1\r\n${H}Content-Length: 3\r\n\r\nabc`, "POST", "/x", "abc"],
      "chunks": [`PUT /x HTTP/1.1\r\n${H}${CHUNKED}\r\n3\r\nabc\r\n0\r\n\r\n`, "PUT", "/x", "abc"],
      "GET with a body": [
        `GET /x HTTP/1.1\r\n${H}Content-Length: 3\r\n\r\nabc`,
        "GET",
        "/x",
        "abc",
      ],
      "OPTIONS": [`OPTIONS /x HTTP/1.1\r\n${H}\r\n`, "OPTIONS", "/x", ""],
      "a method of one's own": [`PROPFIND /x HTTP/1.1\r\n${H}\r\n`, "PROPFIND", "/x", ""],
      "absolute form": [`GET https://localhost/x?y HTTP/1.1\r\n${H}\r\n`, "GET", "/x?y", ""],
      "absolute form without a path": [
        `GET http://localhost?y HTTP/1.1\r\n${H}\r\n`,
        "GET",
        "/?y",
        "",
      ],
    };
    for (const [what, [octets, method, path, body]] of Object.entries(CLEAR)) {
      test(`HTTP/1.1: ${what}`, SLOW, async () => {
        target.forget();
        (await attack(proxy.port, octets)).close();
        const seen = target.requests.map((one) => [one.method, one.target, one.body, one.isWhole]);
        assert.deepEqual(seen, [[method, path, body, true]]);
      });
    }
    for (const method of ["GET", "DELETE", "OPTIONS", "POST", "PROPFIND", "QUERY"]) {
      for (const length of [true, false]) {
        test(
          `HTTP/2: ${method} with a body, ${length ? "with" : "without"} a length`,
          SLOW,
          async () => {
            target.forget();
            const client = await openHttp2(proxy.port);
            const fields = [[":method", method], [":path", "/x"], [":scheme", "https"], [
              ":authority",
              "localhost",
            ], ...(length ? [["content-length", "6"]] : [])] as [string, string][];
            const { bodies } = await client.send([{ fields, data: ["abc", "def"] }]);
            client.close();
            assert.deepEqual(bodies, [`${method} /x `]);
            const seen = target.requests.map((one) => [one.method, one.body, one.isWhole]);
            assert.deepEqual(seen, [[method, "abcdef", true]]);
          },
        );
      }
    }
  });

  test("absolute form is judged by its host, which takes the place of Host", SLOW, async () => {
    target.forget();
    const ask = async (uri: string, host: string) => {
      const { text, close } = await attack(
        proxy.port,
        `GET ${uri} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      );
      close();
      return text.slice(9, 12);
    };
    assert.equal(await ask("http://evil.example/x", "localhost"), "421");
    assert.equal(await ask("https://evil.example:443/x", "localhost"), "421");
    assert.equal(await ask("https://localhost:8443/x", "evil.example"), "200");
    const hosts = target.requests.flatMap(({ fields }) =>
      fields.filter((line) => /^(?:x-forwarded-)?host:/i.test(line))
    );
    assert.deepEqual(hosts.map((line) => line.toLowerCase()).sort(), [
      "host: localhost:8443",
      "x-forwarded-host: localhost:8443",
    ]);
  });

  const FORGERIES = ["X+Real+IP", "X.Real.IP", "X_Real_IP", "X-Real~IP", "x!forwarded!for"]
    .concat("X.Forwarded.Port", "X_Forwarded-For", "X'Forwarded'Proto", "X*Client*Cert*Subject")
    .concat("X_Client_Cert", "Client.Cert", "Forwarded", "X-Forwarded", "Proxy", "PROXY")
    .concat("Content_Length", "Transfer.Encoding", "X-Forwarded-Prefix", "Upgrade_", "Proxy|");
  const arrives = (name: string) => /^(?:Upgrade_|Proxy\|)$/.test(name);

  for (const version of ["HTTP/1.1", "HTTP/2"]) {
    test(`${version}: no field passes that a target takes for the proxy's own`, SLOW, async () => {
      target.forget();
      const trailers: [string, string][] = [["x-real-ip", "forged"], ["x_forwarded_for", "forged"]];
      if (version === "HTTP/2") {
        const client = await openHttp2(proxy.port);
        const usual = { ":method": "POST", ":path": "/x", ":scheme": "https" };
        const fields = [...Object.entries({ ...usual, ":authority": "localhost" })];
        fields.push(...FORGERIES.map((name): [string, string] => [name.toLowerCase(), "forged"]));
        await client.send([{ fields, data: ["abc"], trailers }]);
        client.close();
      } else {
        const lines = FORGERIES.map((name) => `${name}: forged\r\n`).join("");
        const own =
          "Connection: X-Forwarded-For, X-Forwarded-Proto, Forwarded, Host, X_Real_IP\r\n";
        const head = `POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n`;
        const tail = trailers.map((field) => `${field.join(": ")}\r\n`).join("");
        const octets = `${head}${own}${lines}\r\n3\r\nabc\r\n0\r\n${tail}\r\n`;
        (await attack(proxy.port, octets)).close();
      }
      const [request] = target.requests;
      const forged = request!.fields.filter((line) => line.endsWith("forged"));
      const expected = FORGERIES.filter(arrives).map((name) => `${name.toLowerCase()}: forged`);
      assert.deepEqual(forged, expected);
      const names = request!.fields.map((line) => line.split(":")[0]!.toLowerCase());
      for (const name of ["host", "forwarded", "x-forwarded-for", "x-forwarded-proto"]) {
        assert.equal(names.filter((one) => one === name).length, 1, name);
      }
    });
  }
});
