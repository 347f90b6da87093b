/** `localtls proxy`: the built program between real clients and a back end with a will of its own. */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect } from "node:tls";
import { type BackEnd, startBackEnd } from "../support/back_end.ts";
import { run, start, waitFor } from "../support/processes.ts";
import { exchange } from "../support/raw_https.ts";
import { makeScratch } from "../support/scratch.ts";
import { type Serving, startServing } from "../support/serving.ts";

const SLOW = { timeout: 120_000 };
const HOST = "Host: localhost\r\n";

const scratch = makeScratch();
let backEnd: BackEnd;
let proxy: Serving;

before(async () => {
  backEnd = await startBackEnd();
  mkdirSync(join(scratch.work, "dist/sub"), { recursive: true });
  writeFileSync(join(scratch.work, "dist/index.html"), "the page");
  proxy = await startProxy([
    `--route=/v=http://127.0.0.1:${backEnd.port}/inner`,
    "--route=/dead=http://127.0.0.1:1",
    "--route=/files=./dist",
    "--timeout=2",
    `http://127.0.0.1:${backEnd.port}`,
  ]);
}, SLOW);

after(async () => {
  await proxy?.process.stop();
  backEnd?.close();
});

function startProxy(args: readonly string[]): Promise<Serving> {
  return startServing(scratch, ["proxy", "--port=0", "--host=127.0.0.1", ...args]);
}

async function curl(path: string, words: readonly string[] = [], { port } = proxy) {
  const base = ["curl", "-sS", "-i", "--path-as-is", "--max-time", "20"];
  const url = `https://127.0.0.1:${port}${path}`;
  const root = ["--cacert", join(scratch.state, "root.pem")];
  const { code, stdout, stderr } = await run([...base, ...root, ...words, url]);
  const [head = "", ...rest] = stdout.split("\r\n\r\n");
  const body = rest.join("\r\n\r\n");
  const status = Number(/^HTTP\/\S+ (\d+)/.exec(head)?.[1] ?? 0);
  return { code, status, head: head.toLowerCase(), body, stderr };
}

for (const version of ["--http1.1", "--http2"]) {
  describe(`over ${version}`, () => {
    test(
      "a request arrives, without what is forged, and its answer without what is inner",
      SLOW,
      async () => {
        const forged = ["X-Forwarded-For: 6.6.6.6", "X_Forwarded_For: 6.6.6.6", "Client-Cert: :x:"];
        const words = forged.flatMap((field) => ["-H", field]);
        const { status, head, body } = await curl("/a/b?c=%20d", [version, ...words]);
        assert.equal(status, 200);
        const { target, headers } = JSON.parse(body);
        assert.equal(target, "/a/b?c=%20d");
        assert.equal(headers["x-forwarded-for"], "127.0.0.1");
        assert.equal(headers["x-forwarded-proto"], "https");
        assert.equal(headers["x-forwarded-host"], `127.0.0.1:${proxy.port}`);
        assert.equal(headers["host"], `127.0.0.1:${proxy.port}`);
        assert.doesNotMatch(body, /6\.6\.6\.6|client-cert/);
        assert.doesNotMatch(head, /x-inner/);
        assert.equal(head.match(/set-cookie/g)?.length, 2);
        assert.equal(head.startsWith(version === "--http2" ? "http/2" : "http/1.1"), true);
      },
    );
    test("routes", SLOW, async () => {
      assert.match((await curl("/v/x?y", [version])).body, /"target":"\/inner\/x\?y"/);
      assert.match((await curl("/vv", [version])).body, /"target":"\/vv"/);
      assert.equal((await curl("/files/", [version])).body, "the page");
      assert.match((await curl("/files", [version])).head, /location: \/files\/\r?$/m);
      assert.match((await curl("/files/sub", [version])).head, /location: \/files\/sub\/\r?$/m);
      assert.equal((await curl("/files/../v/x", [version])).status, 400);
      assert.equal((await curl("/files/%2e%2e/x", [version])).status, 400);
    });
    test("bodies of known and unknown length", SLOW, async () => {
      const big = join(scratch.work, "big");
      writeFileSync(big, new Uint8Array(3_000_000));
      const known = await curl("/count", [version, "-H", "Expect:", "--data-binary", `@${big}`]);
      assert.match(known.body, /^length 3000000$/);
      const chunks = ["-H", "Expect:", "-X", "POST", "-T", "-"];
      const bash = [
        "bash",
        "-c",
        `curl -sSk ${version} ${
          chunks.map((word) => `"${word}"`).join(" ")
        } https://127.0.0.1:${proxy.port}/count < "${big}"`,
      ];
      assert.equal((await run(bash)).stdout, "chunked 3000000");
      assert.match((await curl("/count", [version, "-X", "POST"])).body, / 0$/);
    });
    test("an upstream that is not there, is silent, or hangs up", SLOW, async () => {
      const dead = await curl("/dead", [version]);
      assert.equal(dead.status, 502);
      // Which target it is, is for who runs the proxy.
      assert.match(dead.body, /Nothing listens at the target\./);
      assert.doesNotMatch(dead.body, /127\.0\.0\.1/);
      await waitFor(
        "the log",
        () =>
          /GET \/dead 502 \d+ ms: http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/
            .test(proxy.process.output()),
      );
      const silent = await curl("/hang", [version]);
      assert.equal(silent.status, 504);
      assert.match(silent.body, /did not answer within 2 seconds/);
      assert.doesNotMatch(silent.body, /127\.0\.0\.1/);
      assert.equal((await curl("/reset", [version])).status, 502);
      for (const path of ["/cut", "/cut-chunks"]) {
        const cut = await curl(path, [version]);
        assert.notEqual(cut.code, 0, `${path} looked complete`);
        assert.equal(cut.body, "abc");
      }
      assert.equal((await curl("/alive", [version])).status, 200);
    });
    test("events come one by one", SLOW, async () => {
      const started = Date.now();
      const arrivals: number[] = [];
      const url = `https://127.0.0.1:${proxy.port}/events`;
      const running = start(["curl", "-sSkN", version, url], { timeoutMs: 20_000 });
      running.child.stdout?.on("data", () => arrivals.push(Date.now() - started));
      assert.match((await running.ended).stdout, /data: 1\n\ndata: 2\n\ndata: 3/);
      assert.ok(arrivals.length >= 3, `${arrivals}`);
      assert.ok(arrivals.at(-1)! - arrivals[0]! >= 500, `${arrivals}`);
    });
    test("a client that goes away ends the request to the upstream", SLOW, async () => {
      const target = `/hang?${version}`;
      await curl(target, [version, "--max-time", "0.7"]);
      await waitFor("the end", () => backEnd.abandoned.includes(target));
    });
  });
}

