/** `trust https://HOST:PORT`: the certificate that a real server presents. */

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { makeScratch } from "../support/scratch.ts";

const SLOW = { timeout: 120_000 };
const PORT = 18443;
const URL_TEXT = `https://127.0.0.1:${PORT}`;

const scratch = makeScratch();
const cert = join(scratch.work, "server.pem");
const key = join(scratch.work, "server.key");
let server: ChildProcess | undefined;

before(async () => {
  execFileSync("openssl", [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    key,
    "-out",
    cert,
    "-days",
    "30",
    "-subj",
    "/CN=127.0.0.1",
    "-addext",
    "subjectAltName=IP:127.0.0.1",
    "-addext",
    "basicConstraints=critical,CA:FALSE",
  ], { stdio: "ignore" });
  server = spawn("openssl", [
    "s_server",
    "-accept",
    `127.0.0.1:${PORT}`,
    "-cert",
    cert,
    "-key",
    key,
    "-www",
    "-quiet",
  ], { stdio: "ignore" });
  for (let i = 0; i < 100; i++) {
    if (connects()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("openssl s_server does not answer");
}, SLOW);

after(() => {
  server?.kill("SIGKILL");
});

function connects(): boolean {
  try {
    execFileSync("openssl", ["s_client", "-connect", `127.0.0.1:${PORT}`], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 5000,
    });
    return true;
  } catch {
    return false;
  }
}

/** curl with the system's bundle, as anybody would use it. */
function curlAccepts(): boolean {
  try {
    const bundle = "/etc/ssl/certs/ca-certificates.crt";
    execFileSync("curl", ["-sS", "--max-time", "10", "--cacert", bundle, URL_TEXT], {
      stdio: "pipe",
    });
    return true;
  } catch {
    return false;
  }
}

describe("trust of a server's own certificate", () => {
  const only = ["--stores", "system,nss", "--json"];

  test("shows the fingerprint, trusts with it, and untrust takes it back", SLOW, async () => {
    assert.equal(curlAccepts(), false);
    const asked = await scratch.run(["trust", URL_TEXT, ...only]);
    assert.equal(asked.code, 1, asked.stdout + asked.stderr);
    assert.equal(asked.json().error.code, "CONFIRMATION_NEEDED");
    const sha256 = /--fingerprint ([0-9a-f]{64})/.exec(asked.json().error.hints[0])?.[1];
    const printed = execFileSync("openssl", [
      "x509",
      "-in",
      cert,
      "-noout",
      "-fingerprint",
      "-sha256",
    ]);
    const real = printed.toString().split("=")[1]!.trim().replaceAll(":", "").toLowerCase();
    assert.equal(sha256, real);

    const trusted = await scratch.run(["trust", URL_TEXT, "--fingerprint", real, ...only]);
    assert.equal(trusted.code, 0, trusted.stdout);
    assert.equal(trusted.json().anchor.role, "peer");
    assert.equal(curlAccepts(), true);

    const gone = await scratch.run(["untrust", real, ...only]);
    assert.equal(gone.code, 0, gone.stdout);
    assert.equal(curlAccepts(), false);
  });

  const refused: readonly (readonly [string, string])[] = [
    ["a port where nobody listens", "https://127.0.0.1:18444"],
    ["a URL without a host", "https://"],
    ["a name that does not resolve", "https://no-such-host.invalid"],
  ];
  for (const [what, url] of refused) {
    test(`refuses ${what} with one sentence`, SLOW, async () => {
      const result = await scratch.run(["trust", url, "--yes", ...only]);
      assert.notEqual(result.code, 0);
      assert.match(result.json().error.message, /^Cannot [^\n]+$/);
      assert.notEqual(result.json().error.code, "INTERNAL");
    });
  }
});
