/**
 * `trust` of the self-signed certificates that a real nginx has already: by its configuration and by URL, judged by
 * curl and by Chromium, before, after, and after untrust.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { missingChromium, startChromium } from "../support/chromium.ts";
import { localtls } from "../support/localtls.ts";
import { createNetwork, type NetworkHost, type TestNetwork } from "../support/netns.ts";
import { missingNginx, type Nginx, startNginx } from "../support/nginx.ts";
import { once } from "../support/once.ts";
import { mustRun } from "../support/processes.ts";
import { freshHome, scratchDirectory } from "../support/sandbox.ts";

const LIMIT = { timeout: 170_000 };
const ADDRESS = "172.16.99.32";

/** What people have: the port, the subject, and how the certificate was made. */
const SITES = {
  /** The certificate of a server and nothing else. */
  leaf: {
    port: 1043,
    extensions: [`subjectAltName=IP:${ADDRESS}`, "basicConstraints=critical,CA:FALSE"],
  },
  /** What `openssl req -x509` makes when it is not told otherwise: a CA. */
  openssl: { port: 1044, extensions: [`subjectAltName=IP:${ADDRESS}`] },
  /** What old tutorials make: the address in the common name alone. */
  nameless: { port: 1045, extensions: [] },
} as const;
type Site = keyof typeof SITES;

const prepared = once(start);
let network: TestNetwork<"server" | "client"> | undefined;

interface Prepared {
  readonly server: NetworkHost;
  readonly client: NetworkHost;
  readonly nginx: Nginx;
  /** SHA-256 of each site's certificate, by openssl. */
  readonly sha256: Readonly<Record<Site, string>>;
}

async function start(): Promise<Prepared> {
  network = await createNetwork({ server: ADDRESS, client: "172.16.99.40" });
  const { server, client } = network.hosts;
  const directory = scratchDirectory("certificates");
  const beside: Record<string, string> = {};
  const sha256 = {} as Record<Site, string>;
  for (const [site, { port, extensions }] of Object.entries(SITES)) {
    const cert = join(directory, `${site}.crt`);
    const key = join(directory, `${site}.key`);
    await mustRun([
      ...["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90"],
      ...["-subj", `/CN=${ADDRESS}/O=${site}`, "-keyout", key, "-out", cert],
      ...extensions.flatMap((one) => ["-addext", one]),
    ]);
    const printed = execFileSync("openssl", [
      "x509",
      "-in",
      cert,
      "-noout",
      "-fingerprint",
      "-sha256",
    ]);
    sha256[site as Site] = printed.toString().split("=")[1]!.trim().replaceAll(":", "")
      .toLowerCase();
    // Relative to the directory of the main file, in quotes, in a file that a glob includes.
    beside[`tls/${site}.crt`] = readFileSync(cert, "utf8");
    beside[`tls/${site}.key`] = readFileSync(key, "utf8");
    beside[`sites/${site}.conf`] = `# ssl_certificate commented/out.crt;
server {
    listen ${ADDRESS}:${port} ssl; # the port
    ssl_certificate "tls/${site}.crt";
    ssl_certificate_key 'tls/${site}.key';
    location / { return 200 "answer of ${site}"; }
}
`;
  }
  const ports = Object.values(SITES).map(({ port }) => port);
  const nginx = await startNginx(server, "include sites/*.conf;", ports, beside);
  return { server, client, nginx, sha256 };
}

after(async () => {
  await network?.close();
});

/** curl with the system's bundle, as anybody uses it. */
async function curl(host: NetworkHost, site: Site): Promise<string> {
  const { code, stdout } = await host.exec([
    ...["curl", "-sS", "--max-time", "10", "--cacert", "/etc/ssl/certs/ca-certificates.crt"],
    `https://${ADDRESS}:${SITES[site].port}/`,
  ]);
  return code === 0 ? stdout : `refused ${code}`;
}

/** What Chromium says of each site: the page's text or its error. */
async function chromium(host: NetworkHost, home: string): Promise<Record<Site, string>> {
  const browser = await startChromium({ home, host });
  try {
    const seen = {} as Record<Site, string>;
    for (const [site, { port }] of Object.entries(SITES)) {
      const { text, errorText } = await browser.open(`https://${ADDRESS}:${port}/`);
      seen[site as Site] = errorText ?? text;
    }
    return seen;
  } finally {
    await browser.close();
  }
}

const INVALID = "net::ERR_CERT_AUTHORITY_INVALID";