describe("WebSocket", () => {
  const open = (path: string) =>
    `GET ${path} HTTP/1.1\r\n${HOST}Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n` +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

  test("octets go both ways, also those that come with the request", SLOW, async () => {
    const { text, statuses } = await exchange(proxy.port, `${open("/ws")}EARLY`);
    assert.deepEqual(statuses, [101]);
    assert.match(text, /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
    assert.match(text, /echo:EARLY$/);
  });
  test("a refusal is passed on", SLOW, async () => {
    const { text, statuses, closed } = await exchange(proxy.port, open("/refused"));
    assert.deepEqual(statuses, [401]);
    assert.match(text, /no$/);
    assert.equal(closed, true);
  });
  for (const [path, status] of [["/dead", 502], ["/files/", 404], ["/a/../b", 400]] as const) {
    test(`to ${path}: ${status}, closed`, SLOW, async () => {
      const { statuses, closed } = await exchange(proxy.port, open(path));
      assert.deepEqual(statuses, [status]);
      assert.equal(closed, true);
    });
  }
});

describe("requests that two servers could read differently", () => {
  const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n`;
  const post = (fields: string, body: string) =>
    `POST /count HTTP/1.1\r\n${HOST}${fields}\r\n\r\n${body}`;
  const CASES: readonly (readonly [string, string])[] = [
    [
      "a length and chunks",
      post("Content-Length: 5\r\nTransfer-Encoding: chunked", `0\r\n\r\n${SMUGGLED}`),
    ],
    ["two lengths", post("Content-Length: 5\r\nContent-Length: 6", "abcde")],
    ["a list of lengths", post("Content-Length: 5, 6", "abcde")],
    ["a length with a sign", post("Content-Length: +5", "abcde")],
    ["a coding that is none", post("Transfer-Encoding: xchunked", `0\r\n\r\n${SMUGGLED}`)],
    ["chunked not last", post("Transfer-Encoding: chunked, gzip", `0\r\n\r\n${SMUGGLED}`)],
    [
      "chunked, twice",
      post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n"),
    ],
    ["a space before the colon", post("Transfer-Encoding : chunked", `0\r\n\r\n${SMUGGLED}`)],
    ["a bad chunk", post("Transfer-Encoding: chunked", `zz\r\nabc\r\n0\r\n\r\n${SMUGGLED}`)],
    ["a huge chunk", post("Transfer-Encoding: chunked", `FFFFFFFFFFFFFFFFFF\r\nabc`)],
    ["chunks with bare line feeds", post("Transfer-Encoding: chunked", `3\nabc\n0\n\n${SMUGGLED}`)],
    ["a folded field", `GET /x HTTP/1.1\r\n${HOST}A: b\r\n c\r\n\r\n`],
    ["bare line feeds", `GET /x HTTP/1.1\nHost: localhost\n\n`],
    ["a bare carriage return", `GET /x HTTP/1.1\r\n${HOST}A: b\rc\r\n\r\n`],
    ["two hosts", `GET /x HTTP/1.1\r\n${HOST}Host: evil\r\n\r\n`],
    ["no host", `GET /x HTTP/1.1\r\n\r\n`],
    ["large fields", `GET /x HTTP/1.1\r\n${HOST}A: ${"a".repeat(200_000)}\r\n\r\n`],
    ["another server's address", `GET http://evil.example/ HTTP/1.1\r\n${HOST}\r\n`],
    ["CONNECT", `CONNECT evil.example:443 HTTP/1.1\r\n${HOST}\r\n`],
  ];
  for (const [what, bytes] of CASES) {
    test(`${what}: refused, and nothing is smuggled`, SLOW, async () => {
      const { statuses } = await exchange(proxy.port, bytes);
      assert.ok(statuses.length <= 1, `${statuses}`);
      assert.ok(statuses.every((status) => status >= 400), `${statuses}`);
      assert.equal(backEnd.seen.includes("/smuggled"), false);
      assert.equal((await curl("/alive")).status, 200);
    });
  }
});

