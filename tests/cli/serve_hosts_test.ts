/** `localtls serve` and `localtls proxy`: whose requests are answered, by Host and by Origin. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type BackEnd, startBackEnd } from "../support/back_end.ts";
import { mustRun } from "../support/processes.ts";
import { exchange } from "../support/raw_https.ts";
import { makeScratch } from "../support/scratch.ts";
import { type Serving, startServing } from "../support/serving.ts";

const SLOW = { timeout: 120_000 };

const scratch = makeScratch();
let backEnd: BackEnd;
const running: Serving[] = [];
let serve: Serving;
let proxy: Serving;
let open: Serving;

async function startOne(words: readonly string[]): Promise<Serving> {
  const serving = await startServing(scratch, [...words, "--port=0", "--host=127.0.0.1"]);
  running.push(serving);
  return serving;
}

before(async () => {
  backEnd = await startBackEnd();
  serve = await startOne(["serve", ".", "--name=app.test", "--http-redirect=0"]);
  proxy = await startOne(["proxy", String(backEnd.port), "--cors=https://a.test"]);
  open = await startOne(["proxy", String(backEnd.port), "--any-host", "--http-redirect=0"]);
}, SLOW);

after(async () => {
  await Promise.all(running.map(({ process }) => process.stop()));
  backEnd?.close();
});

/** The status and the text for a request with that Host. */
async function ask(url: string, host: string, words: readonly string[] = []) {
  const root = ["--cacert", join(scratch.state, "root.pem")];
  const out = await mustRun(["curl", "-sS", "-i", ...root, ...words, "-H", `Host: ${host}`, url]);
  return { status: Number(/^HTTP\/\S+ (\d+)/.exec(out)?.[1]), text: out };
}

const VERSIONS = [
  ["serve", "--http1.1", () => serve],
  ["proxy", "--http1.1", () => proxy],
  ["proxy", "--http2", () => proxy],
] as const;

for (const [kind, version, server] of VERSIONS) {
  describe(`${kind} over ${version}`, () => {
    const at = () => `https://127.0.0.1:${server().port}/`;
    for (const host of ["localhost", "LocalHost.:1", "127.0.0.1:8443", "[::1]:8443"]) {
      test(`Host: ${host} is answered`, SLOW, async () => {
        assert.equal((await ask(at(), host, [version])).status, 200);
      });
    }
    for (const host of ["evil.example", "localhost.evil.example:8443", "[::2]", "192.0.2.1"]) {
      test(`Host: ${host} is 421, and says what to do`, SLOW, async () => {
        const before = backEnd.seen.length;
        const { status, text } = await ask(at(), host, [version]);
        assert.equal(status, 421, text);
        const name = host.replaceAll(/^\[|\]|:8443$/g, "");
        assert.ok(text.includes(`start it with --name ${name}, or with --any-host`), text);
        // A page that was pointed here learns nothing of this machine.
        assert.doesNotMatch(text, /app\.test|127\.0\.0\.1/);
        assert.equal(backEnd.seen.length, before);
      });
    }
  });
}

test("--any-host answers every Host", SLOW, async () => {
  const at = `https://127.0.0.1:${open.port}/`;
  assert.equal((await ask(at, "evil.example", ["--http1.1"])).status, 200);
  assert.equal((await ask(at, "evil.example", ["--http2"])).status, 200);
});

test("--name is one of the names", SLOW, async () => {
  assert.equal((await ask(`https://127.0.0.1:${serve.port}/`, "app.test")).status, 200);
  assert.equal((await ask(`https://127.0.0.1:${proxy.port}/`, "app.test")).status, 421);
});

test("--http-redirect leads to no other host", SLOW, async () => {
  const at = ({ document }: Serving) => `http://127.0.0.1:${document.redirectPort}/x`;
  const own = await ask(at(serve), "app.test:80");
  assert.equal(own.status, 307);
  assert.match(own.text, new RegExp(`location: https://app\\.test:${serve.port}/x`, "i"));
  const foreign = await ask(at(serve), "evil.example");
  assert.equal(foreign.status, 421);
  assert.doesNotMatch(foreign.text, /^location/im);
  assert.equal((await ask(at(open), "evil.example")).status, 307);
});

describe("WebSocket", () => {
  const upgrade = ({ port }: Serving, host: string, origin?: string) =>
    exchange(
      port,
      `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `${origin === undefined ? "" : `Origin: ${origin}\r\n`}\r\n`,
      500,
    );
  const CASES: readonly (readonly [string, string | undefined, number])[] = [
    ["localhost", undefined, 101],
    ["localhost:8443", "https://localhost:8443", 101],
    ["localhost", "https://a.test", 101],
    ["localhost", "https://b.test", 403],
    ["localhost", "http://localhost", 403],
    ["localhost", "null", 403],
    ["evil.example", "https://evil.example", 421],
    ["evil.example", undefined, 421],
  ];
  for (const [host, origin, status] of CASES) {
    test(`for ${host}, of a page of ${origin ?? "nobody"}: ${status}`, SLOW, async () => {
      const before = backEnd.seen.length;
      const { statuses, text, closed } = await upgrade(proxy, host, origin);
      assert.deepEqual(statuses, [status]);
      assert.equal(backEnd.seen.length, before + (status === 101 ? 1 : 0));
      assert.equal(closed, status !== 101);
      if (status === 403) assert.match(text, /--cors ORIGIN lets them/);
      if (status === 421) assert.match(text, /--any-host/);
    });
  }
  test("--any-host leaves the rule for origins", SLOW, async () => {
    assert.deepEqual((await upgrade(open, "b.test", "https://b.test")).statuses, [101]);
    assert.deepEqual((await upgrade(open, "b.test", "https://a.test")).statuses, [403]);
  });
});
