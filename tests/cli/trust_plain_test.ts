/** `trust http://HOST:PORT --fingerprint SHA256` with servers that are not what they should be. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { LocaltlsResult } from "../support/localtls.ts";
import { mustRun } from "../support/processes.ts";
import { makeScratch, snapshot } from "../support/scratch.ts";

const LIMIT = { timeout: 120_000 };
const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

const owner = makeScratch();
const visitor = makeScratch();
const only = ["--stores", "system,nss", "--json"];

let root = "";
let leaf = "";
let key = "";
let sha256 = "";

/** What the server does with a connection, by path. */
const behaviours = new Map<string, (socket: Socket) => void>();
const asked: string[] = [];
const sockets = new Set<Socket>();
const server = onConnection((socket) => {
  socket.once("data", (data) => {
    const [, path = ""] = String(data).split(" ");
    asked.push(path);
    (behaviours.get(path) ?? behaviours.get("/404")!)(socket);
  });
});
/** A proxy that must see nothing. */
let trapped = 0;
const trap = onConnection((socket) => {
  trapped++;
  socket.end();
});

function onConnection(behave: (socket: Socket) => void): Server {
  return createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    behave(socket);
  });
}

async function listen(one: Server): Promise<number> {
  await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
  const bound = one.address();
  assert.ok(typeof bound === "object" && bound !== null);
  return bound.port;
}

const answer = (body: string, head = "200 OK\r\nContent-Type: application/x-pem-file") =>
(
  socket: Socket,
) =>
  void socket.end(
    `HTTP/1.1 ${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );

const sha256Of = (pem: string) =>
  createHash("sha256")
    .update(Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64")).digest("hex");

let origin = "";
let proxy = "";

before(async () => {
  const made = await owner.run(["cert", "app.test"]);
  assert.equal(made.code, 0, made.stderr);
  root = readFileSync(join(owner.state, "root.pem"), "utf8");
  [leaf = ""] = readFileSync(join(owner.work, "app.test.pem"), "utf8").split(
    /(?<=END CERTIFICATE-----\n)/,
  );
  key = readFileSync(join(owner.work, "app.test-key.pem"), "utf8");
  sha256 = sha256Of(root);
  origin = `http://127.0.0.1:${await listen(server)}`;
  proxy = `http://127.0.0.1:${await listen(trap)}`;
  behaviours.set("/404", answer("There is no such page.\n", "404 Not Found"));
  behaviours.set("/root.pem", answer(root));
  behaviours.set("/error", answer("", "500 Internal Server Error"));
  behaviours.set("/moved", answer("", "302 Found\r\nLocation: /root.pem"));
  behaviours.set("/elsewhere", answer("", `307 Temporary\r\nLocation: ${proxy}/root.pem`));
  behaviours.set(
    "/html",
    answer("<!doctype html><title>Log in</title>", "200 OK\r\nContent-Type: text/html"),
  );
  behaviours.set("/key", answer(key));
  behaviours.set("/two", answer(root + readFileSync(join(await otherRoot(), "root.pem"), "utf8")));
  behaviours.set("/leaf", answer(leaf));
  behaviours.set("/empty", answer(""));
  behaviours.set("/large", answer("a".repeat(100_000)));
  behaviours.set("/endless", (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const more = () => {
      while (!socket.destroyed && socket.write("-".repeat(10_000))) { /* until it is full */ }
    };
    socket.on("drain", more);
    more();
  });
  behaviours.set("/short", (socket) => {
    socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${root.length}\r\n\r\n${root.slice(0, 300)}`);
  });
  behaviours.set("/hangs", (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${root.length}\r\n\r\n${root.slice(0, 300)}`);
  });
}, LIMIT);

after(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
  trap.close();
});

async function otherRoot(): Promise<string> {
  const other = makeScratch();
  assert.equal((await other.run(["cert", "other.test"])).code, 0);
  return other.state;
}

/** Whatever a trust command could change. */
function stores(): unknown {
  return [
    readFileSync(BUNDLE, "utf8"),
    snapshot("/usr/local/share/ca-certificates"),
    snapshot(visitor.home),
  ];
}

/** Runs, and asserts that it was refused with nothing changed. */
async function refused(args: readonly string[], code: string, exit = 1): Promise<LocaltlsResult> {
  const unchanged = stores();
  const result = await visitor.run(["trust", ...args, ...only], { timeoutMs: 60_000 });
  assert.equal(result.code, exit, result.stdout + result.stderr);
  const { error } = result.json();
  assert.equal(error.code, code, error.message);
  assert.match(error.message, /^Cannot [^\n]+$/);
  assert.deepEqual(stores(), unchanged);
  return result;
}

