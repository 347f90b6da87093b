import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { after, before, describe, test } from "node:test";
import { decodePem } from "../../src/der/pem.ts";
import { nssFamily } from "../../src/truststore/nss/family.ts";
import type { TrustAnchor, TrustStore } from "../../src/truststore/store.ts";
import { parseCertificate } from "../../src/x509/certificate.ts";
import type { Browser } from "../support/browser.ts";
import { missingChromium, startChromium } from "../support/chromium.ts";
import { missingFirefox, startFirefox } from "../support/firefox.ts";
import { freshHome, requireSandbox } from "../support/sandbox.ts";
import { contextFor, storeAt } from "../unit/truststore/nss/store_fixture.ts";
import { makePki, type Pki } from "./nss_judge.ts";

const CHROMIUM_REFUSES = "net::ERR_CERT_AUTHORITY_INVALID";
const FIREFOX_REFUSES = ["SEC_ERROR_UNKNOWN_ISSUER", "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT"];

let pki: Pki;
let anchor: TrustAnchor;
let peer: TrustAnchor;
let servers: Server[];
/** By the CA's certificate, and by the self-signed one. */
let port: number;
let peerPort: number;

before(async () => {
  requireSandbox();
  pki = await makePki("localtls nss browsers");
  anchor = readAnchor(pki.ca, "ca");
  peer = readAnchor(pki.peer, "peer");
  const served = [[pki.server, pki.serverKey], [pki.peer, pki.peerKey]] as const;
  servers = served.map(([cert, key]) =>
    createServer(
      { cert: readFileSync(cert), key: readFileSync(key) },
      (_, response) => response.end("welcome"),
    )
  );
  const ports = await Promise.all(servers.map((server) =>
    new Promise<number>((resolve) => {
      server.listen(0, () => resolve((server.address() as { port: number }).port));
    })
  ));
  [port = 0, peerPort = 0] = ports;
});

after(() => servers.forEach((server) => server.close()));

function readAnchor(file: string, role: TrustAnchor["role"]): TrustAnchor {
  const pem = readFileSync(file, "utf8");
  const { der } = decodePem(pem)[0]!;
  const sha256 = createHash("sha256").update(der).digest("hex");
  return { certificate: parseCertificate(der), pem, sha256, label: "localtls", role, file };
}

/** "welcome", or why not. */
async function visit(browser: Browser, url: string): Promise<string> {
  const { text, errorText } = await browser.open(url);
  return errorText ?? text;
}

async function withBrowser<T>(
  started: Promise<Browser>,
  work: (browser: Browser) => Promise<T>,
): Promise<T> {
  const browser = await started;
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}

async function findStores(home: string, label: RegExp): Promise<TrustStore[]> {
  const stores = await nssFamily.discover(contextFor(home));
  return stores.filter((store) => label.test(store.label));
}

/** The one store of a browser in a home. */
async function findStore(home: string, label: RegExp): Promise<TrustStore> {
  const stores = await findStores(home, label);
  assert.equal(stores.length, 1, stores.map((store) => store.label).join());
  return stores[0]!;
}

