/**
 * Doctor's verdict on servers that are broken in the ways in which people get them wrong, against what the real clients
 * say of the same servers: the browsers' own error names, and who else accepts and who refuses.
 */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type BatchClient, batchClients, type Refusals } from "../support/batch_clients.ts";
import {
  ADDRESS,
  type BrokenServers,
  makeBrokenServers,
  NAME,
  UNDERSCORE,
} from "../support/broken_servers.ts";
import { type RunningServer, startBrokenServers } from "../support/broken_servers_running.ts";
import { inParallel } from "../support/in_parallel.ts";
import { localtls } from "../support/localtls.ts";
import { createNetwork, type TestNetwork } from "../support/netns.ts";
import { once } from "../support/once.ts";
import { freshHome, mapNames } from "../support/sandbox.ts";
import { formatTable } from "../support/text_table.ts";

const LIMIT = { timeout: 170_000 };

/** What doctor has to point at, besides the verdict. Servers that are not named here fail no check. */
const CHECKS: Readonly<Record<string, string>> = {
  "story: self-signed, IP in CN": "certificate-name",
  "self-signed with SAN": "trust-chromium",
  "self-signed CA, trusted": "certificate-ca",
  "unknown root": "trust-chromium",
  "unknown root, sent": "trust-firefox",
  "issuer not sent": "chain-complete",
  "wrong issuer sent": "trust-curl",
  "leaf ended": "certificate-dates",
  "leaf not yet valid": "certificate-dates",
  "issuer ended": "certificate-dates",
  "root ended": "certificate-dates",
  "other address": "certificate-name",
  "other name": "certificate-name",
  "address in CN alone": "certificate-name",
  "name in CN alone": "certificate-name",
  "address as dNSName": "certificate-name",
  "wildcard under a TLD": "certificate-name",
  "wildcard, two labels": "certificate-name",
  "for clients alone": "certificate-usage",
  "any purpose": "certificate-usage",
  "issuer for clients": "certificate-usage",
  "EC key, keyEncipherment": "certificate-usage",
  "RSA, keyEncipherment alone": "certificate-usage",
  "RSA 1024": "certificate-strength",
  "SHA-1": "certificate-strength",
  "SHA-1 by RSA": "certificate-strength",
  "P-521": "tls-handshake",
  "Ed25519": "tls-handshake",
  "not permitted by the issuer": "certificate-form",
  "leaf is a CA": "certificate-ca",
  "issuer is no CA": "certificate-ca",
  "path too long": "certificate-ca",
  "signature spoilt": "certificate-form",
  "other authority key": "certificate-form",
  "unknown critical extension": "certificate-form",
  "no subject, SAN not critical": "certificate-form",
  "version 1": "certificate-name",
  "underscore in the name": "certificate-name",
  "serial number of its root": "certificate-form",
  "unsafe port": "port-allowed",
  "TLS 1.0 only": "tls-version",
  "TLS 1.1 only": "tls-version",
  "no shared cipher": "tls-handshake",
  "finite-field ciphers alone": "tls-handshake",
  "static RSA": "tls-handshake",
  "plain HTTP": "tls-spoken",
  "not TLS": "tls-spoken",
  closes: "tls-spoken",
  "alert unrecognized_name": "tls-handshake",
  refused: "tcp-connect",
  unreachable: "tcp-connect",
  "unknown name": "name-resolution",
  "client certificate, required": "client-certificate",
  "client certificate, required, TLS 1.2": "client-certificate",
};

/** What is no reason to refuse, and worth a word. */
const REMARKS: Readonly<Record<string, string>> = {
  "wrong order": "chain-order",
  "root sent, twice": "chain-order",
  "unrelated certificate sent": "chain-order",
};

// deno-lint-ignore no-explicit-any -- a document as scripts see it
type Json = any;

/** Those that are up, and what every real client says of them; the clients begin at once. */
interface Site {
  readonly network: TestNetwork<"server">;
  readonly made: BrokenServers;
  readonly running: readonly RunningServer[];
  readonly home: string;
  readonly rootsFile: string;
}

const clients = batchClients();
const started = once(startSite);
const measured = new Map(clients.map((client) => [client, once(() => measure(client))]));
const diagnosed = once(diagnose);
let site: Site | undefined;

after(async () => {
  await site?.network.close();
});

async function startSite(): Promise<Site> {
  const home = freshHome();
  const network = await createNetwork({ server: ADDRESS });
  mapNames(ADDRESS, NAME, UNDERSCORE, `a.${NAME}`, `b.a.${NAME}`);
  const made = await makeBrokenServers();
  const rootsFile = join(home, "roots.pem");
  writeFileSync(rootsFile, made.trusted.map(({ pem }) => pem).join(""));
  for (const [i, { pem }] of made.trusted.entries()) {
    const file = join(home, `${i}.pem`);
    writeFileSync(file, pem);
    const { code, stderr } = await localtls(["trust", file, "--yes"], {
      env: { HOME: home },
      cwd: home,
    });
    // Firefox has no way to trust one of them, and says so.
    assert.ok(code === 0 || code === 3, stderr);
  }
  const { running } = await startBrokenServers(network.hosts.server, made.servers);
  site = { network, made, running, home, rootsFile };
  return site;
}

