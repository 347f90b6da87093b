/** share --serve with the built program, and visitors that mean no good. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { LOCALTLS, localtls } from "../support/localtls.ts";
import { once } from "../support/once.ts";
import { findProgram, type RunningProcess, start, waitFor } from "../support/processes.ts";
import { freshHome, scratchDirectory } from "../support/sandbox.ts";

/** The cap of the program; a test that took it from there could not fail. */
const CAP = 256;
const LIMIT = { timeout: 120_000 };

interface Site {
  readonly server: RunningProcess;
  readonly home: string;
  readonly url: string;
  readonly port: number;
  /** Of the HTTPS test page. */
  readonly securePort: number;
}

const started: RunningProcess[] = [];

/** A CA and a page on some port of the loopback. */
async function serve(prefix: readonly string[] = [], ...flags: string[]): Promise<Site> {
  const home = freshHome();
  const env = { HOME: home, NO_COLOR: "1" };
  const made = await localtls(["cert", "app.test"], { env, cwd: home });
  assert.equal(made.code, 0, made.stderr);
  if (flags.includes("--with-binaries")) {
    // What does not compress: a download that no buffer of the system holds.
    mkdirSync(join(home, "programs"));
    writeFileSync(join(home, "programs/localtls-big"), randomBytes(24 << 20));
  }
  const argv = [...prefix, LOCALTLS, "share", "--serve", "127.0.0.1:0", ...flags];
  const server = start(argv, { env, cwd: home, timeoutMs: 240_000 });
  started.push(server);
  const url = await waitFor(
    "the page",
    () => /the root is at (http:\S+)/.exec(server.output())?.[1],
    30_000,
  );
  const port = Number(new URL(url).port);
  const page = await (await fetch(url)).text();
  const securePort = Number(/href="https:\/\/127\.0\.0\.1:(\d+)\/"/.exec(page)?.[1]);
  assert.ok(securePort > 0);
  return { server, home, url, port, securePort };
}

const site = once(() => serve());

after(async () => {
  for (const one of started) await one.stop();
});

interface Answer {
  /** 0 where the connection was closed without an answer. */
  readonly status: number;
  readonly text: string;
}

/** Octets as they are; settles when the server closes the connection, and rejects when it does not. */
function ask(port: number, request: string | Buffer, limitMs = 30_000): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(request as Buffer));
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`Still open after ${limitMs} ms: ${JSON.stringify(text.slice(0, 80))}`));
    }, limitMs);
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0), text });
    };
    socket.setEncoding("latin1").on("data", (part) => text += part);
    socket.on("end", finish).on("close", finish).on("error", finish);
  });
}

const get = (path: string, fields = "Host: 127.0.0.1\r\n") =>
  Buffer.from(`GET ${path} HTTP/1.1\r\n${fields}\r\n`, "latin1");

