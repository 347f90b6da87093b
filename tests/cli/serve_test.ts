/** `localtls serve`: the built program over real sockets and curl. */

import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect } from "node:tls";
import { mustRun, run, waitFor } from "../support/processes.ts";
import { makeScratch } from "../support/scratch.ts";
import { type Serving, startServing } from "../support/serving.ts";
import { exchange } from "../support/raw_https.ts";

const SLOW = { timeout: 120_000 };

const scratch = makeScratch();
const site = join(scratch.work, "site");
let server: Serving;

before(async () => {
  for (const directory of [".git", ".well-known", "sub dir", "assets"]) {
    mkdirSync(join(site, directory), { recursive: true });
  }
  const files = {
    "index.html": "<h1>home</h1>",
    "k.txt": "0123456789".repeat(100),
    ".git/config": "secret",
    ".env": "secret",
    ".well-known/security.txt": "public",
    "assets/app.js": "console.log(1)",
    "assets/app.js.br": "brotli",
    "assets/app.js.gz": "gzip",
    "assets/old.js": "new text",
    "assets/old.js.gz": "of an older text",
    'sub dir/<img src=x onerror=alert(1)>&".txt': "x",
    "sub dir/.hidden": "x",
    "empty.txt": "",
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(site, name), content);
  utimesSync(join(site, "assets/old.js.gz"), 1, 1);
  symlinkSync("/etc/passwd", join(site, "outside"));
  symlinkSync("/etc", join(site, "outside-directory"));
  symlinkSync(".env", join(site, "visible"));
  symlinkSync("k.txt", join(site, "inside"));
  await mustRun(["mkfifo", join(site, "pipe")]);
  writeFileSync(join(site, "big.bin"), new Uint8Array(5_000_000).fill(7));
  // More than the buffers of both ends hold.
  await mustRun(["truncate", "-s", "200M", join(site, "huge.bin")]);
  server = await startServing(scratch, ["serve", "site", "--port", "0", "--host", "127.0.0.1"]);
}, SLOW);

after(async () => {
  await server?.process.stop();
});

/** curl with our root alone, and what it says of the answer. */
async function curl(path: string, ...words: string[]) {
  const url = `https://127.0.0.1:${server.port}${path}`;
  const base = ["curl", "-sS", "--path-as-is", "--cacert", join(scratch.state, "root.pem"), "-i"];
  const { code, stdout, stderr } = await run([...base, ...words, url]);
  const [head = "", ...body] = stdout.split("\r\n\r\n");
  const status = Number(/^HTTP\/\S+ (\d+)/.exec(head)?.[1] ?? 0);
  return { code, status, head: head.toLowerCase(), body: body.join("\r\n\r\n"), stderr };
}

test("the document has the URLs, the certificate and the root", SLOW, () => {
  const { document } = server;
  assert.equal(document.ok, true);
  assert.deepEqual(document.urls, [`https://localhost:${server.port}/`]);
  assert.ok(document.certificate.names.includes("127.0.0.1"));
  assert.equal(document.certificate.key, undefined);
  assert.equal(document.ca.root, join(scratch.state, "root.pem"));
});

test("a client that does not know the root refuses", SLOW, async () => {
  const { code } = await run(["curl", "-sS", `https://127.0.0.1:${server.port}/`]);
  assert.equal(code, 60);
});