test("--cors answers preflights itself, and overrules the target", SLOW, async () => {
  const other = await startProxy(["--cors=https://a.test", String(backEnd.port)]);
  try {
    const ask = (origin: string, ...words: string[]) =>
      curl("/x", ["-H", `Origin: ${origin}`, ...words], other);
    const allowed = await ask("https://a.test");
    assert.match(allowed.head, /access-control-allow-origin: https:\/\/a\.test\r?$/m);
    assert.doesNotMatch(allowed.head, /inner\.test/);
    assert.doesNotMatch((await ask("https://b.test")).head, /access-control-allow-origin/);
    const preflight = ["-X", "OPTIONS", "-H", "Access-Control-Request-Method: PUT"];
    const before = backEnd.seen.length;
    const permission = await ask("https://a.test", ...preflight);
    assert.equal(permission.status, 204);
    assert.match(permission.head, /access-control-allow-methods: .*put/);
    assert.equal(backEnd.seen.length, before);
  } finally {
    await other.process.stop();
  }
});

describe("a target with HTTPS", () => {
  test("of our CA is trusted, another is not, unless it is asked for", SLOW, async () => {
    const words = ["cert", "127.0.0.1", "localhost", "--cert-file=up.pem", "--key-file=up-key.pem"];
    assert.equal((await scratch.run(words)).code, 0);
    const stranger = makeScratch();
    assert.equal((await stranger.run(words)).code, 0);
    const read = (home: string, name: string) => readFileSync(join(home, name), "utf8");
    const tls = (home: string) => ({ cert: read(home, "up.pem"), key: read(home, "up-key.pem") });
    const known = await startBackEnd(tls(scratch.work));
    const unknown = await startBackEnd(tls(stranger.work));
    const routes = [
      `--route=/known=https://127.0.0.1:${known.port}`,
      `--route=/unknown=https://127.0.0.1:${unknown.port}`,
    ];
    const careful = await startProxy(routes);
    const careless = await startProxy([...routes, "--upstream-insecure"]);
    try {
      const accepted = await curl("/known", [], careful);
      assert.equal(accepted.status, 200, accepted.body);
      assert.equal(JSON.parse(accepted.body).headers.host, `127.0.0.1:${known.port}`);
      const refused = await curl("/unknown", [], careful);
      assert.equal(refused.status, 502);
      assert.match(refused.body, /is not trusted/);
      assert.equal((await curl("/unknown", [], careless)).status, 200);
      const warnings = JSON.stringify(careless.document.warnings);
      assert.match(warnings, /UPSTREAM_UNVERIFIED/);
    } finally {
      await Promise.all([careful.process.stop(), careless.process.stop()]);
      known.close();
      unknown.close();
    }
  });
  test("that wants a certificate gets the one of --client-cert", SLOW, async () => {
    const words = ["cert", "127.0.0.1", "--cert-file=mu.pem", "--key-file=mu-key.pem"];
    assert.equal((await scratch.run(words)).code, 0);
    const client = ["cert", "--client", "ann", "--cert-file=ann.pem", "--key-file=ann-key.pem"];
    const issued = await scratch.run(client);
    assert.equal(issued.code, 0, issued.stderr);
    const port = await freePort();
    const mutual = start([
      "openssl",
      "s_server",
      "-accept",
      `127.0.0.1:${port}`,
      ...["-cert", "mu.pem", "-cert_chain", "mu.pem", "-key", "mu-key.pem"],
      ...["-CAfile", join(scratch.state, "root.pem")],
      ...["-Verify", "3", "-verify_return_error", "-www", "-quiet"],
    ], { cwd: scratch.work });
    const target = `https://127.0.0.1:${port}`;
    const known = await startProxy([target, "--client-cert=ann.pem"]);
    const nobody = await startProxy([target]);
    try {
      await waitFor("openssl", async () => (await curl("/", [], known)).status === 200);
      assert.equal((await curl("/", [], nobody)).status, 502);
    } finally {
      await Promise.all([known.process.stop(), nobody.process.stop()]);
      await mutual.stop();
    }
  });
});