/** Resident memory in MiB. */
function memoryOf(pid: number): number {
  const [, kibibytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return Number(kibibytes) / 1024;
}

async function assertAnswers({ port }: Site): Promise<void> {
  const { status, text } = await ask(port, get("/"));
  assert.equal(status, 200);
  assert.match(text, /<\/html>/);
}

describe("a hostile request", () => {
  const TRAVERSALS = [
    "/../issuer-key.pem",
    "/../../../../etc/passwd",
    "/%2e%2e/issuer-key.pem",
    "/%2e%2e%2fissuer-key.pem",
    "/%252e%252e%252fissuer-key.pem",
    "/..%c0%afissuer-key.pem",
    "/..\\issuer-key.pem",
    "/..%5cissuer-key.pem",
    "/bin/../../issuer-key.pem",
    "/./issuer-key.pem",
    "/issuer-key.pem",
    "/root.pem/../issuer-key.pem",
    "/root.pem%00",
    "/root.pem\0.key",
    "//127.0.0.1/issuer-key.pem",
    "//etc/passwd",
    "/etc/passwd",
    "file:///etc/passwd",
    "http://127.0.0.1/issuer-key.pem",
    "http://evil.example/",
    "/localtls.mobileconfig/..",
    "/__proto__",
    "/constructor",
    "/.git/config",
    "issuer-key.pem",
    "*",
    "",
  ];

  test("no spelling of a path leads to a file", LIMIT, async () => {
    const { port } = await site();
    for (const path of TRAVERSALS) {
      const { status, text } = await ask(port, get(path));
      assert.ok(status === 0 || status === 400 || status === 404, `${path}: ${status}`);
      assert.doesNotMatch(text, /PRIVATE KEY|root:|BEGIN/, path);
    }
    await assertAnswers(await site());
  });

  test("only GET and HEAD are answered", LIMIT, async () => {
    const { port } = await site();
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND"]) {
      const request = `${method} / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n`;
      const { status, text } = await ask(port, request);
      assert.equal(status, 405, method);
      assert.match(text, /\r\nallow: GET, HEAD\r\n/i);
    }
    for (const method of ["BREW", "get", "CONNECT", "G\x1bET", "GET\tX"]) {
      const { text } = await ask(port, `${method} / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
      assert.doesNotMatch(text, /^HTTP\/1\.1 [23]/, method);
    }
  });

  test("what is no HTTP/1.1 is closed", LIMIT, async () => {
    const { port } = await site();
    const HELLO = `16030102000100 01fc0303${"00".repeat(505)}`.replaceAll(" ", "");
    const requests: Record<string, string | Buffer> = {
      "HTTP/0.9": "GET /\r\n",
      "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
      "a ClientHello": Buffer.from(HELLO, "hex"),
      "octets": Buffer.from([0, 255, 13, 10, 13, 10]),
      "SSH": "SSH-2.0-OpenSSH_9.9\r\n\r\n",
      "a line of 100 KB": get(`/${"a".repeat(100_000)}`),
      "1 MB of fields": get("/", `Host: a\r\n${`X: ${"b".repeat(1000)}\r\n`.repeat(1000)}`),
      "a field without a name": get("/", "Host: a\r\n: b\r\n"),
      "a field that is continued": get("/", "Host: a\r\nX: 1\r\n 2\x01\r\n"),
      "no Host": get("/", ""),
      "two lengths": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n" +
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /root.pem HTTP/1.1\r\nHost: a\r\n\r\n",
    };
    for (const [what, request] of Object.entries(requests)) {
      const { status, text } = await ask(port, request);
      assert.ok(status === 0 || status >= 400, `${what}: ${status}`);
      assert.doesNotMatch(text, /<html|BEGIN/, what);
    }
    await assertAnswers(await site());
  });

  test("what follows the first request on a connection is not read", LIMIT, async () => {
    const { port } = await site();
    for (const more of ["\0\xff garbage\r\n\r\n", get("/root.pem").toString("latin1")]) {
      const { status, text } = await ask(port, get("/").toString("latin1") + more);
      assert.equal(status, 200);
      assert.equal(text.match(/^HTTP\/1\.1 /gm)?.length, 1);
      assert.doesNotMatch(text, /BEGIN CERTIFICATE/);
    }
    const body = `${get("/", "Host: a\r\nContent-Length: 5000000000\r\n").toString("latin1")}abc`;
    assert.equal((await ask(port, body)).status, 200);
  });

  test("a name of the internet that leads here is refused (DNS rebinding)", LIMIT, async () => {
    const { port } = await site();
    const hosts: [host: string, status: number][] = [
      ["127.0.0.1", 200],
      [`127.0.0.1:${port}`, 200],
      ["[::1]:80", 200],
      ["localhost", 200],
      ["laptop", 200],
      ["laptop.local:8088", 200],
      ["evil.example.com", 421],
      [`evil.example.com:${port}`, 421],
      ["127.0.0.1.evil.example.com", 421],
      ["localhost.evil.com", 421],
      ["127.0.0.1@evil.com", 421],
      ["a b", 421],
      ["<script>", 421],
    ];
    for (const [host, status] of hosts) {
      for (const path of ["/", "/root.pem"]) {
        const answer = await ask(port, get(path, `Host: ${host}\r\n`));
        assert.equal(answer.status, status, `${host}: ${answer.text}`);
        if (status === 421) assert.doesNotMatch(answer.text, /BEGIN|[0-9a-f]{64}|<script/i);
      }
    }
    assert.equal((await ask(port, "GET / HTTP/1.0\r\n\r\n")).status, 200);
  });

  test("neither terminal nor page shows what a visitor writes", LIMIT, async () => {
    const { server, port } = await serve();
    const before = server.output().length;
    const evil = '\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>"><img src=x>\x9b31m\u202e';
    for (
      const field of [
        "User-Agent",
        "Accept-Language",
        "Sec-CH-UA-Platform",
        "X-Forwarded-For",
        "Referer",
      ]
    ) {
      const request = Buffer.from(
        `GET /?lang=<script>alert(1)</script>${encodeURIComponent(evil)} HTTP/1.1\r\n` +
          `Host: 127.0.0.1\r\n${field}: ${evil}\r\n\r\n`,
      );
      const { text } = await ask(port, request);
      assert.doesNotMatch(text, /alert\(1\)|owned/, field);
      await ask(port, get(`/<script>${encodeURIComponent(evil)}`, `Host: a\r\n${field}: b\r\n`));
    }
    await ask(port, get("/\x1b[2J\x07"));
    // A field that the server takes, so that the neutralising is seen and not only a refusal.
    const polite = await ask(port, get("/", "Host: a\r\nUser-Agent: <b>Windows</b>\r\n"));
    assert.match(polite.text, /On this device: Windows/);
    assert.doesNotMatch(polite.text, /<b>Windows/);
    process.kill(server.pid, "SIGTERM");
    const { code, stdout } = await server.ended;
    assert.equal(code, 0);
    const shown = server.output().slice(before) + stdout;
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(shown, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]|owned|alert\(/);
    assert.match(shown, /127\.0\.0\.1/);
  });
});

describe("visitors that take their time", () => {
  const HALVES = [
    "",
    "GET",
    "GET /root.pem HTT",
    "GET / HTTP/1.1\r\nHost:",
    "GET / HTTP/1.1\r\nHost: a\r\n",
  ];

  test("20 slow ones are closed in time, and others are answered meanwhile", LIMIT, async () => {
    const one = await site();
    const { port } = one;
    const slow = Array.from({ length: 20 }, async (_, i) => {
      const half = HALVES[i % HALVES.length]!;
      const begun = Date.now();
      // Every other one sends an octet a second: that must not begin the time anew.
      const drips = i % 2 === 0;
      await new Promise<void>((resolve, reject) => {
        const socket = connect(port, "127.0.0.1", () => socket.write(half));
        const drip = drips ? setInterval(() => socket.write("x"), 1_000) : undefined;
        const timer = setTimeout(() => reject(new Error(`Still open: "${half}"`)), 60_000);
        socket.on("error", () => {}).resume();
        socket.on("close", () => {
          clearInterval(drip);
          clearTimeout(timer);
          resolve();
        });
      });
      return Date.now() - begun;
    });
    await assertAnswers(one);
    assert.equal((await fetch(`${one.url}root.pem`)).status, 200);
    const times = await Promise.all(slow);
    // The limit is 10 s; the runtime looks every few.
    assert.ok(Math.max(...times) < 40_000, `${times}`);
    await assertAnswers(one);
  });

  test("a download that is not taken costs no memory of its own", LIMIT, async () => {
    const one = await serve([], "--with-binaries", "programs");
    const whole = new Uint8Array(
      await (await fetch(`${one.url}localtls-share.zip`)).arrayBuffer(),
    );
    assert.ok(whole.length > 24 << 20);
    const before = memoryOf(one.server.pid);
    const sockets: Socket[] = [];
    let begun = 0;
    for (let i = 0; i < 40; i++) {
      const socket = connect(one.port, "127.0.0.1", () => {
        socket.write(get("/localtls-share.zip"));
      });
      // The first part is read, and no more.
      socket.once("data", () => {
        begun++;
        socket.pause();
      });
      socket.on("error", () => {});
      sockets.push(socket);
    }
    await waitFor("40 downloads", () => begun === 40, 30_000);
    await assertAnswers(one);
    // 40 copies would be 960 MiB.
    const grown = memoryOf(one.server.pid) - before;
    assert.ok(grown < 200, `${grown} MiB more`);
    // Whoever goes on gets all of it.
    const again = new Uint8Array(
      await (await fetch(`${one.url}localtls-share.zip`)).arrayBuffer(),
    );
    assert.ok(Buffer.from(again).equals(Buffer.from(whole)));
    for (const socket of sockets) socket.destroy();
  });
});

/** Closed sooner after its begin than the limit for slow requests, 10 s, could have closed it. */
function watchRefusal(socket: Socket, begin: string, refused: Set<Socket>): void {
  let begun: number | undefined;
  socket.on(begin, () => begun = performance.now());
  socket.on("close", () => {
    if (begun === undefined || performance.now() - begun < 8_000) refused.add(socket);
  });
  socket.on("error", () => {}).resume();
}

describe("1,000 connections at once", () => {
  test(
    "on the page: those above the cap are closed, and it answers afterwards",
    LIMIT,
    async () => {
      const one = await site();
      const before = memoryOf(one.server.pid);
      const sockets: Socket[] = [];
      let connected = 0;
      let closed = 0;
      for (let i = 0; i < 1000; i++) {
        const socket = connect(one.port, "127.0.0.1", () => connected++);
        socket.on("close", () => closed++).on("error", () => {}).resume();
        sockets.push(socket);
      }
      await waitFor("the connections", () => closed >= 1000 - CAP && connected > CAP, 30_000);
      const grown = memoryOf(one.server.pid) - before;
      assert.ok(grown < 100, `${grown} MiB more`);
      for (const socket of sockets) socket.destroy();
      await waitFor(
        "the page",
        () => ask(one.port, get("/")).then(({ status }) => status === 200),
        30_000,
      );
    },
  );

  test("on the HTTPS page: no more than the cap are served at once", LIMIT, async () => {
    const one = await site();
    const attempts = CAP + 100;
    const refused = new Set<Socket>();
    const sockets = Array.from({ length: attempts }, () => {
      const socket = connectTls({
        host: "127.0.0.1",
        port: one.securePort,
        rejectUnauthorized: false,
      }, () => {
        // Half a request keeps a place.
        socket.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n");
      });
      watchRefusal(socket, "secureConnect", refused);
      return socket;
    });
    await waitFor("the refusals", () => refused.size >= attempts - CAP, 30_000);
    for (const socket of sockets) socket.destroy();
    await waitFor("the page", async () => {
      const text = await secureGet(one.securePort).catch(() => "");
      return text.startsWith("HTTP/1.1 200");
    }, 30_000);
  });
});

function secureGet(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      socket.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    });
    socket.setEncoding("utf8").on("data", (part) => text += part);
    socket.on("close", () => resolve(text)).on("error", reject);
  });
}

describe("the key", () => {
  test("is opened by nothing once the page listens", {
    ...LIMIT,
    skip: findProgram("strace") === undefined && "strace is not installed",
  }, async () => {
    const trace = join(scratchDirectory("trace"), "calls");
    const calls = "trace=open,openat,listen";
    const one = await serve(["strace", "-f", "-qq", "-s", "200", "-o", trace, "-e", calls]);
    for (
      const path of ["/", "/localtls-share.zip", "/root.pem", "/../issuer-key.pem", "/nothing"]
    ) {
      await ask(one.port, get(path));
    }
    assert.match(await secureGet(one.securePort), /^HTTP\/1\.1 200/);
    const opens = () => readFileSync(trace, "utf8").split("\n");
    const keyAt = opens().findLastIndex((line) => line.includes("key.pem"));
    const listensAt = opens().findIndex((line) => /\blisten\(/.test(line));
    // Once, for the certificate of the test page; then the page begins to listen.
    assert.ok(keyAt >= 0 && listensAt > keyAt, `key at ${keyAt}, listen at ${listensAt}`);
  });

  test("is held open by nothing, and no answer has a part of it", LIMIT, async () => {
    const { server, home, url } = await site();
    const held = readdirSync(`/proc/${server.pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${server.pid}/fd/${fd}`);
      } catch {
        return "";
      }
    });
    assert.deepEqual(held.filter((path) => path.startsWith(home)), []);
    const state = join(home, ".local/share/localtls");
    const keys = readdirSync(state).filter((name) => name.includes("key"));
    assert.ok(keys.length > 0);
    const page = await (await fetch(url)).text();
    const links = [...page.matchAll(/href="(\/[^"]*)"/g)].map(([, path]) => path!);
    assert.ok(links.length >= 5);
    for (const path of ["/", ...links]) {
      const content = Buffer.from(await (await fetch(new URL(path, url))).arrayBuffer());
      assert.doesNotMatch(content.toString("latin1"), /PRIVATE KEY/, path);
      for (const name of keys) {
        const base64 = readFileSync(join(state, name), "utf8").replace(/-----[^-]+-----|\s/g, "");
        assert.equal(content.indexOf(Buffer.from(base64, "base64")), -1, path);
        assert.equal(content.indexOf(base64.slice(0, 40)), -1, path);
      }
    }
  });
});