describe("Chromium", { skip: missingChromium() }, () => {
  const urlOf = (host: string) => `https://${host}:${port}/`;

  test("trusts a database that was made before its first start, and not any more without it", async () => {
    const home = freshHome();
    const store = await findStore(home, /^Chromium/);
    const open = () => withBrowser(startChromium({ home }), (b) => visit(b, urlOf("localhost")));
    assert.equal(await open(), CHROMIUM_REFUSES);
    // Its first start has made the database where it wants it; a new home is where setup comes first.
    const early = freshHome();
    const earlyStore = await findStore(early, /^Chromium/);
    const { created = [] } = await earlyStore.add(anchor);
    const openEarly = () =>
      withBrowser(startChromium({ home: early }), (b) => visit(b, urlOf("localhost")));
    assert.equal(await openEarly(), "welcome");
    assert.deepEqual(await earlyStore.state(anchor), { state: "trusted" });
    await earlyStore.remove(anchor, created);
    assert.equal(await openEarly(), CHROMIUM_REFUSES);
    assert.ok(!existsSync(store.path), "nobody has asked for it");
  });

  test("takes up what is written while it runs, for hosts that it has not visited", async () => {
    const home = freshHome();
    await withBrowser(startChromium({ home }), async (browser) => {
      assert.equal(await visit(browser, urlOf("127.0.0.1")), CHROMIUM_REFUSES);
      const store = await findStore(home, /^Chromium/);
      assert.ok(existsSync(store.path), `Chromium itself has made ${store.path}`);
      await store.add(anchor);
      assert.equal(await visit(browser, urlOf("127.0.0.2")), "welcome");
    });
    const store = await findStore(home, /^Chromium/);
    assert.deepEqual(await store.state(anchor), { state: "trusted" });
    const open = (host: string) =>
      withBrowser(startChromium({ home }), (browser) => visit(browser, urlOf(host)));
    assert.equal(await open("127.0.0.1"), "welcome");
    await store.remove(anchor, []);
    assert.equal(await open("127.0.0.1"), CHROMIUM_REFUSES);
  });

  test("trusts a self-signed server certificate as itself", async () => {
    const home = freshHome();
    const url = `https://localhost:${peerPort}/`;
    const open = () => withBrowser(startChromium({ home }), (browser) => visit(browser, url));
    const store = storeAt(`${home}/.pki/nssdb`);
    await store.add(peer);
    assert.equal(await open(), "welcome");
    await store.remove(peer, []);
    assert.equal(await open(), CHROMIUM_REFUSES);
  });
});

describe("Firefox", { skip: missingFirefox() }, () => {
  const url = () => `https://localhost:${port}/`;

  test("started for the first time after setup takes up the profile that trusts", async () => {
    const home = freshHome();
    const store = await findStore(home, /^Firefox/);
    assert.deepEqual(await store.state(anchor), { state: "absent" });
    const { created = [] } = await store.add(anchor);
    assert.equal(
      await withBrowser(startFirefox({ home }), (browser) => visit(browser, url())),
      "welcome",
    );
    // It has made itself at home there, and made no other profile.
    assert.ok(readdirSync(store.path).includes("prefs.js"));
    const again = await findStore(home, /^Firefox/);
    assert.equal(again.path, store.path);
    // The newer NSS has been there now, for which the entry can be written better.
    assert.deepEqual(await again.state(anchor), { state: "trusted", renewable: true });
    await again.add(anchor);
    assert.deepEqual(await again.state(anchor), { state: "trusted" });
    assert.equal(
      await withBrowser(startFirefox({ home }), (browser) => visit(browser, url())),
      "welcome",
    );
    await again.remove(anchor, created);
    assert.deepEqual(await again.state(anchor), { state: "absent" });
    const refused = await withBrowser(startFirefox({ home }), (browser) => visit(browser, url()));
    assert.ok(FIREFOX_REFUSES.includes(refused), refused);
    assert.ok(readdirSync(store.path).includes("prefs.js"), "the user's profile stays");
  });

  test("started for the first time before setup, and still running, trusts new hosts", async () => {
    const home = freshHome();
    mkdirSync(`${home}/.mozilla/firefox`, { recursive: true });
    await withBrowser(startFirefox({ home }), async (browser) => {
      const refused = await visit(browser, `https://127.0.0.1:${port}/`);
      assert.ok(FIREFOX_REFUSES.includes(refused), refused);
      for (const store of await findStores(home, /^Firefox/)) {
        await store.add(anchor);
        assert.deepEqual(await store.state(anchor), { state: "trusted" });
      }
      assert.equal(await visit(browser, `https://127.0.0.2:${port}/`), "welcome");
    });
  });

  test("accepts a self-signed server certificate that is written for it", async () => {
    const home = freshHome();
    const peerUrl = `https://localhost:${peerPort}/`;
    const store = await findStore(home, /^Firefox/);
    await store.add(peer);
    const open = () => withBrowser(startFirefox({ home }), (browser) => visit(browser, peerUrl));
    assert.equal(await open(), "welcome");
    await (await findStore(home, /^Firefox/)).remove(peer, []);
    const refused = await open();
    assert.ok(FIREFOX_REFUSES.includes(refused), refused);
  });
});