describe("paths", () => {
  const CASES: readonly (readonly [string, number, RegExp?])[] = [
    ["/", 200, /home/],
    ["/index.html?x=1", 200, /home/],
    ["/inside", 200, /^0123/],
    ["/.well-known/security.txt", 200, /public/],
    ["/empty.txt", 200, /^$/],
    ["/assets", 301],
    ["/sub%20dir/", 200, /&lt;img src=x onerror=alert\(1\)&gt;&amp;&quot;\.txt/],
    ["/nothing", 404],
    ["/k.txt/", 404],
    ["/.git/config", 404],
    ["/.env", 404],
    ["/%2eenv", 404],
    ["/visible", 404],
    ["/outside", 404],
    ["/outside-directory/", 404],
    ["/outside-directory/passwd", 404],
    ["/pipe", 404],
    ["/../../../etc/passwd", 400],
    ["/%2e%2e/%2e%2e/etc/passwd", 400],
    ["/..%2f..%2fetc%2fpasswd", 400],
    ["/%00", 400],
    ["/%zz", 400],
  ];
  for (const [path, status, body] of CASES) {
    test(`${path}: ${status}`, SLOW, async () => {
      const answer = await curl(path);
      assert.equal(answer.status, status, answer.head + answer.stderr);
      assert.doesNotMatch(answer.body, /secret|root:/);
      if (body !== undefined) assert.match(answer.body, body);
    });
  }
  test("a listing shows neither hidden names nor tags", SLOW, async () => {
    const { body, head } = await curl("/sub%20dir/");
    assert.doesNotMatch(body, /<img|\.hidden/);
    assert.match(head, /content-security-policy: default-src 'none'/);
  });
  test("a redirect stays on this server", SLOW, async () => {
    const { head } = await curl("//assets");
    assert.match(head, /location: \/assets\/\r?$/m);
  });
  test("a link that is turned outwards while it is in memory is not followed", SLOW, async () => {
    const link = join(site, "turning");
    symlinkSync("k.txt", link);
    assert.equal((await curl("/turning")).status, 200);
    rmSync(link);
    symlinkSync("/etc/passwd", link);
    assert.equal((await curl("/turning")).status, 404);
  });
  test("a file that changes is served anew at once", SLOW, async () => {
    writeFileSync(join(site, "changing.txt"), "one");
    assert.equal((await curl("/changing.txt")).body, "one");
    writeFileSync(join(site, "next.txt"), "two");
    renameSync(join(site, "next.txt"), join(site, "changing.txt"));
    assert.equal((await curl("/changing.txt")).body, "two");
  });
});

describe("methods, ranges, conditions, codings", () => {
  test("HEAD has the fields of GET and no body", SLOW, async () => {
    const { status, head, body } = await curl("/k.txt", "-I");
    assert.equal(status, 200);
    assert.match(head, /content-length: 1000/);
    assert.equal(body, "");
  });
  test("OPTIONS says what is allowed, and the rest is not", SLOW, async () => {
    const options = await curl("/k.txt", "-X", "OPTIONS");
    assert.equal(options.status, 204);
    assert.match(options.head, /allow: get, head, options/);
    for (const method of ["POST", "PUT", "DELETE", "PROPFIND"]) {
      assert.equal((await curl("/k.txt", "-X", method)).status, 405, method);
    }
  });
  test("ranges of small and large files", SLOW, async () => {
    const small = await curl("/k.txt", "-r", "3-5");
    assert.equal(small.status, 206);
    assert.equal(small.body, "345");
    assert.match(small.head, /content-range: bytes 3-5\/1000/);
    const large = await curl("/big.bin", "-r", "4999990-");
    assert.equal(large.status, 206);
    assert.equal(large.body.length, 10);
    assert.equal((await curl("/k.txt", "-r", "1000-")).status, 416);
    assert.equal((await curl("/k.txt", "-H", "Range: bytes=x-y")).status, 200);
    assert.equal((await curl("/k.txt", "-r", "0-1,4-5")).body.length, 1000);
  });
  test("If-None-Match with the tag is 304, with another 200", SLOW, async () => {
    const tag = /etag: (".*")/.exec((await curl("/k.txt")).head)![1]!;
    const same = await curl("/k.txt", "-H", `If-None-Match: ${tag}`);
    assert.equal(same.status, 304);
    assert.equal(same.body, "");
    assert.equal((await curl("/k.txt", "-H", 'If-None-Match: "x"')).status, 200);
  });
  test(
    "compressed files go to who accepts them; one older than its file to nobody",
    SLOW,
    async () => {
      const br = await curl("/assets/app.js", "-H", "Accept-Encoding: gzip, br");
      assert.equal(br.body, "brotli");
      assert.match(br.head, /content-encoding: br/);
      assert.match(br.head, /content-type: text\/javascript/);
      assert.match(br.head, /vary: accept-encoding/);
      const plain = await curl("/assets/app.js");
      assert.equal(plain.body, "console.log(1)");
      assert.match(plain.head, /vary: accept-encoding/);
      const old = await curl("/assets/old.js", "-H", "Accept-Encoding: gzip");
      assert.equal(old.body, "new text");
    },
  );
});

