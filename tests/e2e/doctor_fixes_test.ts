/**
 * Servers of other people whose certificates are in order and not trusted here: the command that doctor prints, pasted
 * as it is, makes curl, Chromium and doctor itself accept.
 */

import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ADDRESS, makeBrokenServers } from "../support/broken_servers.ts";
import { type RunningServer, startBrokenServers } from "../support/broken_servers_running.ts";
import { makeCertificate } from "../support/certificate_maker.ts";
import { missingChromium, startChromium } from "../support/chromium.ts";
import { LOCALTLS, localtls } from "../support/localtls.ts";
import { createNetwork, type TestNetwork } from "../support/netns.ts";
import { once } from "../support/once.ts";
import { freshHome, mapNames } from "../support/sandbox.ts";

const LIMIT = { timeout: 120_000 };
/** Served in the test's own network alone. */
const PUBLIC_NAME = "api.example.com";
const home = freshHome();
const prepared = once(prepare);
let network: TestNetwork<"server"> | undefined;

// deno-lint-ignore no-explicit-any -- a document as scripts see it
type Json = any;

/** A root that one store knows and the others do not, and that the server does not send. */
const known = await makeCertificate({
  commonName: "Root of one store",
  ca: true,
  keyUsage: ["keyCertSign", "cRLSign"],
  to: 900,
});

async function prepare() {
  network = await createNetwork({ server: ADDRESS });
  const { servers } = await makeBrokenServers();
  const below = await makeCertificate({ issuer: known, names: [`IP:${ADDRESS}`], ca: false });
  const wanted = [
    ...servers.filter(({ id }) => id === "self-signed with SAN" || id === "unknown root, sent"),
    { id: "root of one store", chain: [below] },
    {
      id: "name of the internet",
      host: PUBLIC_NAME,
      chain: [await makeCertificate({ commonName: PUBLIC_NAME })],
    },
  ];
  mapNames(ADDRESS, PUBLIC_NAME);
  const { running } = await startBrokenServers(network.hosts.server, wanted);
  mkdirSync(join(home, "bin"));
  symlinkSync(LOCALTLS, join(home, "bin/localtls"));
  const file = join(home, "known.pem");
  writeFileSync(file, known.pem);
  const { code, stderr } = await localtls(["trust", file, "--yes", "--stores", "system"], {
    env: { HOME: home },
    cwd: home,
  });
  assert.equal(code, 0, stderr);
  return { host: network.hosts.server, running };
}

after(async () => {
  await network?.close();
});

async function diagnose({ url }: RunningServer): Promise<{ code: number; document: Json }> {
  const { host } = await prepared();
  const result = await localtls(["doctor", url, "--json"], {
    ns: host,
    env: { HOME: home },
    cwd: home,
  });
  return { code: result.code, document: result.json() };
}

describe("the printed commands for a name that a CA is not made for", () => {
  test(
    "permit it, issue for it and print the lines, before and after there is a CA",
    LIMIT,
    async () => {
      const { host, running } = await prepared();
      const server = running[3]!;
      const env = { HOME: home, PATH: `${join(home, "bin")}:${process.env["PATH"]}` };
      const port = new URL(server.url).port;
      const config = `localtls config nginx ${PUBLIC_NAME} --port ${port}`;
      const fixOf = async () => {
        const { code, document } = await diagnose(server);
        assert.equal(code, 1);
        return document.checks.find((one: Json) => one.id === "certificate-name").fix;
      };
      const first = await fixOf();
      assert.equal(first, `localtls setup ${PUBLIC_NAME} --permit example.com\n${config}`);
      const made = await host.exec(["bash", "-c", "localtls setup localhost"], { env, cwd: home });
      assert.equal(made.code, 0, made.stderr);
      const second = await fixOf();
      assert.equal(
        second,
        `localtls ca permit example.com\nlocaltls setup ${PUBLIC_NAME}\n${config}`,
      );
      const pasted = await host.exec(["bash", "-e", "-c", second], { env, cwd: home });
      assert.equal(pasted.code, 0, pasted.stdout + pasted.stderr);
      assert.match(pasted.stdout, /ssl_certificate .*api\.example\.com\.pem/);
      assert.equal(await fixOf(), config, "issued, and not served yet");
    },
  );
});

describe("the printed fix", { skip: missingChromium() }, () => {
  for (
    const [i, id, words] of [
      [
        0,
        "self-signed with SAN",
        /^localtls trust https:\/\/172\.16\.99\.32:\d+ --fingerprint [0-9a-f]{64}$/,
      ],
      [
        1,
        "unknown root, sent",
        /^localtls trust https:\/\/172\.16\.99\.32:\d+ --fingerprint [0-9a-f]{64}$/,
      ],
      [2, "root of one store", /^localtls trust - --fingerprint [0-9a-f]{64} <<'END'\n-----BEGIN/],
    ] as const
  ) {
    test(`for ${id}`, LIMIT, async () => {
      const { host, running } = await prepared();
      const server = running[i]!;
      assert.equal(server.id, id);
      const before = await diagnose(server);
      assert.equal(before.code, 1);
      assert.equal(before.document.verdict, "ERR_CERT_AUTHORITY_INVALID");
      const failed = before.document.checks.filter((one: Json) => one.status === "fail");
      const fixes = [...new Set(failed.map((one: Json) => one.fix))] as string[];
      assert.equal(fixes.length, 1, JSON.stringify(failed));
      assert.match(fixes[0]!, words);
      const env = { HOME: home, PATH: `${join(home, "bin")}:${process.env["PATH"]}` };
      const pasted = await host.exec(["bash", "-c", fixes[0]!], { env, cwd: home });
      assert.equal(pasted.code, 0, pasted.stdout + pasted.stderr);
      const curl = await host.exec(["curl", "-sS", server.url], { env: { HOME: home } });
      assert.equal(curl.code, 0, curl.stderr);
      const browser = await startChromium({ home, host });
      try {
        assert.equal((await browser.open(server.url)).errorText, undefined);
      } finally {
        await browser.close();
      }
      const after = await diagnose(server);
      assert.equal(after.code, 0, JSON.stringify(after.document.checks));
      assert.equal(after.document.verdict, "OK");
      const node = after.document.checks.find((one: Json) => one.id === "trust-node");
      assert.match(node.fix, /^export NODE_EXTRA_CA_CERTS=/);
      const told = await host.exec([
        "bash",
        "-c",
        `${node.fix}; node -e 'fetch(process.argv[1]).then((r) => process.exit(r.ok ? 0 : 1))' ${server.url}`,
      ], { env, cwd: home });
      assert.equal(told.code, 0, told.stderr);
    });
  }
});
