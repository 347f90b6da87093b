/**
 * Pages that call servers of other origins: what doctor says of each server, and what a real Chromium says of the same
 * call, by Chromium's own names.
 */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { FailedRequest } from "../support/browser.ts";
import { missingChromium, startChromium } from "../support/chromium.ts";
import { missingFirefox, startFirefox } from "../support/firefox.ts";
import { localtls } from "../support/localtls.ts";
import { createNetwork, type NetworkHost, type TestNetwork } from "../support/netns.ts";
import { once } from "../support/once.ts";
import { mustRun } from "../support/processes.ts";
import { freshHome, mapNames, scratchDirectory } from "../support/sandbox.ts";
import { formatTable } from "../support/text_table.ts";

const LIMIT = { timeout: 120_000 };
const PAGE = "http://172.16.99.40:8000";
/** The same two hosts by addresses of the internet: nothing leaves the test's own network. */
const PUBLIC_PAGE = "http://93.184.216.40:8000";

/** How a server answers: headers of every answer, and the status of a preflight. */
const SERVERS: readonly {
  readonly id: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly preflight?: number;
}[] = [
  { id: "allows the page", headers: [["Access-Control-Allow-Origin", PAGE]] },
  { id: "allows everybody", headers: [["Access-Control-Allow-Origin", "*"]] },
  { id: "says nothing", headers: [] },
  { id: "allows another page", headers: [["Access-Control-Allow-Origin", "http://a.test"]] },
  { id: "with a slash", headers: [["Access-Control-Allow-Origin", `${PAGE}/`]] },
  {
    id: "says it twice",
    headers: [["Access-Control-Allow-Origin", PAGE], ["Access-Control-Allow-Origin", PAGE]],
  },
  { id: "knows no OPTIONS", headers: [["Access-Control-Allow-Origin", PAGE]], preflight: 405 },
  { id: "wants a password", headers: [["Access-Control-Allow-Origin", PAGE]], preflight: 401 },
  { id: "redirects", headers: [["Access-Control-Allow-Origin", PAGE]], preflight: 302 },
];

const FIRST_PORT = 4301;

const PROGRAM = `
import http.server, json, sys, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status):
        body = b'{}' if self.server.page is None else self.server.page
        self.send_response(status)
        for name, value in self.server.headers: self.send_header(name, value)
        self.send_header('Access-Control-Allow-Headers', 'Content-Type')
        self.send_header('Vary', 'Origin')
        if status == 302: self.send_header('Location', '/elsewhere')
        self.send_header('Content-Type', 'text/html')
        self.send_header('Content-Length', '0' if status == 204 else str(len(body)))
        self.end_headers()
        if status != 204: self.wfile.write(body)
    def do_OPTIONS(self): self.answer(self.server.preflight)
    def do_GET(self): self.answer(200)
    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.answer(200)
    def log_message(self, *words): pass
for port, headers, preflight, page in json.load(open(sys.argv[1])):
    server = http.server.ThreadingHTTPServer(('0.0.0.0', port), Handler)
    server.headers, server.preflight = headers, preflight
    server.page = None if page is None else page.encode()
    threading.Thread(target=server.serve_forever).start()
`;

/** Calls every URL with a JSON body, which makes a browser ask first. */
function pageThatCalls(urls: readonly string[]): string {
  return `<!doctype html><pre id="log"></pre><script>
(async () => {
  const log = document.getElementById("log");
  for (const url of ${JSON.stringify(urls)}) {
    const headers = { "Content-Type": "application/json" };
    await fetch(url, { method: "POST", headers, body: "{}" })
      .then(() => log.append(url + " allowed\\n"), () => log.append(url + " refused\\n"));
  }
  log.append("done");
})();
</script>`;
}

const BROWSERS = [
  ["Chromium", missingChromium(), startChromium],
  ["Firefox", missingFirefox(), startFirefox],
] as const;

const home = freshHome();
const urlOf = (i: number, host = "172.16.99.32") => `http://${host}:${FIRST_PORT + i}/`;
const prepared = once(prepare);
let network: TestNetwork<"server" | "client"> | undefined;

async function serve(host: NetworkHost, settings: readonly unknown[][]): Promise<void> {
  const directory = scratchDirectory("calls");
  writeFileSync(join(directory, "serve.py"), PROGRAM);
  writeFileSync(join(directory, "settings.json"), JSON.stringify(settings));
  host.spawn(["python3", join(directory, "serve.py"), join(directory, "settings.json")]);
  for (const [port] of settings) await host.listening(Number(port));
}

async function prepare(): Promise<TestNetwork<"server" | "client">> {
  network = await createNetwork({ server: "172.16.99.32", client: "172.16.99.40" });
  const { server, client } = network.hosts;
  await mustRun(["ip", "-n", client.name, "address", "add", "93.184.216.40/24", "dev", "eth0"]);
  const urls = SERVERS.map((_, i) => urlOf(i));
  const page = pageThatCalls(urls);
  await serve(
    server,
    SERVERS.map(({ headers, preflight = 204 }, i) => [FIRST_PORT + i, headers, preflight, null]),
  );
  await serve(client, [[8000, [], 405, page]]);
  return network;
}

