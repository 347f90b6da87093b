/**
 * The story's server as it is found: self-signed, the address in the common name alone, called by a page of another
 * origin. Doctor names every fault, and the commands that it prints, run as they are, mend it.
 */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { missingChromium, startChromium } from "../support/chromium.ts";
import { LOCALTLS, localtls } from "../support/localtls.ts";
import { createNetwork, type NetworkHost, type TestNetwork } from "../support/netns.ts";
import { missingNginx, type Nginx, startNginx } from "../support/nginx.ts";
import { once } from "../support/once.ts";
import { selfSignedCertificate } from "../support/openssl.ts";
import { freshHome, removePrograms } from "../support/sandbox.ts";
import {
  ANSWERED,
  PAGE_DONE,
  REFUSED,
  startBackEnd,
  startPageServer,
} from "../support/story_site.ts";

const LIMIT = { timeout: 120_000 };
const API = "https://172.16.99.32:1043";
const PAGE = "http://172.16.99.40:8000";

// deno-lint-ignore no-explicit-any -- a document as scripts see it
type Json = any;

const home = freshHome();
const prepared = once(prepare);
let network: TestNetwork<"server" | "client"> | undefined;
let nginx: Nginx | undefined;

async function prepare(): Promise<TestNetwork<"server" | "client">> {
  removePrograms("certutil");
  network = await createNetwork({ server: "172.16.99.32", client: "172.16.99.40" });
  const { server, client } = network.hosts;
  await Promise.all([startBackEnd(server), startPageServer(client, [8000], API)]);
  const { cert, key } = await selfSignedCertificate("172.16.99.32");
  nginx = await startNginx(
    server,
    `server {
    listen 172.16.99.32:1043 ssl;
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    location / { proxy_pass http://127.0.0.1:8080; }
}`,
    [1043],
  );
  return network;
}

after(async () => {
  await network?.close();
});

async function diagnose(server: NetworkHost): Promise<{ code: number; document: Json }> {
  const result = await localtls(["doctor", API, "--origin", PAGE, "--json"], {
    ns: server,
    env: { HOME: home },
    cwd: home,
  });
  return { code: result.code, document: result.json() };
}

/** What the page shows in a real Chromium, and what curl says of the API. */
async function see({ server, client }: Record<"server" | "client", NetworkHost>) {
  const browser = await startChromium({ home, host: client });
  try {
    const page = await browser.open(PAGE, { until: PAGE_DONE });
    const direct = await browser.open(`${API}/answer`);
    const curl = await server.exec(["curl", "-sS", `${API}/answer`], { env: { HOME: home } });
    return { page: page.text.trim(), error: direct.errorText, curl: curl.code };
  } finally {
    await browser.close();
  }
}

/** Runs a printed fix in a shell where the program is on PATH, as a person pastes it. */
async function paste(server: NetworkHost, fix: string): Promise<string> {
  const bin = join(home, "bin");
  mkdirSync(bin, { recursive: true });
  try {
    symlinkSync(LOCALTLS, join(bin, "localtls"));
  } catch {
    // There from the fix before.
  }
  const env = { HOME: home, PATH: `${bin}:${process.env["PATH"]}` };
  const { code, stdout, stderr } = await server.exec(["bash", "-c", fix], { env, cwd: home });
  assert.equal(code, 0, `${fix}\n${stdout}${stderr}`);
  return stdout;
}

