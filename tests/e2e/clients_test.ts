/**
 * What real clients say of our certificates: refused before setup, accepted for an address and for names
 * after it, refused after uninstall; and a stolen issuer key is good for no public name, anywhere.
 */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { decodePem } from "../../src/der/pem.ts";
import { openAuthority } from "../../src/pki/authority.ts";
import { issueUnchecked } from "../../src/pki/issue.ts";
import { parseRequestedName } from "../../src/pki/requested_name.ts";
import { httpsClients } from "../support/clients.ts";
import type { HttpsClient } from "../support/https_client.ts";
import { localtls } from "../support/localtls.ts";
import { createNetwork, type TestNetwork } from "../support/netns.ts";
import { missingNginx, startNginx } from "../support/nginx.ts";
import { once } from "../support/once.ts";
import { type CertificateFiles, unconstrainedCa } from "../support/openssl.ts";
import { freshHome, mapNames, removePrograms } from "../support/sandbox.ts";
import { formatTable } from "../support/text_table.ts";

const ADDRESS = "172.16.99.32";
/** As it is asked for; on the wire it is an A-label (RFC 5890, 2.3.2.1). */
const INTERNATIONAL = "münchen.test";
const A_LABEL = "xn--mnchen-3ya.test";
const OURS = [ADDRESS, "app.test", "localhost", A_LABEL].map((name) => `https://${name}:4443/`);
const STOLEN = "https://google.com:4443/";
/** The same name from a CA without constraints: shows that STOLEN is refused for the constraints. */
const CONTROL = "https://google.com:4444/";

const LIMIT = { timeout: 120_000 };

const clients = httpsClients();
const table: Record<string, Record<string, string>> = {};
const home = freshHome();
const state = join(home, ".local/share/localtls");
const rootFile = join(state, "root.pem");
let controlRoot: string;
let network: TestNetwork<"server"> | undefined;

async function run(...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await localtls(args, { env: { HOME: home }, cwd: home });
  assert.equal(code, 0, `localtls ${args.join(" ")}: ${stdout}${stderr}`);
}

/** The states of the machine, in their order. */
const prepared = once(startServers);
const trusted = once(async () => {
  await prepared();
  await run("setup", ADDRESS, "--yes");
  await run("trust", controlRoot, "--yes");
});
const uninstalled = once(async () => {
  await trusted();
  await run("uninstall", "--purge", "--yes");
});

async function startServers(): Promise<TestNetwork<"server">> {
  removePrograms("certutil");
  network = await createNetwork({ server: ADDRESS });
  mapNames(ADDRESS, "app.test", A_LABEL, "google.com");
  const leaf = { cert: join(home, "leaf.pem"), key: join(home, "leaf-key.pem") };
  const names = [ADDRESS, "app.test", "localhost", INTERNATIONAL];
  await run("cert", ...names, "--cert-file", leaf.cert, "--key-file", leaf.key);
  const control = await unconstrainedCa("Control without constraints");
  controlRoot = control.cert;
  const servers = [
    serverBlock(4443, "default_server", leaf, "ours"),
    serverBlock(4443, "", await playThief(), "stolen", "google.com"),
    serverBlock(4444, "", await control.issue("DNS:google.com"), "control"),
  ];
  await startNginx(network.hosts.server, servers.join("\n"), [4443, 4444]);
  return network;
}

after(async () => {
  await network?.close();
  console.log(formatTable(table));
});

function serverBlock(
  port: number,
  flag: string,
  { cert, key }: CertificateFiles,
  body: string,
  name = "_",
): string {
  return `server {
    listen 0.0.0.0:${port} ssl ${flag};
    server_name ${name};
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    location / { return 200 "${body}"; }
}`;
}

/** Issues for google.com with the files of the state directory, beneath the tool's own check of names. */
async function playThief(): Promise<CertificateFiles> {
  const read = (name: string) => {
    const [block] = decodePem(readFileSync(join(state, name), "utf8"));
    assert.ok(block);
    return new Uint8Array(block.der);
  };
  const authority = await openAuthority({
    root: read("root.pem"),
    issuer: read("issuer.pem"),
    issuerKey: read("issuer-key.pem"),
  });
  const { name } = parseRequestedName("google.com");
  const stolen = await issueUnchecked(authority, { names: [name], now: new Date() });
  const files = { cert: join(home, "stolen.pem"), key: join(home, "stolen-key.pem") };
  writeFileSync(files.cert, stolen.fullchainPem);
  writeFileSync(files.key, stolen.keyPem, { mode: 0o600 });
  return files;
}

/** Lets the client fetch, notes what came of it, and checks it: a body, or the words of a refusal. */
async function expect(
  client: HttpsClient,
  column: string,
  urls: readonly string[],
  expected: string | RegExp,
  root?: string,
): Promise<void> {
  const { server } = (await prepared()).hosts;
  const context = { host: server, home, rootFile: root };
  const results = await client.fetchAll(urls, context);
  const verdicts = new Set(results.map(({ ok }) => ok ? "accepts" : "refuses"));
  (table[client.name] ??= {})[column] = [...verdicts].join("/");
  for (const { url, ok, text } of results) {
    const accepted = typeof expected === "string";
    assert.equal(ok, accepted, `${client.name} ${ok ? "accepted" : "refused"} ${url}: ${text}`);
    if (accepted) assert.ok(text.includes(expected), text);
    else assert.match(text, expected);
  }
}

function forEveryClient(what: string, body: (client: HttpsClient) => Promise<void>): void {
  for (const client of clients) {
    const skip = client.missing || missingNginx();
    test(`${client.name} ${what}`, { ...LIMIT, skip }, () => body(client));
  }
}

describe("before setup", () => {
  forEveryClient("refuses our certificate", async (client) => {
    await expect(client, "before", OURS.slice(0, 1), client.unknownRoot);
  });
  forEveryClient("refuses somebody else's certificate", async (client) => {
    await expect(client, "control before", [CONTROL], client.unknownRoot);
  });
});

describe("after setup", () => {
  forEveryClient("accepts the same certificate for an address and for names", async (client) => {
    await trusted();
    await expect(client, "IP, names", OURS, "ours", rootFile);
  });
  forEveryClient("refuses a certificate for google.com of our issuer", async (client) => {
    await trusted();
    await expect(client, "stolen google.com", [STOLEN], client.notPermitted, rootFile);
  });
  forEveryClient("accepts one for google.com of a CA without constraints", async (client) => {
    await trusted();
    await expect(client, "control", [CONTROL], "control", controlRoot);
  });
});

describe("after uninstall", () => {
  forEveryClient("refuses our certificate again", async (client) => {
    await uninstalled();
    await expect(client, "after uninstall", OURS.slice(0, 1), client.unknownRoot, rootFile);
  });
  forEveryClient("refuses somebody else's certificate again", async (client) => {
    await uninstalled();
    await expect(client, "control after", [CONTROL], client.unknownRoot);
  });
});