after(async () => {
  await network?.close();
});

/** The requests that a real Chromium gives up. */
async function failuresOf(page: string): Promise<Map<string, FailedRequest>> {
  const { client } = (await prepared()).hosts;
  const browser = await startChromium({ home, host: client });
  try {
    const { requests } = await browser.open(page, { until: /done/ });
    return new Map(requests.map((request) => [request.url, request]));
  } finally {
    await browser.close();
  }
}

async function diagnose(url: string, origin: string) {
  const { client } = (await prepared()).hosts;
  const result = await localtls(["doctor", url, "--origin", origin, "--json"], {
    ns: client,
    env: { HOME: home },
    cwd: home,
  });
  return { code: result.code, document: result.json() };
}

describe("calls from pages", { skip: missingChromium() }, () => {
  test("doctor names what Chromium names, and allows what Chromium allows", LIMIT, async () => {
    const failures = await failuresOf(PAGE);
    const table: Record<string, Record<string, string>> = {};
    for (const [i, { id }] of SERVERS.entries()) {
      const real = failures.get(urlOf(i));
      const { code, document } = await diagnose(urlOf(i), PAGE);
      const preflight = document.checks.find((one: { id: string }) => one.id === "cors-preflight");
      table[id] = { Chromium: real?.corsError ?? "allowed", doctor: preflight.message };
      assert.equal(code, real === undefined ? 0 : 1, `${id}: ${JSON.stringify(document.checks)}`);
      assert.equal(preflight.status === "fail", real !== undefined, id);
      if (real === undefined) continue;
      assert.ok(real.corsError, `${id}: Chromium gives no name`);
      assert.ok(
        preflight.message.includes(`(${real.corsError})`),
        `${id}: Chromium says ${real.corsError}, doctor: ${preflight.message}`,
      );
      assert.equal(real.errorText, `net::${document.verdict}`);
    }
    console.log(formatTable(table));
    assert.equal(failures.size, SERVERS.length - 2);
  });

  test("a page of the internet may not call a local network over http", LIMIT, async () => {
    const failures = await failuresOf(PUBLIC_PAGE);
    const { code, document } = await diagnose(urlOf(1), PUBLIC_PAGE);
    assert.equal(failures.get(urlOf(1))?.corsError, "InsecureLocalNetwork");
    const check = document.checks.find((one: { id: string }) => one.id === "local-network");
    assert.equal(check.status, "fail");
    assert.match(check.message, /\(InsecureLocalNetwork\)/);
    assert.equal(code, 1);
  });

  test("an https page may not call http, except on its own machine", LIMIT, async () => {
    const { client } = (await prepared()).hosts;
    const setup = await localtls(["setup", "172.16.99.40", "--json"], {
      ns: client,
      env: { HOME: home },
      cwd: home,
    });
    assert.equal(setup.code, 0, setup.stderr);
    const { cert, key } = setup.json().certificates[0];
    mapNames("172.16.99.32", "api.test");
    const [byAddress, byName] = [urlOf(1), urlOf(1, "api.test")];
    const file = join(scratchDirectory("page"), "page.cjs");
    writeFileSync(
      file,
      `const { readFileSync } = require("node:fs");
const [cert, key] = process.argv.slice(2).map((path) => readFileSync(path));
const page = ${JSON.stringify(pageThatCalls([byAddress, byName]))};
require("node:https").createServer({ cert, key }, (_, response) => {
  response.setHeader("Content-Type", "text/html");
  response.end(page);
}).listen(8443, "172.16.99.40");`,
    );
    client.spawn(["node", file, cert, key]);
    await client.listening(8443);
    const origin = "https://172.16.99.40:8443";
    const blocked = { [byAddress]: [] as string[], [byName]: [] as string[] };
    for (const [name, missing, start] of BROWSERS) {
      if (missing !== false) continue;
      const browser = await start({ home, host: client });
      const { text } = await browser.open(origin, { until: /done/ });
      await browser.close();
      for (const url of [byAddress, byName]) {
        if (text.includes(`${url} refused`)) blocked[url]?.push(name);
        else assert.ok(text.includes(`${url} allowed`), `${name}: ${text}`);
      }
    }
    for (const url of [byAddress, byName]) {
      const { code, document } = await diagnose(url, origin);
      const check = document.checks.find((one: { id: string }) => one.id === "mixed-content");
      assert.equal(check.status, "fail");
      assert.equal(code, 1);
      assert.equal(document.verdict, "blocked:mixed-content");
      const present = BROWSERS.filter(([, missing]) => missing === false).map(([name]) => name);
      const expected = check.clients.filter((name: string) => present.includes(name as "Chromium"));
      assert.deepEqual(blocked[url], expected, url);
    }
    const loopback = await diagnose("http://127.0.0.1:8000/", origin);
    const own = loopback.document.checks.find((one: { id: string }) => one.id === "mixed-content");
    assert.equal(own.status, "pass");
  });
});
