/** `localtls serve`: connections that are used in unusual ways. The server's own HTTP is tried over real sockets. */

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { mustRun, run, waitFor } from "../support/processes.ts";
import { exchange } from "../support/raw_https.ts";
import { makeScratch } from "../support/scratch.ts";
import { type Serving, startServing } from "../support/serving.ts";

const SLOW = { timeout: 120_000 };
const GET = "GET /k.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LAST = GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");

const scratch = makeScratch();
const site = join(scratch.work, "site");
const large = randomBytes(20_000_000);
let server: Serving;

before(async () => {
  mkdirSync(site, { recursive: true });
  writeFileSync(join(site, "k.txt"), "0123456789".repeat(100));
  writeFileSync(join(site, "medium.bin"), large.subarray(0, 60_000));
  writeFileSync(join(site, "large.bin"), large);
  writeFileSync(join(site, "huge.bin"), "");
  truncateSync(join(site, "huge.bin"), 300_000_000);
  server = await startServing(scratch, [
    "serve",
    "site",
    "--port=0",
    "--host=localhost",
    "--quiet",
  ]);
}, SLOW);

after(async () => {
  await server?.process.stop();
});

const get = (path: string, ...words: string[]) =>
  run(["curl", "-sSk", ...words, `https://localhost:${server.port}${path}`]);

/** A connection that asks and does not read. */
function askAndWait(path: string, fields = ""): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { port: server.port, host: "127.0.0.1", rejectUnauthorized: false };
    const socket = connect(options, () => {
      socket.pause();
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`,
        () => resolve(socket),
      );
    });
    socket.once("error", reject);
  });
}

/** Kilobytes of memory that the server uses. */
function memory(): number {
  const status = readFileSync(`/proc/${server.process.child.pid}/status`, "utf8");
  return Number(/^VmRSS:\s*(\d+)/m.exec(status)![1]);
}

test(
  "files of every size arrive as they are, several at once, over IPv4 and IPv6",
  SLOW,
  async () => {
    const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    const fetched = async (path: string, word: string) => {
      const file = join(scratch.work, `got-${path.slice(1)}${word}`);
      await mustRun([
        "curl",
        "-sSk",
        word,
        "-o",
        file,
        `https://localhost:${server.port}${path}`,
      ]);
      return hash(readFileSync(file));
    };
    const paths = ["/large.bin", "/medium.bin", "/k.txt"];
    const sums = await Promise.all(
      paths.flatMap((path) => [fetched(path, "-4"), fetched(path, "-6")]),
    );
    const wanted = paths.flatMap((path) => Array(2).fill(hash(readFileSync(site + path))));
    assert.deepEqual(sums, wanted);
  },
);

test("requests that come all at once are answered one after the other", SLOW, async () => {
  const { text, closed } = await exchange(server.port, GET.repeat(2000) + LAST);
  assert.equal(text.match(/HTTP\/1\.1 200 OK\r\n/g)?.length, 2001);
  assert.equal(closed, true);
});

test(
  "an upload is refused with an answer that arrives, and its body is no request",
  SLOW,
  async () => {
    const file = join(site, "large.bin");
    const { stdout, code, stderr } = await get(
      "/k.txt",
      "-H",
      "Expect:",
      "--data-binary",
      `@${file}`,
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}",
    );
    assert.equal(stdout, "405", `${code} ${stderr}`);
    const smuggled = `POST /k.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n${GET}`;
    const { statuses, closed } = await exchange(server.port, smuggled);
    assert.deepEqual(statuses, [405]);
    assert.equal(closed, true);
  },
);

test(
  "who waits to be told to send a body is told at once that it is not wanted",
  SLOW,
  async () => {
    const words = [
      "-H",
      "Expect: 100-continue",
      "-d",
      "x",
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}",
    ];
    assert.equal((await get("/k.txt", ...words)).stdout, "405");
  },
);

test("readers that stop are not read for into memory, and others go on", SLOW, async () => {
  await get("/huge.bin", "-o", "/dev/null");
  const before = memory();
  const sockets = await Promise.all(Array.from({ length: 40 }, () => askAndWait("/huge.bin")));
  assert.equal(
    (await get("/large.bin", "-o", "/dev/null", "-w", "%{size_download}")).stdout,
    "20000000",
  );
  const grown = memory() - before;
  // 40 times a chunk and some; the files are 12 GB.
  assert.ok(grown < 60_000, `${grown} kB more`);
  let received = 0;
  sockets[0]!.on("data", (data) => received += data.length).resume();
  await waitFor("the whole file", () => received > 300_000_000 || undefined, 60_000);
  for (const socket of sockets) socket.destroy();
  // Their descriptors are given back.
  const isClosed = async () => {
    const { stdout } = await run(["ls", "-l", `/proc/${server.process.child.pid}/fd`]);
    return !stdout.includes("huge.bin") || undefined;
  };
  await waitFor("closed files", isClosed, 20_000);
});

test("a reader that is slow at the last gets all of the last answer", SLOW, async () => {
  const socket = await askAndWait("/medium.bin", "Connection: close\r\n");
  // All is written at once, and the server waits 5 s for its client to close.
  await new Promise((resolve) => setTimeout(resolve, 8_000));
  let received = 0;
  socket.on("data", (data) => received += data.length).on("error", () => {}).resume();
  await waitFor("the end", () => socket.readableEnded || socket.destroyed, 20_000);
  assert.ok(received > 60_000, `${received}`);
});

test(
  "a file that becomes shorter while it is sent ends in a connection that is cut",
  SLOW,
  async () => {
    const path = join(site, "shrinking.bin");
    writeFileSync(path, large);
    truncateSync(path, 200_000_000);
    const download = get("/shrinking.bin", "--limit-rate", "5M", "-o", "/dev/null");
    const isOpen = async () => {
      const { stdout } = await run(["ls", "-l", `/proc/${server.process.child.pid}/fd`]);
      return stdout.includes("shrinking.bin") || undefined;
    };
    await waitFor("the download", isOpen, 20_000);
    truncateSync(path, 1_000);
    const { code } = await download;
    // 18: ended before its length; 56: reset.
    assert.ok(code === 18 || code === 56, `${code}`);
    assert.equal((await get("/k.txt", "-o", "/dev/null", "-w", "%{http_code}")).stdout, "200");
  },
);

test("TLS 1.1 is refused; a client that offers HTTP/2 gets HTTP/1.1", SLOW, async () => {
  const openssl = ["openssl", "s_client", "-connect", `127.0.0.1:${server.port}`];
  const old = await run([...openssl, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], { input: "" });
  assert.match(old.stdout + old.stderr, /alert protocol version/);
  const offers = await run([...openssl, "-alpn", "h2,http/1.1"], { input: "" });
  assert.match(offers.stdout, /ALPN protocol: http\/1\.1/);
});