async function measure(client: BatchClient): Promise<Refusals> {
  const { network, running, home, rootsFile } = await started();
  const urls = running.map(({ url }) => url);
  return await client.fetchAll(urls, { host: network.hosts.server, home, rootsFile });
}

/** The document of `doctor URL --json` for every server. */
async function diagnose(): Promise<
  Map<string, { readonly code: number; readonly document: Json }>
> {
  const { network, running, home, rootsFile } = await started();
  const found = new Map<string, { code: number; document: Json }>();
  await inParallel(2, running, async ({ url }) => {
    const result = await localtls(["doctor", url, "--json"], {
      ns: network.hosts.server,
      env: { HOME: home, NODE_EXTRA_CA_CERTS: rootsFile },
      cwd: home,
    });
    found.set(url, { code: result.code, document: result.json() });
  });
  return found;
}

/** The error that doctor gives for a client; undefined where it says that it accepts. */
function errorOf(document: Json, name: string): string | undefined {
  const report = document.clients.find((one: Json) => one.name === name);
  assert.ok(report, `${name} is not among the clients`);
  return report.error;
}

describe("doctor and the real clients", () => {
  test("the servers are up, and every client has begun", LIMIT, async () => {
    await started();
    for (const client of clients) {
      if (client.missing === false) void measured.get(client)?.().catch(() => {});
    }
  });

  test(
    "doctor fails the check that is about the fault, and none for a good server",
    LIMIT,
    async () => {
      const { running } = await started();
      const found = await diagnosed();
      for (const { id, url } of running) {
        const { code, document } = found.get(url)!;
        const idsOf = (status: string) =>
          document.checks.filter((one: Json) => one.status === status).map((one: Json) => one.id);
        const failed: string[] = idsOf("fail");
        assert.equal(code, failed.length > 0 ? 1 : 0, `${id}: exit code ${code}`);
        assert.equal(document.ok, code === 0, id);
        assert.equal(document.verdict === "OK", code === 0, `${id}: ${document.verdict}`);
        if (CHECKS[id] !== undefined) assert.ok(failed.includes(CHECKS[id]), `${id}: ${failed}`);
        if (REMARKS[id] !== undefined) assert.ok(idsOf("warn").includes(REMARKS[id]), id);
        if (id.startsWith("good")) assert.deepEqual(failed, [], id);
        for (const check of document.checks.filter((one: Json) => one.status === "fail")) {
          assert.ok(
            check.fix || check.fixNote || check.group === "trust",
            `${id}: ${check.id} has no fix`,
          );
        }
      }
    },
  );

  for (const client of clients) {
    const isBrowser = client.name === "Chromium" || client.name === "Firefox";
    const what = isBrowser ? "the same error names" : "the same servers accepted and refused";
    test(`${client.name}: ${what}`, { ...LIMIT, skip: client.missing }, async () => {
      const { running } = await started();
      const refusals = await measured.get(client)!();
      const found = await diagnosed();
      const differences: string[] = [];
      for (const { id, url } of running) {
        const real = refusals.get(url)?.replace(/^net::/, "");
        const ours = errorOf(found.get(url)!.document, client.name);
        const same = isBrowser ? real === ours : (real === undefined) === (ours === undefined);
        if (!same) differences.push(`${id}: ${client.name} says ${real}, doctor ${ours}`);
      }
      assert.deepEqual(differences, []);
      const refused = running.filter(({ url }) => refusals.get(url) !== undefined).length;
      assert.ok(refused >= 25, `only ${refused} servers are refused`);
      assert.ok(running.length - refused >= 8, "nothing is accepted");
    });
  }

  test("doctor exits with 0 just where every client accepts", LIMIT, async () => {
    const { running } = await started();
    const found = await diagnosed();
    const present = clients.filter(({ missing }) => missing === false);
    const table: Record<string, Record<string, string>> = {};
    for (const { id, url } of running) {
      const { code, document } = found.get(url)!;
      const row: Record<string, string> = { doctor: document.verdict };
      let accepted = true;
      for (const client of present) {
        const refusal = (await measured.get(client)!()).get(url);
        accepted &&= refusal === undefined;
        const isBrowser = client.name === "Chromium" || client.name === "Firefox";
        row[client.name] = refusal === undefined ? "accepts" : isBrowser ? refusal : "refuses";
      }
      table[id] = row;
      assert.equal(code === 0, accepted, `${id}: exit code ${code}`);
    }
    console.log(formatTable(table));
  });
});
