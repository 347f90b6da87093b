/** `cert --pkcs12`: a file that only its owner can read, opened by openssl with the right password alone. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { LOCALTLS } from "../support/localtls.ts";
import { mustRun, run } from "../support/processes.ts";
import { makeScratch, modeOf, type Scratch } from "../support/scratch.ts";

const SLOW = { timeout: 60_000 };
const TERMINAL = fileURLToPath(new URL("../support/terminal.py", import.meta.url));

async function open(p12: string, password: string, ...options: string[]) {
  return await run(
    ["openssl", "pkcs12", "-in", p12, "-passin", `pass:${password}`, "-nodes", ...options],
  );
}

function passwordFile(scratch: Scratch, content: string): string {
  const path = join(scratch.home, "password");
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

describe("cert --pkcs12", () => {
  test("writes PEM and PKCS#12, with the password of a file", SLOW, async () => {
    const scratch = makeScratch();
    const file = passwordFile(scratch, "correct horse\r\nsecond line\n");
    const args = ["cert", "--pkcs12", "--password-file", file, "app.test", "--json"];
    const { certificates: [issued] } = (await scratch.run(args)).json();
    assert.equal(issued.p12, join(scratch.work, "app.test.p12"));
    assert.equal(issued.p12Password, undefined);
    assert.equal(modeOf(issued.p12), 0o600);
    assert.deepEqual(readdirSync(scratch.work).sort(), [
      "app.test-key.pem",
      "app.test.p12",
      "app.test.pem",
    ]);
    const { code, stdout } = await open(issued.p12, "correct horse");
    assert.equal(code, 0);
    assert.equal(stdout.match(/BEGIN CERTIFICATE/g)?.length, 2);
    assert.match(stdout, /friendlyName: app\.test/);
    const key = /-----BEGIN PRIVATE KEY-----[^-]*-----END PRIVATE KEY-----/.exec(stdout)?.[0];
    assert.equal(`${key}\n`, readFileSync(issued.key, "utf8"));
    for (const wrong of ["correct horse\r", "", "Correct horse", "changeit"]) {
      const refused = await open(issued.p12, wrong);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, /invalid password|mac verify/i);
    }
    const info = await open(issued.p12, "correct horse", "-info", "-noout");
    assert.match(info.stderr, /sha256/i);
    assert.match(info.stderr, /PBES2, PBKDF2, AES-256-CBC/);
  });

  test("--legacy is 3DES and SHA-1", SLOW, async () => {
    const scratch = makeScratch();
    const file = passwordFile(scratch, "correct horse\n");
    const p12 = join(scratch.home, "old.p12");
    const args = ["--client", "ann", "--p12-file", p12, "--password-file", file];
    const { code, stderr } = await scratch.run(["cert", "--pkcs12", "--legacy", ...args]);
    assert.equal(code, 0, stderr);
    assert.equal(modeOf(p12), 0o600);
    const info = await open(p12, "correct horse", "-info", "-noout");
    assert.equal(info.code, 0, info.stderr);
    assert.match(info.stderr, /MAC: sha1/i);
    assert.match(info.stderr, /pbeWithSHA1And3-KeyTripleDES-CBC/);
    assert.notEqual((await open(p12, "wrong")).code, 0);
  });

  test("a password is made up where there is nobody to ask, and shown once", SLOW, async () => {
    const scratch = makeScratch();
    const text = await scratch.run(["cert", "--pkcs12", "--quiet", "--client", "ann"]);
    assert.equal(text.code, 0, text.stderr);
    assert.equal(text.stdout, "");
    const shown = /shown only now: ([a-z2-9-]{23})\n/.exec(text.stderr)?.[1] ?? "";
    const p12 = join(scratch.work, "ann-client.p12");
    assert.equal((await open(p12, shown)).code, 0);
    const again = await scratch.run(["cert", "--pkcs12", "--client", "ann", "--json"]);
    const { certificates: [issued] } = again.json();
    assert.equal(again.stderr, "");
    assert.notEqual(issued.p12Password, shown);
    assert.equal((await open(p12, issued.p12Password)).code, 0);
    const ledger = readFileSync(join(scratch.state, "issued.jsonl"), "utf8");
    assert.ok(!ledger.includes(shown) && !ledger.includes(issued.p12Password));
  });

  test("asks twice at a terminal, without echo", SLOW, async () => {
    const scratch = makeScratch();
    const ask = async (second: string) => {
      const steps = JSON.stringify([
        ["Password for the PKCS#12 file: ", "correct horse\n"],
        ["The same again: ", `${second}\n`],
      ]);
      const argv = ["python3", TERMINAL, steps, LOCALTLS, "cert", "a.test", "--pkcs12"];
      const { stdout } = await run(argv, { cwd: scratch.work, env: { HOME: scratch.home } });
      return stdout;
    };
    assert.match(await ask("another"), /the two are not the same/);
    assert.deepEqual(readdirSync(scratch.work), []);
    const shown = await ask("correct horse");
    assert.ok(!shown.includes("correct horse"), shown);
    assert.equal((await open(join(scratch.work, "a.test.p12"), "correct horse")).code, 0);
  });

  test(
    "refuses an empty password and a file that is not there, and writes nothing",
    SLOW,
    async () => {
      const scratch = makeScratch();
      const cases: readonly (readonly [string, RegExp])[] = [
        [passwordFile(scratch, "\n"), /empty/],
        [join(scratch.home, "none"), /Cannot read the password/],
      ];
      for (const [file, says] of cases) {
        const { code, stderr } = await scratch.run(
          ["cert", "a.test", "--pkcs12", "--password-file", file],
        );
        assert.equal(code, 1);
        assert.match(stderr, says);
        assert.deepEqual(readdirSync(scratch.work), []);
      }
    },
  );

  test("a server's certificate in it has a common name, which IIS shows", SLOW, async () => {
    const scratch = makeScratch();
    await scratch.run(["cert", "--pkcs12", "app.test"]);
    const subject = ["-in", join(scratch.work, "app.test.pem"), "-noout", "-subject"];
    assert.match(await mustRun(["openssl", "x509", ...subject]), /CN = app\.test/);
  });
});
