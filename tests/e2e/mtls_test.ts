/**
 * Mutual TLS: nginx with `ssl_verify_client on` accepts curl and real browsers with a client certificate of
 * ours, says whose it was, and refuses everybody else.
 *
 * What nginx has to be given, measured below: `ssl_client_certificate` must hold the root, since OpenSSL
 * builds the path to a self-signed one and takes the issuer alone for no anchor. Clients send the issuer
 * with their certificate, so root.pem is enough; with issuer.pem in the same file a client that sends its
 * certificate alone is understood too. `ssl_verify_depth` may stay 1, its default: the root does not count.
 */

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { Browser } from "../support/browser.ts";
import { missingChromium, startChromium } from "../support/chromium.ts";
import {
  certWithPkcs12,
  chromiumSelectsFor,
  type ClientCertificate,
  expired,
  homeWith,
  importPkcs12,
  missingPk12util,
  nssDatabases,
} from "../support/client_certificates.ts";
import { missingFirefox, startFirefox } from "../support/firefox.ts";
import { localtls } from "../support/localtls.ts";
import {
  alone,
  type MutualTlsSite,
  ORIGIN,
  p12,
  pem,
  SETTINGS,
  startMutualTlsSite,
} from "../support/mutual_tls_site.ts";
import type { NetworkHost } from "../support/netns.ts";
import { missingNginx } from "../support/nginx.ts";
import { once } from "../support/once.ts";
import { findProgram, mustRun } from "../support/processes.ts";
import { freshHome } from "../support/sandbox.ts";
import { formatTable } from "../support/text_table.ts";

const LIMIT = { timeout: 120_000 };

/** Of a request without a certificate, and of one with a bad certificate; both with status 400. */
const NOT_SENT = "No required SSL certificate was sent";
const NOT_VALID = "The SSL certificate error";

/** Whom nginx accepts with each file: clients that send the issuer as well, and those that do not. */
const ACCEPTED = {
  "issuer + root": { who: "every client", chain: true, alone: true },
  "root": { who: "clients that send their chain", chain: true, alone: false },
  "issuer": { who: "nobody", chain: false, alone: false },
} as const;

const COLUMNS = [
  ["chain", "client sends its chain"],
  ["alone", "client sends its certificate alone"],
] as const;

const table: Record<string, Record<string, string>> = {};
const settingsTable: Record<string, Record<string, string>> = {};
let site: MutualTlsSite | undefined;

const prepared = once(async (): Promise<MutualTlsSite> => {
  chromiumSelectsFor(ORIGIN);
  site = await startMutualTlsSite();
  return site;
});

after(async () => {
  await site?.close();
  console.log(`\n${formatTable(table)}\n\n${formatTable(settingsTable)}`);
});

/** The page that greets the holder of a certificate. */
function greeting(subject: string): string {
  return `hello ${subject}, SUCCESS`;
}

function assertGreeted(row: string, column: string, answer: string, subject: string): void {
  (table[row] ??= {})[column] = subject || "200, without a name";
  assert.ok(answer.startsWith("200 ") && answer.includes(greeting(subject)), answer);
}

/** Refused by status 400 with nginx's words for it, and the reason in its log. */
async function assertRefused(
  row: string,
  column: string,
  ask: () => Promise<string>,
  words: string,
  reason: RegExp,
): Promise<void> {
  const { nginx } = await prepared();
  const before = nginx.errorLog().length;
  const answer = await ask();
  assert.match(answer, /400 Bad Request/);
  assert.ok(answer.includes(words), answer);
  assert.ok(!answer.includes("hello"), answer);
  const logged = nginx.errorLog().slice(before);
  assert.match(logged, reason);
  (table[row] ??= {})[column] = `400 ${reason.exec(logged)?.[1]}`;
}

/** What nginx logs, with the part to show. */
const LOGGED = {
  notSent: /client (sent no required SSL certificate)/,
  unknownIssuer:
    /client SSL certificate verify error: \(\d+:(unable to get local issuer certificate)\)/,
  purpose: /client SSL certificate verify error: \(26:([^)]+)\)/,
  expired: /client SSL certificate verify error: \(10:(certificate has expired)\)/,
} as const;

const skip = missingNginx() ||
  (findProgram("curl") === undefined && "curl is not installed");

