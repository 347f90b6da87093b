/**
 * WebSocket (RFC 6455, RFC 7692) through `localtls proxy`: Autobahn's cases against an echo server, and against the same
 * server behind the proxy. The proxy may change nothing that a client can see.
 *
 * Those of limits and compression take half an hour: `LOCALTLS_AUTOBAHN="9.* 12.* 13.*"`, set inside the sandbox, runs them.
 */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { missingSuite, printRow, suiteFile } from "../support/conformance.ts";
import { mustRun, type RunningProcess, start, waitFor } from "../support/processes.ts";
import { once } from "../support/once.ts";
import { makeScratch } from "../support/scratch.ts";
import { startServing } from "../support/serving.ts";

/** Framing, pings, reserved bits, opcodes, fragments, UTF-8, closing, and one case of automatic fragmentation. */
const PROTOCOL = "1.* 2.* 3.* 4.* 5.* 6.* 7.* 10.*";

const chosen = process.env["LOCALTLS_AUTOBAHN"];
const CASES = (chosen ?? PROTOCOL).split(" ");
const LIMIT_MS = chosen === undefined ? 150_000 : 3_600_000;
const LIMIT = { timeout: LIMIT_MS };
/** How many there are at least. */
const MIN_CASES = chosen === undefined ? 247 : 1;

/** On a busy machine a case may run into one of its own time limits: where two differ, both are run again. */
const TRIES = 3;

/** Of a case's report: when it ran, against whom, and in which pieces TCP and TLS carried it. */
const INCIDENTAL =
  /^(?:agent|started|duration|httpRequest|httpResponse|wirelog|[rt]xOctetStats|trafficStats)$/;

const ECHO = join(import.meta.dirname!, "../support/websocket_echo.mjs");

// deno-lint-ignore no-explicit-any
type Report = Record<string, any>;

const scratch = makeScratch();
const skip = missingSuite("autobahn");
const running: RunningProcess[] = [];

const servers = once(async () => {
  const echo = start(["node", ECHO, suiteFile("npm", "node_modules/ws")]);
  running.push(echo);
  const port = await waitFor("the echo server", () => /port (\d+)\n/.exec(echo.output())?.[1]);
  const target = `http://127.0.0.1:${port}`;
  const proxy = await startServing(scratch, ["proxy", "--port=0", "--host=127.0.0.1", target]);
  running.push(proxy.process);
  return { echoPort: Number(port), proxyPort: proxy.port };
});

after(async () => {
  for (const process of running) await process.stop();
});

/** Runs cases against a server. @returns the reports by case. */
async function runCases(
  agent: string,
  url: string,
  cases: readonly string[],
): Promise<Record<string, Report>> {
  const outdir = join(scratch.work, agent);
  const spec = {
    options: { failByDrop: false },
    outdir,
    servers: [{ agent, url }],
    cases,
    "exclude-cases": [],
    "exclude-agent-cases": {},
  };
  writeFileSync(`${outdir}.json`, JSON.stringify(spec));
  await mustRun([suiteFile("autobahn", "wstest"), "-m", "fuzzingclient", "-s", `${outdir}.json`], {
    cwd: scratch.work,
    timeoutMs: LIMIT_MS,
  });
  const read = (name: string) => JSON.parse(readFileSync(join(outdir, name), "utf8"));
  const index: Record<string, Report> = read("index.json")[agent];
  return Object.fromEntries(
    Object.entries(index).map(([name, { reportfile }]) => [name, read(reportfile)]),
  );
}

/** What a client has seen: verdicts, messages, how the connection ended. */
function seen(report: Report): Report {
  return Object.fromEntries(Object.entries(report).filter(([name]) => !INCIDENTAL.test(name)));
}

function count(reports: Record<string, Report>): string {
  const counts: Record<string, number> = {};
  for (const { behavior } of Object.values(reports)) counts[behavior] = (counts[behavior] ?? 0) + 1;
  return Object.entries(counts).map(([name, n]) => `${n} ${name}`).join(", ");
}

describe("Autobahn's cases", { skip }, () => {
  test("through the proxy all of them end as they do without it", LIMIT, async () => {
    const { echoPort, proxyPort } = await servers();
    const runBoth = (cases: readonly string[]) =>
      Promise.all([
        runCases("direct", `ws://127.0.0.1:${echoPort}`, cases),
        runCases("proxied", `wss://127.0.0.1:${proxyPort}`, cases),
      ]);
    const [direct, proxied] = await runBoth(CASES);
    assert.ok(Object.keys(direct).length >= MIN_CASES, `${Object.keys(direct).length} cases`);
    assert.deepEqual(Object.keys(proxied), Object.keys(direct));
    for (let i = 1; i < TRIES; i++) {
      const differing = Object.keys(direct).filter((name) =>
        !isDeepStrictEqual(seen(proxied[name]!), seen(direct[name]!))
      );
      if (differing.length === 0) break;
      const [again, againProxied] = await runBoth(differing);
      Object.assign(direct, again);
      Object.assign(proxied, againProxied);
    }
    for (const [name, report] of Object.entries(direct)) {
      // A case that fails without the proxy would hide what the proxy does to it.
      assert.notEqual(report["behavior"], "FAILED", `${name} without the proxy`);
      assert.deepEqual(seen(proxied[name]!), seen(report), name);
    }
    printRow("WebSocket (Autobahn)", `without proxy: ${count(direct)}`, `proxy: ${count(proxied)}`);
  });

  test("a relay that changes one octet is found", LIMIT, async () => {
    const { echoPort } = await servers();
    const relay = createServer((client) => {
      const server = connect(echoPort, "127.0.0.1");
      for (const socket of [client, server]) socket.on("error", () => {});
      client.pipe(server);
      let isOpen = false;
      server.on("data", (bytes: Uint8Array) => {
        // The answer to the opening handshake stays as it is.
        const last = bytes.length - 1;
        client.write(isOpen ? bytes.with(last, bytes[last]! ^ 1) : bytes);
        isOpen = true;
      });
      server.on("close", () => client.destroy());
      client.on("close", () => server.destroy());
    });
    await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
    const { port } = relay.address() as { port: number };
    try {
      const spoiled = await runCases("spoiled", `ws://127.0.0.1:${port}`, ["1.1.2", "5.3"]);
      const verdicts = Object.values(spoiled).map(({ behavior }) => behavior);
      assert.deepEqual(verdicts, ["FAILED", "FAILED"]);
    } finally {
      relay.close();
    }
  });
});
