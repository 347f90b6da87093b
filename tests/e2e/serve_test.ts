/**
 * `serve` and `proxy` in a real browser on another host of a network: what a page may do with them, and what the same
 * page may not do without.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { after, describe, test } from "node:test";
import { missingChromium, startChromium } from "../support/chromium.ts";
import { localtls } from "../support/localtls.ts";
import { createNetwork, type NetworkHost, type TestNetwork } from "../support/netns.ts";
import { once } from "../support/once.ts";
import { freshHome } from "../support/sandbox.ts";
import { startServing } from "../support/serving.ts";
import { APP_DONE, writeWebApp } from "../support/web_app.ts";

const LIMIT = { timeout: 180_000 };
const SERVER = "172.16.99.32";
/** serve; proxy of page and API; proxy of the API alone, closed and open for the page of serve. */
const PORTS = { serve: 8443, one: 9443, closed: 9444, open: 9445, plain: 8000 } as const;
const at = (port: number) => `https://${SERVER}:${port}`;

interface Site {
  readonly client: NetworkHost;
  readonly home: string;
}

let network: TestNetwork<"server" | "client"> | undefined;
const prepared = once(startSite);

async function startSite(): Promise<Site> {
  network = await createNetwork({ server: SERVER, client: "172.16.99.40" });
  const { server, client } = network.hosts;
  const home = freshHome();
  const setup = await localtls(["setup", SERVER], { env: { HOME: home }, cwd: home, ns: server });
  assert.equal(setup.code, 0, setup.stdout + setup.stderr);
  const directory = writeWebApp();
  const backEnd = fileURLToPath(new URL("../support/back_end_program.ts", import.meta.url));
  server.spawn([process.execPath, backEnd, "8080"]);
  const bind = ["--bind", SERVER, "--directory", directory];
  server.spawn(["python3", "-m", "http.server", String(PORTS.plain), ...bind]);
  await Promise.all([server.listening(8080, "127.0.0.1"), server.listening(PORTS.plain)]);
  const scratch = { home, work: home };
  const api = "--route=/api=http://127.0.0.1:8080";
  const host = `--host=${SERVER}`;
  await Promise.all([
    startServing(scratch, ["serve", directory, host, `--port=${PORTS.serve}`], server),
    startServing(scratch, [
      "proxy",
      host,
      `--port=${PORTS.one}`,
      api,
      `--route=/=${directory}`,
    ], server),
    startServing(scratch, ["proxy", host, `--port=${PORTS.closed}`, api], server),
    startServing(scratch, [
      "proxy",
      host,
      `--port=${PORTS.open}`,
      api,
      `--cors=${at(PORTS.serve)}`,
    ], server),
  ]);
  return { client, home };
}

after(async () => {
  await network?.close();
});

/** The lines that the page has written. */
async function visit(url: string, home: (site: Site) => string = (site) => site.home) {
  const site = await prepared();
  const browser = await startChromium({ home: home(site), host: site.client });
  try {
    const { text, errorText } = await browser.open(url, { until: APP_DONE });
    return { lines: text.trim().split("\n"), errorText };
  } finally {
    await browser.close();
  }
}

const SECURE = ["secure context: true", "digest: 32", "clipboard: function", "worker: true"];
const ANSWERED = ["api: 200 /api/x", "events: 1,2,3", "socket: echo:ping"];
const REFUSED = ["api: refused", "events: refused"];

describe("Chromium on another machine", { skip: missingChromium() }, () => {
  test("page and API in one origin: everything works", LIMIT, async () => {
    const { lines, errorText } = await visit(at(PORTS.one));
    assert.equal(errorText, undefined);
    assert.deepEqual(lines, [...ANSWERED, ...SECURE, "done"]);
  });
  test("the page of serve and an API that is open to it: everything works", LIMIT, async () => {
    const { lines } = await visit(`${at(PORTS.serve)}/?api=${at(PORTS.open)}`);
    assert.deepEqual(lines, [...ANSWERED, ...SECURE, "done"]);
  });
  test("an API that is not open to it: refused", LIMIT, async () => {
    const { lines } = await visit(`${at(PORTS.serve)}/?api=${at(PORTS.closed)}`);
    assert.deepEqual(lines, [...REFUSED, "socket: refused", ...SECURE, "done"]);
  });
  test("an API that is open to another origin: refused", LIMIT, async () => {
    const { lines } = await visit(`${at(PORTS.one)}/?api=${at(PORTS.open)}`);
    assert.deepEqual(lines.slice(0, 2), REFUSED);
  });
  test("the same page over plain HTTP has none of what is for secure contexts", LIMIT, async () => {
    const { lines } = await visit(`http://${SERVER}:${PORTS.plain}/?api=${at(PORTS.closed)}`);
    assert.deepEqual(lines.slice(3), [
      "secure context: false",
      "digest: refused",
      "clipboard: refused",
      "worker: refused",
      "done",
    ]);
  });
  test("a browser that does not trust the CA refuses the page", LIMIT, async () => {
    const { errorText } = await visit(at(PORTS.one), () => freshHome());
    assert.equal(errorText, "net::ERR_CERT_AUTHORITY_INVALID");
  });
});