for (const version of ["--http1.1", "--http2"]) {
  test(
    `--require-client-cert over ${version}: in with one of our CA, out without`,
    SLOW,
    async () => {
      const issue = (home: typeof scratch) =>
        home.run(["cert", "--client", "ann", "--cert-file=me.pem", "--key-file=me-key.pem"]);
      const stranger = makeScratch();
      assert.equal((await issue(scratch)).code, 0);
      assert.equal((await issue(stranger)).code, 0);
      const names = ["127.0.0.1", "--cert-file=own-server.pem", "--key-file=own-server-key.pem"];
      assert.equal((await scratch.run(["cert", ...names])).code, 0);
      const other = await startProxy([String(backEnd.port), "--require-client-cert"]);
      const files = (home: typeof scratch) => [
        version,
        "--cert",
        join(home.work, "me.pem"),
        "--key",
        join(home.work, "me-key.pem"),
      ];
      try {
        const before = backEnd.seen.length;
        const without = await curl("/x", [version], other);
        assert.equal(without.status, 403, without.head + without.stderr);
        const wrong = await curl("/x", files(stranger), other);
        assert.equal(wrong.status, 403, wrong.head + wrong.stderr);
        const server = ["--cert", "own-server.pem", "--key", "own-server-key.pem"]
          .map((word) => word.startsWith("-") ? word : join(scratch.work, word));
        const notForClients = await curl("/x", [version, ...server], other);
        assert.equal(notForClients.status, 403, notForClients.head + notForClients.stderr);
        assert.equal(backEnd.seen.length, before);
        const forged = ["-H", "X-Client-Cert-Subject: CN=root", "-H", "Client-Cert: :AAAA:"];
        const right = await curl("/x", [...files(scratch), ...forged], other);
        assert.equal(right.status, 200, right.stderr);
        const { headers } = JSON.parse(right.body);
        assert.equal(headers["x-client-cert-subject"], "CN=ann");
        const der = Buffer.from(headers["client-cert"].slice(1, -1), "base64");
        const pem = readFileSync(join(scratch.work, "me.pem"), "utf8");
        assert.ok(pem.replaceAll("\n", "").includes(der.toString("base64")));
      } finally {
        await other.process.stop();
      }
    },
  );
}

test("what cannot be meant is refused before anything is made", SLOW, async () => {
  const fresh = makeScratch();
  const CASES: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[], 2, /TARGET is missing/],
    [["ftp://a"], 2, /it is no URL of a server/],
    [["3000", "--route=/=3001"], 2, /two routes for "\/"/],
    [["--route=api=3000"], 2, /give PATH=TARGET/],
    [["3000", "--client-key=x"], 2, /without --client-cert/],
    [["3000", "--timeout=soon"], 2, /give seconds/],
    [["3000", "--upstream-host=a b"], 2, /as a host/],
    [["3000", "--client-cert=missing.pem"], 1, /missing\.pem": not found/],
  ];
  for (const [words, code, message] of CASES) {
    const result = await fresh.run(["proxy", "--port=0", "--host=127.0.0.1", ...words]);
    assert.equal(result.code, code, `${words}: ${result.stderr}`);
    assert.match(result.stderr, message);
  }
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("a WebSocket does not keep the program from ending", SLOW, async () => {
  const other = await startProxy([String(backEnd.port)]);
  const socket = connect({ port: other.port, host: "127.0.0.1", rejectUnauthorized: false });
  const upgrade = `GET /ws HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.on("error", () => {});
  await new Promise((resolve) => {
    socket.once("data", resolve);
    socket.once("secureConnect", () => socket.write(upgrade));
  });
  other.process.child.kill("SIGTERM");
  assert.equal((await other.process.ended).code, 0);
  await closed;
});
