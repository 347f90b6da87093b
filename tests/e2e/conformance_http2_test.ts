/**
 * HTTP/2 (RFC 9113, RFC 7541) of `localtls proxy`: h2spec's cases, and the same against a server that is node:http2 and
 * nothing else. Whatever the proxy does not pass has to be known, and the runtime's own.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { assertDeviations, missingSuite, printRow } from "../support/conformance.ts";
import { type H2Results, runH2spec } from "../support/h2spec.ts";
import { once } from "../support/once.ts";
import { makeScratch } from "../support/scratch.ts";
import { startServing } from "../support/serving.ts";
import { HTTP2_DEVIATIONS } from "./conformance_http2_deviations.ts";

const LIMIT = { timeout: 170_000 };
/** More than a window of one octet, less than a frame. */
const PAGE = "<p>A page.</p>".repeat(20);

const scratch = makeScratch();
const endings: (() => unknown)[] = [];

after(async () => {
  for (const end of endings) await end();
});

// deno-lint-ignore no-explicit-any
function answerPage(request: any, response: any): void {
  request.resume().on("end", () => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end(PAGE);
  });
}

async function listen(server: Pick<Server, "listen" | "address" | "close">): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  endings.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const results = once(async () => {
  const target = `http://127.0.0.1:${await listen(createServer(answerPage))}`;
  const proxy = await startServing(scratch, ["proxy", "--port=0", "--host=127.0.0.1", target]);
  endings.push(() => proxy.process.stop());
  const issued = await scratch.run(["cert", "localhost"]);
  assert.equal(issued.code, 0, issued.stderr);
  const [cert, key] = ["localhost.pem", "localhost-key.pem"]
    .map((name) => readFileSync(join(scratch.work, name)));
  const bare = createSecureServer({ cert: cert!, key: key!, allowHTTP1: true }, answerPage);
  bare.on("sessionError", () => {});
  const barePort = await listen(bare as unknown as Server);
  const known = Object.keys(HTTP2_DEVIATIONS);
  const [proxied, runtime] = await Promise.all([
    runH2spec(proxy.port, join(scratch.work, "proxy.xml"), known),
    runH2spec(barePort, join(scratch.work, "runtime.xml"), known),
  ]);
  return { proxied, runtime };
});

function count({ passed, skipped, failed }: H2Results): string {
  return `${passed.length} passed, ${failed.size} failed, ${skipped.length} skipped`;
}

describe("h2spec's cases", { skip: missingSuite("h2spec") }, () => {
  test("the proxy passes all but those that were reviewed", LIMIT, async () => {
    const { proxied, runtime } = await results();
    printRow("HTTP/2 (h2spec)", `proxy: ${count(proxied)}`, `node:http2 alone: ${count(runtime)}`);
    assert.ok(proxied.passed.length >= 134, `${proxied.passed.length} passed`);
    assertDeviations(proxied.failed, HTTP2_DEVIATIONS);
  });
  test("what it does not pass, the runtime alone does not pass either", LIMIT, async () => {
    const { proxied, runtime } = await results();
    const ours = [...proxied.failed.keys()].filter((name) => !runtime.failed.has(name));
    assert.deepEqual(ours, []);
    const skipped = proxied.skipped.filter((name) => !runtime.skipped.includes(name));
    assert.deepEqual(skipped, [], "skipped because of the proxy");
  });
});
