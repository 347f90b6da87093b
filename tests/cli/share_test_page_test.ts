/** The HTTPS page of share --serve, which opens where the root is trusted and nowhere else. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { LOCALTLS, localtls } from "../support/localtls.ts";
import { mustRun, type ProcessResult, run, start, waitFor } from "../support/processes.ts";
import { freshHome } from "../support/sandbox.ts";

const LIMIT = { timeout: 60_000 };
const PASSWORD = "correct horse é\n";

/** A home with a CA that no store knows. */
async function makeCa(): Promise<{ readonly home: string; readonly root: string }> {
  const home = freshHome();
  const { code, stderr } = await localtls(["cert", "app.test"], { env: { HOME: home }, cwd: home });
  assert.equal(code, 0, stderr);
  return { home, root: join(home, ".local/share/localtls/root.pem") };
}

async function makeEncryptedCa() {
  const ca = await makeCa();
  for (const [name, word] of [["password", PASSWORD], ["wrong", "battery staple\n"]] as const) {
    writeFileSync(join(ca.home, name), word, { mode: 0o600 });
  }
  const words = ["ca", "encrypt", "--password-file", "password"];
  const { code, stderr } = await localtls(words, { env: { HOME: ca.home }, cwd: ca.home });
  assert.equal(code, 0, stderr);
  return ca;
}

/** Serves while the body runs. @param body Gets the page's own test, where it has one, and all that was said. */
async function serving(
  home: string,
  env: Readonly<Record<string, string>>,
  body: (testUrl: string | undefined, said: string) => Promise<void>,
): Promise<void> {
  const words = [LOCALTLS, "share", "--serve", "127.0.0.1:0"];
  const server = start(words, { env: { HOME: home, NO_COLOR: "1", ...env }, cwd: home });
  try {
    const url = await waitFor(
      "the page",
      () => /the root is at (http:\S+)/.exec(server.output())?.[1],
      30_000,
    );
    const page = await (await fetch(url)).text();
    await body(/href="(https:[^"]+)" id="link"/.exec(page)?.[1], server.output());
  } finally {
    await server.stop();
  }
}

const curl = (url: string, ...words: string[]): Promise<ProcessResult> =>
  run(["curl", "-sS", ...words, url]);

describe("the page of the test", () => {
  test("opens with the root (0), and without it is refused (60, 77)", LIMIT, async () => {
    const { home, root } = await makeCa();
    await serving(home, {}, async (testUrl) => {
      assert.ok(testUrl);
      const trusted = await curl(testUrl, "--cacert", root, "-i");
      assert.equal(trusted.code, 0, trusted.stderr);
      assert.match(trusted.stdout, /^HTTP\/1\.1 200 [^]*<h1>It works<\/h1>/);
      assert.match(trusted.stdout, /content-security-policy: default-src 'none'/i);
      const chinese = await curl(testUrl, "--cacert", root, "-H", "Accept-Language: zh-CN");
      assert.match(chinese.stdout, /<h1>成功<\/h1>/);
      // CURLE_PEER_FAILED_VERIFICATION; CURLE_SSL_CACERT_BADFILE.
      const unknown = await curl(testUrl);
      assert.equal(unknown.code, 60);
      assert.match(unknown.stderr, /unable to get local issuer certificate/);
      assert.equal((await curl(testUrl, "--cacert", join(home, "nothing.pem"))).code, 77);
      // Another name for the same server is not in the certificate.
      const { port } = new URL(testUrl);
      assert.equal((await curl(`https://localhost:${port}/`, "--cacert", root)).code, 60);
    });
  });

  test("has a certificate that is kept nowhere, for two days", LIMIT, async () => {
    const { home, root } = await makeCa();
    const ledger = join(home, ".local/share/localtls/issued.jsonl");
    const before = readFileSync(ledger, "utf8");
    await serving(home, {}, async (testUrl) => {
      const place = new URL(testUrl!).host;
      const shown = await mustRun(
        ["openssl", "s_client", "-connect", place, "-CAfile", root, "-verify_return_error"],
        { input: "" },
      );
      const dates = await mustRun(["openssl", "x509", "-noout", "-checkend", `${3 * 86_400}`], {
        input: shown,
      }).then(() => "longer", () => "shorter");
      assert.equal(dates, "shorter");
      await mustRun(["openssl", "x509", "-noout", "-checkend", "86400"], { input: shown });
    });
    assert.equal(readFileSync(ledger, "utf8"), before);
  });

  test(
    "of an encrypted CA: nobody to ask is said, with what to do, and the rest is there",
    LIMIT,
    async () => {
      const { home } = await makeEncryptedCa();
      await serving(home, {}, (testUrl, said) => {
        assert.equal(testUrl, undefined);
        assert.match(said, /the page has no test: .*encrypted, and nobody can be asked/);
        assert.match(said, /LOCALTLS_PASSWORD_FILE/);
        assert.match(said, /--test URL/);
        return Promise.resolve();
      });
    },
  );

  test(
    "of an encrypted CA: there with the password, said without with a wrong one",
    LIMIT,
    async () => {
      const { home, root } = await makeEncryptedCa();
      const file = (name: string) => ({ LOCALTLS_PASSWORD_FILE: join(home, name) });
      await serving(home, file("password"), async (testUrl) => {
        assert.equal((await curl(testUrl!, "--cacert", root)).code, 0);
        assert.equal((await curl(testUrl!)).code, 60);
      });
      await serving(home, file("wrong"), (testUrl, said) => {
        assert.equal(testUrl, undefined);
        assert.match(said, /the page has no test: Cannot .*password/);
        return Promise.resolve();
      });
    },
  );
});