describe("trust --nginx", { skip: missingNginx() || missingChromium() }, () => {
  test("every certificate once; refused, accepted, refused again", LIMIT, async () => {
    const { client, server, nginx, sha256 } = await prepared();
    // nginx's own reading of its configuration: as many certificates as are found below.
    const dump = await server.exec([
      "/usr/sbin/nginx",
      "-T",
      "-p",
      dirname(nginx.file),
      "-c",
      nginx.file,
    ]);
    const named = [...dump.stdout.matchAll(/^\s*ssl_certificate\s+"([^"]+)"/gm)].map(([, one]) =>
      one
    );
    assert.equal(named.length, 3, dump.stderr);

    const home = freshHome();
    const before = await chromium(client, home);
    assert.deepEqual([before.leaf, before.openssl, before.nameless], [INVALID, INVALID, INVALID]);
    assert.equal(await curl(client, "leaf"), "refused 60");

    const options = { env: { HOME: home }, cwd: home };
    const words = ["trust", "--nginx", nginx.file, "--stores", "system,nss", "--json"];
    const asked = await localtls(words, options);
    assert.equal(asked.code, 1);
    assert.equal(asked.json().error.code, "CONFIRMATION_NEEDED");
    const offered = /--fingerprint (\S+)/.exec(asked.json().error.hints[0])?.[1]?.split(",");
    assert.deepEqual(offered?.toSorted(), Object.values(sha256).sort());

    const done = await localtls([...words, "--fingerprint", offered!.join(",")], options);
    assert.equal(done.code, 0, done.stdout);
    assert.deepEqual(
      done.json().anchors.map((one: { files: string[] }) => one.files[0]),
      ["leaf", "nameless", "openssl"].map((site) => join(dirname(nginx.file), `tls/${site}.crt`)),
    );
    const codes = (site: Site) =>
      done.json().warnings
        .filter((one: { message: string }) => one.message.includes(`/${site}.crt:`))
        .map((one: { code: string }) => one.code);
    assert.deepEqual(codes("leaf"), ["PEER_CERTIFICATE"]);
    assert.deepEqual(codes("openssl"), ["CA_UNCONSTRAINED"]);
    assert.deepEqual(codes("nameless"), ["CA_UNCONSTRAINED", "NAME_MISSING"]);

    const now = await chromium(client, home);
    assert.equal(now.leaf, "answer of leaf");
    assert.equal(now.openssl, "answer of openssl");
    assert.equal(await curl(client, "leaf"), "answer of leaf");
    assert.equal(await curl(client, "openssl"), "answer of openssl");
    // The warning was right: trust does not help a certificate that does not say the name.
    assert.equal(now.nameless, "net::ERR_CERT_COMMON_NAME_INVALID");

    for (const one of Object.values(sha256)) {
      const gone = await localtls(["untrust", one, "--stores", "system,nss", "--json"], options);
      assert.equal(gone.code, 0, gone.stdout);
    }
    assert.deepEqual(await chromium(client, home), before);
    assert.equal(await curl(client, "leaf"), "refused 60");
    assert.equal(await curl(client, "openssl"), "refused 60");
  });

  test("a list with one fingerprint trusts that one and leaves the others out", LIMIT, async () => {
    const { client, nginx, sha256 } = await prepared();
    const home = freshHome();
    const options = { env: { HOME: home }, cwd: home };
    const words = ["trust", "--nginx", nginx.file, "--stores", "system", "--json"];
    const done = await localtls([...words, "--fingerprint", sha256.leaf], options);
    assert.equal(done.code, 0, done.stdout);
    const skipped = done.json().anchors.filter((one: { skipped?: string }) => one.skipped);
    assert.equal(skipped.length, 2);
    assert.equal(await curl(client, "leaf"), "answer of leaf");
    assert.equal(await curl(client, "openssl"), "refused 60");
    const wrong = await localtls([...words, "--fingerprint", "0".repeat(64)], options);
    assert.equal(wrong.json().error.code, "FINGERPRINT_MISMATCH");
    const gone = await localtls(["untrust", sha256.leaf, "--stores", "system"], options);
    assert.equal(gone.code, 0, gone.stderr);
    assert.equal(await curl(client, "leaf"), "refused 60");
  });
});

describe("trust of a URL", { skip: missingNginx() || missingChromium() }, () => {
  test("says beforehand what Chromium then does", LIMIT, async () => {
    const { client, sha256 } = await prepared();
    const home = freshHome();
    const options = { env: { HOME: home }, cwd: home, ns: client };
    const codes: Record<string, string[]> = {};
    for (const [site, { port }] of Object.entries(SITES)) {
      const words = ["trust", `https://${ADDRESS}:${port}`, "--stores", "nss", "--json"];
      const done = await localtls([...words, "--fingerprint", sha256[site as Site]], options);
      assert.equal(done.code, 0, done.stdout);
      codes[site] = done.json().warnings.map((one: { code: string }) => one.code);
    }
    assert.deepEqual(codes, {
      leaf: ["PEER_CERTIFICATE"],
      openssl: ["CA_UNCONSTRAINED"],
      nameless: ["CA_UNCONSTRAINED", "NAME_MISSING"],
    });
    const seen = await chromium(client, home);
    assert.equal(seen.leaf, "answer of leaf");
    assert.equal(seen.openssl, "answer of openssl");
    assert.equal(seen.nameless, "net::ERR_CERT_COMMON_NAME_INVALID");
  });
});
