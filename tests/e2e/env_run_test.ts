/**
 * What programs with roots of their own choice say of our certificates: refused before, accepted with `run`, and
 * refused again after; a server with a certificate that they trust otherwise is accepted all along.
 *
 * That certificate is of a CA that stands in for the public ones: it is in the system's store. A program that has
 * roots of its own is told of it by its own variable, as its user would have done: so the variable's former
 * value is kept, too.
 */

import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import {
  type EnvironmentClient,
  environmentClients,
  POSTGRES_OFFSET,
  siteFor,
} from "../support/environment_clients.ts";
import { LOCALTLS, localtls } from "../support/localtls.ts";
import { createNetwork, type TestNetwork } from "../support/netns.ts";
import { missingNginx, startNginx } from "../support/nginx.ts";
import { once } from "../support/once.ts";
import { unconstrainedCa } from "../support/openssl.ts";
import { missingPostgres, startPostgres } from "../support/postgres.ts";
import { mustRun } from "../support/processes.ts";
import { freshHome, mapNames } from "../support/sandbox.ts";
import { formatTable } from "../support/text_table.ts";

const ADDRESS = "172.16.99.32";
const OURS = "https://app.test:4443/";
const PUBLIC = "https://public.test:4444/";
const LIMIT = { timeout: 170_000 };

const home = freshHome();
const table: Record<string, Record<string, string>> = {};
let network: TestNetwork<"server"> | undefined;
let publicRoot: string;

const prepared = once(async () => {
  const ca = await unconstrainedCa("Stands in for a public CA");
  publicRoot = ca.cert;
  copyFileSync(ca.cert, "/usr/local/share/ca-certificates/public-like.crt");
  await mustRun(["update-ca-certificates"], { timeoutMs: 120_000 });
  network = await createNetwork({ server: ADDRESS });
  mapNames(ADDRESS, "app.test", "public.test");
  const files = { cert: join(home, "leaf.pem"), key: join(home, "leaf-key.pem") };
  // Not setup: no store knows the CA.
  const args = ["cert", "app.test", "--cert-file", files.cert, "--key-file", files.key];
  const { code, stderr } = await localtls(args, { env: { HOME: home }, cwd: home });
  assert.equal(code, 0, stderr);
  const server = async (port: number, { cert, key }: typeof files, word: string) =>
    `server {
    listen 0.0.0.0:${port} ssl;
    ssl_certificate ${cert};
    ssl_certificate_key ${key};${await siteFor(word)}
}`;
  const theirs = await ca.issue("DNS:public.test");
  const servers = [
    await server(4443, files, "ours"),
    await server(4444, theirs, "public"),
  ];
  if (!missingPostgres()) {
    const { server } = network.hosts;
    await startPostgres(server, 4443 + POSTGRES_OFFSET, files, "ours");
    await startPostgres(server, 4444 + POSTGRES_OFFSET, theirs, "public");
  }
  await startNginx(network.hosts.server, servers.join("\n"), [4443, 4444]);
  return network;
});

after(async () => {
  await network?.close();
  console.log(formatTable(table).split("\n").map((line) => `| ${line}`).join("\n"));
});

/** Lets the program fetch, and notes what came of it. */
async function fetch(
  client: EnvironmentClient,
  column: string,
  url: string,
  prefix: readonly string[],
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const { server } = (await prepared()).hosts;
  const own = client.ownVariable === undefined ? {} : { [client.ownVariable]: publicRoot };
  const { code, stdout, stderr } = await server.exec([...prefix, ...await client.argv(url)], {
    env: { HOME: home, LC_ALL: "C", ...client.env, ...own },
    cwd: home,
    timeoutMs: 60_000,
  });
  const word = url === OURS ? /\bours\b/ : /\bpublic\b/;
  const ok = code === 0 && (client.success ?? word).test(stdout);
  (table[client.name] ??= {})[column] = ok ? "accepts" : "refuses";
  return { ok, text: `${code}: ${stdout}${stderr}` };
}

const RUN = [LOCALTLS, "run", "--"];

describe("a program with roots of its own", () => {
  for (const client of environmentClients()) {
    test(`${client.name} trusts us with run, and the public roots all along`, LIMIT, async (t) => {
      const missing = await client.missing() || missingNginx();
      if (missing) {
        (table[client.name] ??= {})["before"] = missing;
        return t.skip(missing);
      }
      const before = await fetch(client, "before", OURS, []);
      assert.ok(!before.ok, before.text);
      assert.match(before.text, /certificat|UnknownIssuer|SSL/i);
      const publicBefore = await fetch(client, "public before", PUBLIC, []);
      assert.ok(publicBefore.ok, publicBefore.text);
      const during = await fetch(client, "with run", OURS, RUN);
      assert.ok(during.ok, during.text);
      const publicDuring = await fetch(client, "public with run", PUBLIC, RUN);
      assert.ok(publicDuring.ok, publicDuring.text);
      const afterwards = await fetch(client, "after", OURS, []);
      assert.ok(!afterwards.ok, afterwards.text);
    });
  }
});