describe("curl", { skip }, () => {
  test("is greeted by its name with a client certificate, PEM or PKCS#12", LIMIT, async () => {
    const { curl, alice, bob, carol, device, address } = await prepared();
    const accepted = [
      ["client, PEM", pem(alice), "CN=alice@example.test"],
      ["client, PKCS#12", p12(alice), "CN=alice@example.test"],
      ["client, PKCS#12 --legacy", p12(bob), "CN=bob@example.test"],
      ["client, RSA", p12(carol), "CN=carol"],
      ["client and server", p12(device), "CN=device.test"],
      ["client and server, address", p12(address), ""],
    ] as const;
    for (const [row, options, subject] of accepted) {
      assertGreeted(row, "curl", await curl(options), subject);
    }
  });

  test("is refused without a certificate", LIMIT, async () => {
    const { curl } = await prepared();
    await assertRefused("none", "curl", () => curl([]), NOT_SENT, LOGGED.notSent);
  });

  test(
    "is refused with one of another CA, a server's, and one that has expired",
    LIMIT,
    async () => {
      const { curl, state, alice, server, stranger } = await prepared();
      const old = await expired(alice, "alice@example.test", state);
      const refused = [
        ["of another CA, same name", p12(stranger), LOGGED.unknownIssuer],
        ["server only", p12(server), LOGGED.purpose],
        ["expired", pem(old), LOGGED.expired],
      ] as const;
      for (const [row, options, reason] of refused) {
        await assertRefused(row, "curl", () => curl(options), NOT_VALID, reason);
      }
    },
  );
});

describe("nginx", { skip }, () => {
  for (const { file, depth, port } of SETTINGS) {
    const title = `given ${file} and ssl_verify_depth ${depth}, it accepts ${ACCEPTED[file].who}`;
    test(title, LIMIT, async () => {
      const { curl, alice } = await prepared();
      const sent = { chain: pem(alice), alone: alone(alice) };
      const row: Record<string, string> = settingsTable[`${file}, depth ${depth}`] = {};
      for (const [what, column] of COLUMNS) {
        const answer = await curl(sent[what], port);
        row[column] = answer.slice(0, 3);
        const expected = ACCEPTED[file][what] ? greeting("CN=alice@example.test") : NOT_VALID;
        assert.ok(answer.includes(expected), `${what}: ${answer}`);
      }
    });
  }
});

interface BrowserKind {
  readonly name: string;
  readonly missing: string | false;
  start(home: string, host: NetworkHost): Promise<Browser>;
}

const BROWSERS: readonly BrowserKind[] = [
  {
    name: "Chromium",
    missing: missingChromium(),
    start: (home, host) => startChromium({ home, host }),
  },
  {
    name: "Firefox",
    missing: missingFirefox(),
    start: (home, host) => startFirefox({ home, host }),
  },
];

for (const kind of BROWSERS) {
  /** The text of the page in a browser that has these certificates and no others. */
  const visit = async (...certificates: ClientCertificate[]): Promise<string> => {
    const { home, client } = await prepared();
    const browser = await kind.start(await homeWith(home, certificates), client);
    try {
      const page = await browser.open(`${ORIGIN}/`);
      assert.equal(page.errorText, undefined, page.text);
      return page.text;
    } finally {
      await browser.close();
    }
  };

  describe(kind.name, { skip: missingNginx() || kind.missing || missingPk12util() }, () => {
    test("is greeted by its name with the PKCS#12 file imported", LIMIT, async () => {
      const { alice } = await prepared();
      const answer = `200 ${await visit(alice)}`;
      assertGreeted("client, PKCS#12", kind.name, answer, "CN=alice@example.test");
    });

    test("is greeted by its name with the --legacy file imported", LIMIT, async () => {
      const { bob } = await prepared();
      const answer = `200 ${await visit(bob)}`;
      assertGreeted("client, PKCS#12 --legacy", kind.name, answer, "CN=bob@example.test");
    });

    test("is refused with nothing imported", LIMIT, async () => {
      await assertRefused("none", kind.name, () => visit(), NOT_SENT, LOGGED.notSent);
    });

    // Browsers do not even send those: the server's list of CAs and the key's purpose speak against it.
    const unfit = "is refused with a certificate of another CA and one for servers imported";
    test(unfit, LIMIT, async () => {
      const { server, stranger } = await prepared();
      const ask = () => visit(server, stranger);
      await assertRefused("server only and another CA's", kind.name, ask, NOT_SENT, LOGGED.notSent);
    });
  });
}

test(
  "uninstall takes the root out of the browsers' databases, and leaves people their certificates",
  { ...LIMIT, skip: missingPk12util() },
  async () => {
    const another = freshHome();
    const run = async (...args: string[]) => {
      const result = await localtls(args, { env: { HOME: another }, cwd: another });
      assert.equal(result.code, 0, result.stdout + result.stderr);
    };
    await run("setup", "--stores", "nss", "--yes");
    const ann = await certWithPkcs12(another, "--client", "ann@example.test");
    const databases = nssDatabases(another);
    const list = (database: string, what: "-L" | "-K") =>
      mustRun(["certutil", what, "-d", `sql:${database}`]);
    for (const database of databases) {
      await importPkcs12(database, ann);
      assert.match(await list(database, "-L"), /localtls root CA \w+ +C,,/);
    }
    await run("uninstall", "--purge", "--yes");
    for (const database of databases) {
      const certificates = await list(database, "-L");
      assert.ok(!certificates.includes("root CA"), certificates);
      assert.match(certificates, /ann@example\.test +u,u,u/);
      assert.match(await list(database, "-K"), /ann@example\.test/);
    }
  },
);
