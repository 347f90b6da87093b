/**
 * The story that localtls exists for, with the real addresses: a back end behind nginx on 172.16.99.32:1043,
 * a page of another origin, 172.16.99.40:8000, that calls it, real browsers, and no certutil anywhere.
 */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, describe, test } from "node:test";
import type { Browser, VisitedPage } from "../support/browser.ts";
import { missingChromium, startChromium } from "../support/chromium.ts";
import { missingFirefox, startFirefox } from "../support/firefox.ts";
import { localtls } from "../support/localtls.ts";
import { createNetwork, type NetworkHost, type TestNetwork } from "../support/netns.ts";
import { missingNginx, type Nginx, startNginx } from "../support/nginx.ts";
import { once } from "../support/once.ts";
import { selfSignedCertificate } from "../support/openssl.ts";
import { findProgram } from "../support/processes.ts";
import { freshHome, removePrograms } from "../support/sandbox.ts";
import {
  ANSWER,
  ANSWERED,
  PAGE_DONE,
  REFUSED,
  startBackEnd,
  startPageServer,
} from "../support/story_site.ts";

const PORT = 1043;
const API = `https://172.16.99.32:${PORT}`;
const PAGE = "http://172.16.99.40:8000";
/** The same page from another port: an origin of its own, which the server is not told to allow. */
const OTHER_PAGE = "http://172.16.99.40:8001";

const LIMIT = { timeout: 120_000 };

interface BrowserKind {
  readonly name: string;
  readonly missing: string | false;
  start(home: string, host: NetworkHost): Promise<Browser>;
  /** Where it keeps what it trusts, below a home in which it has run. */
  readonly database: RegExp;
  /** What the browser calls a self-signed certificate, and one whose root it does not trust. */
  readonly selfSigned: string;
  readonly unknownRoot: string;
}

const BROWSERS: readonly BrowserKind[] = [
  {
    name: "Chromium",
    missing: missingChromium(),
    start: (home, host) => startChromium({ home, host }),
    database: /pki\/nssdb\/cert9\.db$/,
    selfSigned: "net::ERR_CERT_AUTHORITY_INVALID",
    unknownRoot: "net::ERR_CERT_AUTHORITY_INVALID",
  },
  {
    name: "Firefox",
    missing: missingFirefox(),
    start: (home, host) => startFirefox({ home, host }),
    database: /mozilla\/firefox\/[^/]+\/cert9\.db$/,
    selfSigned: "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT",
    unknownRoot: "SEC_ERROR_UNKNOWN_ISSUER",
  },
];

type Network = TestNetwork<"server" | "client">;

const prepared = once(startHosts);
let network: Network | undefined;
let nginx: Nginx | undefined;

async function startHosts(): Promise<Network> {
  removePrograms("certutil");
  network = await createNetwork({ server: "172.16.99.32", client: "172.16.99.40" });
  const { server, client } = network.hosts;
  await Promise.all([startBackEnd(server), startPageServer(client, [8000, 8001], API)]);
  return network;
}

after(async () => {
  await network?.close();
});

describe("the story", { skip: missingNginx() }, () => {
  for (const kind of BROWSERS) {
    for (const home of ["where it has run before", "where no browser ever ran"] as const) {
      const title = `${kind.name} in a home ${home}: refused, answered after setup, refused again`;
      test(title, { ...LIMIT, skip: kind.missing }, async () => {
        const { server, client } = (await prepared()).hosts;
        assert.equal(findProgram("certutil"), undefined);
        const used = freshHome();
        await replaceNginx(server, await seedServer());
        await seen(kind, used, client, ({ direct, page }) => {
          assert.equal(direct.errorText, kind.selfSigned);
          assertForbidden(kind, page, "net::ERR_CERT_AUTHORITY_INVALID");
        });

        const mine = home === "where it has run before" ? used : freshHome();
        const files = readdirSync(mine, { recursive: true, encoding: "utf8" });
        assert.equal(files.some((file) => kind.database.test(file)), mine === used);
        assert.equal(files.length === 0, mine !== used);
        await replaceNginx(server, await localtlsServer(server, mine));
        await seen(kind, mine, client, ({ direct, page, otherPage }) => {
          assert.equal(direct.errorText, undefined, direct.text);
          assert.match(direct.text, new RegExp(ANSWER));
          assert.equal(page.text.trim(), ANSWERED);
          assert.deepEqual(page.requests, []);
          assertForbidden(kind, otherPage, "net::ERR_FAILED", "MissingAllowOriginHeader");
        });

        const removed = await localtls(["uninstall", "--yes"], { env: { HOME: mine }, cwd: mine });
        assert.equal(removed.code, 0, removed.stdout + removed.stderr);
        await seen(kind, mine, client, ({ direct, page }) => {
          assert.equal(direct.errorText, kind.unknownRoot);
          assertForbidden(kind, page, "net::ERR_CERT_AUTHORITY_INVALID");
        });
      });
    }
  }
});

/** Starts the browser, looks at the API itself, the page, and the page of an origin that is not allowed. */
async function seen(
  kind: BrowserKind,
  home: string,
  host: NetworkHost,
  check: (pages: Record<"direct" | "page" | "otherPage", VisitedPage>) => void,
): Promise<void> {
  const browser = await kind.start(home, host);
  try {
    // The pages first: a browser remembers hosts that it has refused.
    const page = await browser.open(PAGE, { until: PAGE_DONE });
    const otherPage = await browser.open(OTHER_PAGE, { until: PAGE_DONE });
    const direct = await browser.open(`${API}/answer`);
    check({ direct, page, otherPage });
  } finally {
    await browser.close();
  }
}

/** Every request of the page was given up; Chromium also says why. */
function assertForbidden(
  kind: BrowserKind,
  page: VisitedPage,
  errorText: string,
  corsError?: string,
): void {
  assert.equal(page.errorText, undefined, "the page itself is served over http");
  assert.equal(page.text.trim(), REFUSED);
  if (kind.name !== "Chromium") return;
  const requests = page.requests.filter(({ url }) => url.startsWith(API));
  assert.ok(requests.length >= 3, JSON.stringify(page.requests));
  for (const request of requests) assert.equal(request.errorText, errorText, request.url);
  const plain = requests.find(({ url }) => url.endsWith("/answer"));
  assert.equal(plain?.corsError, corsError);
}

async function replaceNginx(server: NetworkHost, http: string): Promise<void> {
  await nginx?.stop();
  nginx = await startNginx(server, http, [PORT]);
}

/** The server as it is before localtls comes: HTTPS for `curl -k`. */
async function seedServer(): Promise<string> {
  const { cert, key } = await selfSignedCertificate("172.16.99.32");
  return `server {
    listen 172.16.99.32:${PORT} ssl;
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    location / { proxy_pass http://127.0.0.1:8080; }
}`;
}

/** The server with the lines of localtls, pasted as they are printed. */
async function localtlsServer(server: NetworkHost, home: string): Promise<string> {
  const options = { env: { HOME: home }, cwd: home, ns: server };
  const setup = await localtls(["setup", "172.16.99.32"], options);
  assert.equal(setup.code, 0, setup.stdout + setup.stderr);
  const config = await localtls(
    ["config", "nginx", "172.16.99.32", "--port", String(PORT), "--cors", PAGE],
    options,
  );
  assert.equal(config.code, 0, config.stderr);
  return config.stdout;
}