describe("requests that are not to be trusted", () => {
  const HOST = "Host: localhost\r\n";
  const CASES: readonly (readonly [string, string])[] = [
    ["two lengths", `POST / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    [
      "a length and chunks",
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["a folded field", `GET / HTTP/1.1\r\n${HOST}A: b\r\n c\r\n\r\n`],
    ["bare line feeds", `GET / HTTP/1.1\nHost: localhost\n\n`],
    ["a space before the colon", `GET / HTTP/1.1\r\n${HOST}Content-Length : 1\r\n\r\na`],
    ["no host", `GET / HTTP/1.1\r\n\r\n`],
    ["a zero byte", `GET / HTTP/1.1\r\n${HOST}A: b\0c\r\n\r\n`],
    ["large fields", `GET / HTTP/1.1\r\n${HOST}A: ${"a".repeat(200_000)}\r\n\r\n`],
    ["no HTTP at all", "\x00\x01\x02\x03\r\n\r\n"],
  ];
  for (const [what, bytes] of CASES) {
    test(`${what}: refused and closed, the server lives on`, SLOW, async () => {
      const { statuses, closed } = await exchange(server.port, bytes);
      assert.ok(statuses.every((status) => status >= 400), `${statuses}`);
      assert.equal(closed, true);
      assert.equal((await curl("/k.txt")).status, 200);
    });
  }
});

test("a port that is taken is a sentence with a hint", SLOW, async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as { port: number };
  const options = ["--host", "127.0.0.1", "--port", String(port)];
  const { code, stderr } = await scratch.run(["serve", "site", ...options]);
  other.close();
  assert.equal(code, 1);
  assert.match(stderr, /Cannot listen on "127\.0\.0\.1:\d+": another program listens there/);
  assert.match(stderr, new RegExp(`hint: --port ${port + 1}`));
});

test("what cannot be served is said before anything is made", SLOW, async () => {
  const fresh = makeScratch();
  const missing = await fresh.run(["serve", "nowhere"]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /Cannot serve ".*nowhere": No such file or directory/);
  writeFileSync(join(fresh.work, "file"), "x");
  assert.match((await fresh.run(["serve", "file"])).stderr, /it is not a directory/);
  const name = await fresh.run(["serve", "--host", "example.com"]);
  assert.equal(name.code, 2);
  assert.match(name.stderr, /it is no address/);
  assert.equal((await fresh.run(["serve", "--cors", "nonsense"])).code, 2);
  assert.equal((await fresh.run(["serve", "--cert-file", "x"])).code, 2);
  assert.equal((await fresh.run(["serve", "http://127.0.0.1:3000"])).code, 2);
  assert.equal((await fresh.run(["status"])).stdout.includes("root.pem"), false);
});

test("options: spa, cors, redirect, names, a kept certificate", SLOW, async () => {
  mkdirSync(join(scratch.work, "certificates"));
  const other = await startServing(scratch, [
    "serve",
    "site",
    "--port=0",
    "--host=127.0.0.1",
    "--spa",
    "--cors=https://a.test",
    "--http-redirect=0",
    "--name=app.test",
    "--out=certificates",
    "--quiet",
  ]);
  try {
    const { document, port } = other;
    assert.ok(document.certificate.names.includes("app.test"));
    assert.match(document.certificate.cert, /certificates\/localhost\+\d+\.pem$/);
    const base = ["curl", "-sS", "--cacert", join(scratch.state, "root.pem"), "-i"];
    const at = `https://app.test:${port}`;
    const get = (path: string, ...words: string[]) =>
      mustRun([...base, "--resolve", `app.test:${port}:127.0.0.1`, ...words, at + path]);
    assert.match(await get("/some/page"), /^HTTP\/1\.1 200[^]*home/);
    assert.match(await get("/some/missing.js"), /^HTTP\/1\.1 404/);
    const allowed = await get("/k.txt", "-H", "Origin: https://a.test");
    assert.match(allowed, /access-control-allow-origin: https:\/\/a\.test/i);
    const refused = await get("/k.txt", "-H", "Origin: https://b.test");
    assert.doesNotMatch(refused, /access-control-allow-origin/i);
    const redirect = `http://127.0.0.1:${document.redirectPort}/a?b`;
    const answer = await mustRun(["curl", "-sS", "-i", redirect]);
    assert.match(answer, /^HTTP\/1\.1 307/);
    assert.match(answer, new RegExp(`location: https://127\\.0\\.0\\.1:${port}/a\\?b`, "i"));
    const forged = await mustRun(["curl", "-sS", "-i", "-H", "Host: evil/x@", redirect]);
    assert.match(forged, /^HTTP\/1\.1 400/);
    assert.doesNotMatch(other.process.output(), /GET/);
  } finally {
    await other.process.stop();
  }
});

/** A server with its certificate in memory, in a home whose CA is replaced: clients that trust the new one alone are served. */
async function rotatedMeanwhile(): Promise<void> {
  const fresh = makeScratch();
  const listen = ["proxy", `https://127.0.0.1:${server.port}`, "--port=0", "--host=127.0.0.1"];
  const other = await startServing(fresh, [...listen, "--upstream-insecure"]);
  try {
    const root = ["--cacert", join(fresh.state, "root.pem")];
    const get = () => run(["curl", "-sS", ...root, `https://127.0.0.1:${other.port}/k.txt`]);
    assert.equal((await get()).code, 0);
    const rotated = await fresh.run(["ca", "rotate", "--yes"]);
    assert.equal(rotated.code, 0, rotated.stderr);
    assert.equal((await get()).code, 60);
    await waitFor("the new CA", async () => (await get()).code === 0, 40_000);
  } finally {
    await other.process.stop();
  }
}

test(
  "a certificate that is replaced is used, a download goes on; one that vanishes is kept",
  SLOW,
  async () => {
    const files = ["--cert-file", "own.pem", "--key-file", "own-key.pem"];
    const names = ["localhost", "127.0.0.1"];
    assert.equal((await scratch.run(["cert", ...names, ...files])).code, 0);
    const listen = ["serve", "site", "--port=0", "--host=127.0.0.1"];
    const other = await startServing(scratch, [...listen, ...files]);
    // At the same time: both wait for the next look at the certificate.
    const rotated = rotatedMeanwhile();
    rotated.catch(() => {});
    try {
      const before = await fingerprint(other.port);
      const url = `https://127.0.0.1:${other.port}/big.bin`;
      const rate = ["--limit-rate", "200k", "-w", "%{size_download}"];
      const download = run(["curl", "-sSk", ...rate, "-o", "/dev/null", url], {
        timeoutMs: 90_000,
      });
      await waitFor("the download", () => other.process.output() !== "");
      assert.equal((await scratch.run(["cert", "--renew", ...names, ...files])).code, 0);
      const isNew = async () => await fingerprint(other.port) !== before;
      await waitFor("the new certificate", isNew, 40_000);
      const now = await fingerprint(other.port);
      rmSync(join(scratch.work, "own.pem"));
      const isTold = () => other.process.output().includes("the certificate stays as it is");
      await waitFor("the warning", isTold, 40_000);
      assert.equal(await fingerprint(other.port), now);
      assert.equal((await download).stdout, "5000000");
      await rotated;
    } finally {
      await other.process.stop();
    }
  },
);

/** The fingerprint of the certificate that is presented now. */
function fingerprint(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} lets a download finish, and ends with 0`, SLOW, async () => {
    const other = await startServing(scratch, ["serve", "site", "--port=0", "--host=127.0.0.1"]);
    const url = `https://127.0.0.1:${other.port}/big.bin`;
    const slow = run([
      "curl",
      "-sSk",
      "--limit-rate",
      "2M",
      "-o",
      "/dev/null",
      "-w",
      "%{size_download}",
      url,
    ]);
    await new Promise((resolve) => setTimeout(resolve, 700));
    other.process.child.kill(signal);
    assert.equal((await slow).stdout, "5000000");
    assert.equal((await other.process.ended).code, 0, other.process.output());
  });
}

test("a second signal ends it at once", SLOW, async () => {
  const other = await startServing(scratch, ["serve", "site", "--port=0", "--host=127.0.0.1"]);
  const url = `https://127.0.0.1:${other.port}/huge.bin`;
  const slow = run(["curl", "-sSk", "--limit-rate", "100k", "-o", "/dev/null", url]);
  await new Promise((resolve) => setTimeout(resolve, 700));
  other.process.child.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 600));
  other.process.child.kill("SIGINT");
  assert.equal((await other.process.ended).code, 130);
  assert.notEqual((await slow).code, 0);
});
