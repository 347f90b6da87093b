/** What is printed to be pasted, and the one sentence at the top. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Adviser,
  replaceCertificate,
  serveFullChain,
  trustAnchor,
} from "../../../src/doctor/advice.ts";
import { checksOf } from "../../../src/doctor/check.ts";
import { badPort, handshakeRefusal } from "../../../src/doctor/connection_faults.ts";
import { summarizeServer } from "../../../src/doctor/report.ts";
import { parseTarget } from "../../../src/doctor/target.ts";
import type { Verdict } from "../../../src/doctor/verdicts.ts";
import type { TrustAnchor } from "../../../src/truststore/store.ts";

const ADVISER: Adviser = {
  program: "localtls",
  target: parseTarget("https://172.16.99.32:1043/path?x=1"),
  isHere: false,
  issued: undefined,
  ownRoot: { sha256: "a".repeat(64), file: "/state/root.pem" },
  origin: "http://172.16.99.40:8000",
};

describe("advice", () => {
  test("a new certificate, with CORS for the page", () => {
    const { fix, fixNote } = replaceCertificate(ADVISER);
    assert.deepEqual(fix.split("\n"), [
      "localtls setup 172.16.99.32",
      "localtls config nginx 172.16.99.32 --port 1043 --cors http://172.16.99.40:8000",
    ]);
    assert.match(fixNote, /^On the server/);
  });

  test("no new one where one was issued and is not served", () => {
    const issued = { cert: "/srv/a.pem", key: "/srv/a-key.pem", sha256: "c", isCurrent: true };
    const { fix, fixNote } = replaceCertificate({ ...ADVISER, issued });
    assert.doesNotMatch(fix, /setup/);
    assert.match(fixNote, /reload/);
    assert.match(replaceCertificate({ ...ADVISER, issued, issuedIsServed: true }).fix, /setup/);
    assert.match(
      replaceCertificate({ ...ADVISER, issued: { ...issued, isCurrent: false } }).fix,
      /setup/,
    );
    assert.equal(
      serveFullChain({ ...ADVISER, issued }).fix,
      "ssl_certificate     /srv/a.pem;\nssl_certificate_key /srv/a-key.pem;",
    );
    const odd = { ...issued, cert: "/srv/a b;c.pem" };
    assert.doesNotMatch(serveFullChain({ ...ADVISER, issued: odd }).fix, /a b;c/);
  });

  test("a name that the CA may not issue for is permitted first, and a public address never", () => {
    const target = parseTarget("https://api.example.com");
    const other: Adviser = {
      ...ADVISER,
      target,
      issuing: { permit: "example.com" },
      origin: undefined,
    };
    assert.deepEqual(replaceCertificate(other).fix.split("\n"), [
      "localtls ca permit example.com",
      "localtls setup api.example.com",
      "localtls config nginx api.example.com --port 443",
    ]);
    assert.deepEqual(
      replaceCertificate({ ...other, ownRoot: undefined }).fix.split("\n")[0],
      [
        "localtls setup api.example.com --permit example.com",
      ][0],
    );
    const never = replaceCertificate({ ...ADVISER, issuing: "never" });
    assert.equal(never.fix, "localtls inspect https://172.16.99.32:1043");
  });

  test("trust by fingerprint: from the server, or from what is known here", () => {
    const pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
    const anchor = { sha256: "b".repeat(64), pem } as TrustAnchor;
    assert.equal(
      trustAnchor(ADVISER, anchor, true).fix,
      `localtls trust https://172.16.99.32:1043 --fingerprint ${"b".repeat(64)}`,
    );
    assert.equal(
      trustAnchor(ADVISER, anchor, false).fix,
      `localtls trust - --fingerprint ${"b".repeat(64)} <<'END'\n${pem}END`,
    );
    const own = { ...anchor, sha256: "a".repeat(64) };
    assert.equal(trustAnchor(ADVISER, own, true).fix, "localtls trust");
  });
});

describe("summarizeServer()", () => {
  const verdict = (client: Verdict["client"], error?: string, message = "The reason"): Verdict => ({
    client,
    roots: { client, where: "", anchors: [], remarks: [] },
    faults: [],
    ...(error !== undefined && { refusal: { error, message } }),
  });
  const { fail, warn } = checksOf("trust");

  test("is Chromium's error before any other's", () => {
    const verdicts = [
      verdict("curl", "CURL"),
      verdict("firefox", "SEC"),
      verdict("chromium", "ERR_A"),
    ];
    assert.deepEqual(summarizeServer(verdicts, [fail("x", "No")]), {
      verdict: "ERR_A",
      summary: "Every client refuses: the reason.",
    });
    const some = [verdict("chromium"), verdict("firefox", "SEC", "RSA is short"), verdict("java")];
    assert.deepEqual(summarizeServer(some, [fail("x", "No")]), {
      verdict: "SEC",
      summary: "Firefox refuses: RSA is short.",
    });
  });

  test("is OK where all accept, and where Node alone has not been told", () => {
    assert.equal(summarizeServer([verdict("chromium")], []).verdict, "OK");
    const node = [verdict("chromium"), verdict("node", "UNABLE")];
    assert.equal(summarizeServer(node, [warn("trust-node", "No")]).verdict, "OK");
  });

  test("is what the page meets where the server itself is in order", () => {
    const page = checksOf("page").fail("cors-answer", "No header");
    assert.deepEqual(summarizeServer([verdict("chromium")], [page]), {
      verdict: "ERR_FAILED",
      summary: "No header.",
    });
  });
});

test("refused ports and broken handshakes have the names of each browser", () => {
  assert.equal(badPort("chromium", 6000)?.error, "ERR_UNSAFE_PORT");
  assert.equal(badPort("chromium", 1043), undefined);
  assert.equal(badPort("curl", 6000), undefined);
  const alert = (code: number) => ({ flight: { state: "done", alert: code } as const });
  assert.equal(handshakeRefusal("chromium", alert(80)).error, "ERR_SSL_PROTOCOL_ERROR");
  assert.equal(handshakeRefusal("firefox", alert(80)).error, "SSL_ERROR_INTERNAL_ERROR_ALERT");
  assert.equal(handshakeRefusal("chromium", alert(199)).error, "ERR_SSL_PROTOCOL_ERROR");
  assert.match(handshakeRefusal("java", alert(199)).message, /alert 199/);
  const hangs = { flight: { state: "open" }, fault: "timeout" } as const;
  assert.equal(handshakeRefusal("chromium", hangs).error, "ERR_TIMED_OUT");
});