describe("trust http://", () => {
  test("with another fingerprint is refused", LIMIT, async () => {
    await refused([origin, "--fingerprint", "ab".repeat(32)], "FINGERPRINT_MISMATCH");
    // Even for somebody who says yes to everything.
    await refused([origin, "--fingerprint", "ab".repeat(32), "--yes"], "FINGERPRINT_MISMATCH");
    await refused([origin, "--fingerprint", "abc"], "USAGE", 2);
  });

  test("without one and without a terminal, the line to paste is told", LIMIT, async () => {
    const result = await refused([origin], "CONFIRMATION_NEEDED");
    assert.match(
      result.json().error.hints[0],
      new RegExp(`trust \\S*${origin}\\S* --fingerprint ${sha256}$`),
    );
  });

  const REFUSED: readonly (readonly [what: string, path: string, code: string, state: RegExp])[] = [
    ["a redirect", "/moved", "NETWORK", /elsewhere/],
    ["a redirect to another host", "/elsewhere", "NETWORK", /elsewhere/],
    ["an error", "/error", "NETWORK", /500/],
    ["no such page", "/nothing", "NETWORK", /404/],
    ["HTML", "/html", "CERTIFICATE_INVALID", /./],
    ["a private key", "/key", "CERTIFICATE_INVALID", /./],
    ["two CAs", "/two", "CERTIFICATE_INVALID", /choose between the 2/],
    ["a certificate that is no CA's", "/leaf", "CERTIFICATE_INVALID", /no certificate of a CA/],
    ["nothing", "/empty", "CERTIFICATE_INVALID", /./],
    ["more than a root is long", "/large", "FILE_TOO_LARGE", /larger than 64 KiB/],
    ["an answer without an end", "/endless", "FILE_TOO_LARGE", /larger than 64 KiB/],
    ["half an answer", "/short", "NETWORK", /stops short/],
  ];
  for (const [what, path, code, state] of REFUSED) {
    test(`a server that gives ${what} is refused`, LIMIT, async () => {
      const fingerprint = path === "/leaf" ? sha256Of(leaf) : sha256;
      const before = asked.length;
      const result = await refused([origin + path, "--fingerprint", fingerprint], code);
      assert.match(result.json().error.message, state);
      assert.deepEqual(asked.slice(before), [path]);
      assert.doesNotMatch(result.stdout + result.stderr, /PRIVATE KEY/);
    });
  }

  test("a server that stops in the middle is given up on", LIMIT, async () => {
    const result = await refused([`${origin}/hangs`, "--fingerprint", sha256], "NETWORK");
    assert.match(result.json().error.message, /no whole answer within 10 seconds/);
  });

  test("URLs that say more than a place are refused", LIMIT, async () => {
    for (
      const url of ["http://", "http://u:p@127.0.0.1/", `${origin}/?a=b`, "http://127.0.0.1:99999/"]
    ) {
      await refused([url, "--fingerprint", sha256], "USAGE", 2);
    }
  });

  test("with the right fingerprint it is trusted, past every proxy", LIMIT, async () => {
    const env = Object.fromEntries(
      ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].flatMap((name) => [
        [name, proxy],
        [name.toLowerCase(), proxy],
      ]),
    );
    const verify = [
      "openssl",
      "verify",
      "-CAfile",
      BUNDLE,
      "-untrusted",
      "app.test.pem",
      "app.test.pem",
    ];
    await assert.rejects(mustRun(verify, { cwd: owner.work }));
    const result = await visitor.run(["trust", origin, "--fingerprint", sha256, ...only], { env });
    assert.equal(result.code, 0, result.stdout + result.stderr);
    assert.equal(trapped, 0);
    await mustRun(verify, { cwd: owner.work });
    const gone = await visitor.run(["untrust", sha256, ...only]);
    assert.equal(gone.code, 0, gone.stdout);
    await assert.rejects(mustRun(verify, { cwd: owner.work }));
  });

  test("the trap is one: what obeys proxies goes there", LIMIT, async () => {
    await mustRun(["curl", "-s", "--max-time", "10", `${origin}/root.pem`], {
      env: { http_proxy: proxy, no_proxy: undefined },
    }).catch(() => undefined);
    assert.equal(trapped, 1);
  });
});