describe("the story's server", { skip: missingNginx() || missingChromium() }, () => {
  test("every fault is named, with the browser's own error", LIMIT, async () => {
    const { hosts } = await prepared();
    const { code, document } = await diagnose(hosts.server);
    assert.equal(code, 1);
    assert.equal(document.verdict, "ERR_CERT_AUTHORITY_INVALID");
    const failed = document.checks.filter((one: Json) => one.status === "fail")
      .map((one: Json) => one.id);
    for (
      const id of [
        "certificate-name",
        "certificate-ca",
        "trust-chromium",
        "trust-firefox",
        "trust-curl",
        "cors-preflight",
        "cors-answer",
      ]
    ) assert.ok(failed.includes(id), `${id} is not among ${failed}`);
    const seen = await see(hosts);
    assert.equal(seen.error, "net::ERR_CERT_AUTHORITY_INVALID");
    assert.equal(seen.page, REFUSED);
    assert.equal(seen.curl, 60);
  });

  test("the printed commands, pasted as they are, mend it", LIMIT, async () => {
    const { hosts } = await prepared();
    const { document } = await diagnose(hosts.server);
    const fixes = document.checks.filter((one: Json) => one.status === "fail")
      .map((one: Json) => one.fix);
    const lines = [...new Set(fixes.flatMap((fix: string) => fix.split("\n")))] as string[];
    assert.deepEqual(lines, [
      "localtls setup 172.16.99.32",
      `localtls config nginx 172.16.99.32 --port 1043 --cors ${PAGE}`,
    ]);
    await paste(hosts.server, lines[0]!);
    const configuration = await paste(hosts.server, lines[1]!);
    await nginx?.stop();
    nginx = await startNginx(hosts.server, configuration, [1043]);
    assert.deepEqual(await see(hosts), { page: ANSWERED, error: undefined, curl: 0 });
    const after = await diagnose(hosts.server);
    const left = after.document.checks.filter((one: Json) => one.status === "fail");
    assert.deepEqual(left, []);
    assert.equal(after.code, 0);
    assert.equal(after.document.verdict, "OK");
  });

  test("--probe starts the clients, and they say the same", LIMIT, async () => {
    const { hosts } = await prepared();
    const { stdout, code } = await localtls(["doctor", API, "--probe", "--json"], {
      ns: hosts.server,
      env: { HOME: home, NODE_EXTRA_CA_CERTS: join(home, ".local/share/localtls/root.pem") },
      cwd: home,
      timeoutMs: 100_000,
    });
    const { probes, clients } = JSON.parse(stdout);
    assert.equal(code, 0);
    const installed = probes.filter((one: Json) => one.verdict !== "not-installed");
    assert.ok(installed.length >= 3, JSON.stringify(probes));
    for (const { name, verdict, words } of installed) {
      const ours = clients.find((one: Json) => one.name === name);
      assert.equal(verdict, ours.verdict, `${name}: ${words}`);
      assert.equal(verdict, "accepts", `${name}: ${words}`);
    }
    const nowhere = await localtls(["doctor", "https://172.16.99.32:1044", "--probe", "--json"], {
      ns: hosts.server,
      env: { HOME: home },
      cwd: home,
      timeoutMs: 100_000,
    });
    assert.equal(nowhere.code, 1);
    const chromium = nowhere.json().probes.find((one: Json) => one.name === "Chromium");
    assert.equal(chromium.verdict, "refuses");
    assert.equal(chromium.words, "ERR_CONNECTION_REFUSED");
    const left = readdirSync(process.env["TMPDIR"] ?? "/tmp").filter((name) =>
      name.startsWith("localtls-doctor-")
    );
    assert.deepEqual(left, []);
  });

  test("another origin is told that the server does not allow it", LIMIT, async () => {
    const { hosts } = await prepared();
    const { stdout, code } = await localtls(
      ["doctor", API, "--origin", "http://172.16.99.40:9000", "--json"],
      { ns: hosts.server, env: { HOME: home }, cwd: home },
    );
    const document = JSON.parse(stdout);
    assert.equal(code, 1);
    const cors = document.checks.find((one: Json) => one.id === "cors-answer");
    assert.equal(cors.status, "fail");
    assert.match(cors.message, /MissingAllowOriginHeader/);
    assert.equal(
      document.clients.every((one: Json) => one.name === "Node" || one.verdict === "accepts"),
      true,
    );
  });
});
