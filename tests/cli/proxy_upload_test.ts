/** `localtls proxy`: a target that does not read holds the client back, and does not fill the memory of the proxy. */

import assert from "node:assert/strict";
import { createHash, randomFillSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { makeProxyHandler } from "../../src/server/proxy/handler.ts";
import { parseRoute } from "../../src/server/proxy/routes.ts";
import { openUpstream } from "../../src/server/proxy/upstream.ts";
import { startSecureServer } from "../../src/server/secure_server.ts";
import { makeIdentity } from "../support/identity.ts";
import { type RunningProcess, start, waitFor } from "../support/processes.ts";
import { makeScratch } from "../support/scratch.ts";
import { type Serving, startServing } from "../support/serving.ts";
import { type SlowTarget, startSlowTarget } from "../support/slow_target.ts";

const SLOW = { timeout: 120_000 };
const SIZE = 300_000_000;
/** Megabytes. The program alone needs 60; without holding back it had 400. */
const MOST_MB = 150;
/** Octets that fit into what is between the file and the target: buffers of two connections and of three programs. */
const MOST_SENT = 100_000_000;

const VERSIONS = {
  "HTTP/1.1": ["--http1.1"],
  "HTTP/1.1 in chunks": ["--http1.1", "-H", "Transfer-Encoding: chunked"],
  "HTTP/2": ["--http2"],
} as const;

const scratch = makeScratch();
const file = join(scratch.work, "upload");
let digest: string;

before(() => {
  const octets = randomFillSync(new Uint8Array(SIZE));
  digest = createHash("sha256").update(octets).digest("hex");
  writeFileSync(file, octets);
}, SLOW);

/** Runs a test with a proxy in front of a target of its own: connections to targets are kept. */
async function withProxy(
  options: readonly string[],
  body: (proxy: Serving, target: SlowTarget) => Promise<void>,
): Promise<void> {
  const target = await startSlowTarget();
  const words = ["proxy", String(target.port), "--port=0", "--host=127.0.0.1", ...options];
  const proxy = await startServing(scratch, words);
  try {
    await body(proxy, target);
  } finally {
    await proxy.process.stop();
    target.close();
  }
}

function upload({ port }: Serving, words: readonly string[]): RunningProcess {
  const root = ["--cacert", join(scratch.state, "root.pem")];
  const curl = ["curl", "-sS", "-H", "Expect:", "-T", file, ...root, ...words];
  return start([...curl, `https://127.0.0.1:${port}/`], { timeoutMs: 100_000 });
}

/** The most memory that a program has ever had, in megabytes. */
function peakMemory({ process }: Serving): number {
  const status = readFileSync(`/proc/${process.pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1000;
}

/** Waits until the client reads no more of its file. @returns The octets that it has read. */
async function whenHeld(client: RunningProcess): Promise<number> {
  let last = -1;
  let since = Date.now();
  return await waitFor("the client to be held back", () => {
    const io = readFileSync(`/proc/${client.pid}/io`, "utf8");
    const now = Number(/rchar: (\d+)/.exec(io)?.[1]);
    if (now !== last) since = Date.now();
    last = now;
    return now > 1_000_000 && Date.now() - since > 1_500 ? now : undefined;
  }, 60_000);
}

describe("300 MB to a target that reads nothing at first", () => {
  for (const [version, words] of Object.entries(VERSIONS)) {
    test(`over ${version}: the client waits, then all of it arrives`, SLOW, async () => {
      await withProxy([], async (proxy, target) => {
        const client = upload(proxy, words);
        const sent = await whenHeld(client);
        assert.ok(sent < MOST_SENT, `${sent} octets were taken`);
        assert.ok(peakMemory(proxy) < MOST_MB, `${peakMemory(proxy)} MB while nothing was read`);
        target.read();
        const { stdout, stderr } = await client.ended;
        assert.equal(stdout, `${SIZE} ${digest}`, stderr);
        assert.ok(peakMemory(proxy) < MOST_MB, `${peakMemory(proxy)} MB`);
      });
    });
  }

  // The versions at the same time: both wait for --timeout.
  const eachVersion = (body: (words: readonly string[]) => Promise<void>) =>
    Promise.all(Object.values(VERSIONS).map(body));

  test("a client that leaves meanwhile is forgotten", SLOW, async () => {
    await eachVersion((words) =>
      withProxy(["--timeout=8"], async (proxy, target) => {
        const client = upload(proxy, words);
        await whenHeld(client);
        await client.stop();
        await waitFor("the end", () => /PUT \S+ \S+ \d+ ms/.test(proxy.process.output()), 30_000);
        // A target has to read what it got before, to notice an end.
        target.read();
        await waitFor("the end of the connection to the target", () => target.closed === 1, 20_000);
      })
    );
  });

  test("a target that goes on like that is late", SLOW, async () => {
    await eachVersion((words) =>
      withProxy(["--timeout=3"], async (proxy) => {
        const { stdout } = await upload(proxy, [...words, "-i"]).ended;
        assert.match(stdout, /^HTTP\/\S+ 504/);
        assert.match(stdout, /did not answer within 3 seconds/);
      })
    );
  });
});

test("nothing is kept of a body before it is known who sends it", SLOW, async () => {
  const { keyFile, leafFile } = await makeIdentity(scratch.work, "p256");
  const upstream = openUpstream({ roots: [], insecure: false, timeoutMs: 0 });
  const target = await startSlowTarget();
  let admit: (refusal: undefined) => void = () => {};
  const { handler } = await makeProxyHandler({
    routes: [parseRoute(`/=${target.port}`)],
    upstream,
    passCertificate: true,
    timeoutMs: 0,
    clients: { judge: () => new Promise((resolve) => admit = resolve) },
  });
  const server = await startSecureServer({
    addresses: ["127.0.0.1"],
    port: 0,
    keyPair: { cert: readFileSync(leafFile, "utf8"), key: readFileSync(keyFile, "utf8") },
    http2: true,
    handler,
  });
  const url = `https://127.0.0.1:${server.port}/`;
  const client = start(["curl", "-sSk", "--http1.1", "-H", "Expect:", "-T", file, url]);
  try {
    const sent = await whenHeld(client);
    assert.ok(sent < MOST_SENT, `${sent} octets were taken`);
    assert.equal(target.opened, 0);
    admit(undefined);
    await waitFor("the connection to the target", () => target.opened === 1);
    target.read();
    assert.equal((await client.ended).stdout, `${SIZE} ${digest}`);
  } finally {
    await client.stop();
    await server.close(0);
    upstream.close();
    target.close();
  }
});

test("a client that is slower than --timeout is not the target's fault", SLOW, async () => {
  await withProxy(["--timeout=1"], async (proxy, target) => {
    const url = `https://127.0.0.1:${proxy.port}/`;
    const text = `(printf a; sleep 2; printf b) | curl -sSk -H Expect: -T - ${url}`;
    const client = start(["bash", "-c", text], { timeoutMs: 60_000 });
    await waitFor("the connection to the target", () => target.opened === 1);
    target.read();
    const hash = createHash("sha256").update("ab").digest("hex");
    assert.equal((await client.ended).stdout, `2 ${hash}`);
  });
});
