/** What `ca rotate` keeps of each certificate that it issues again. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { makeScratch, type Scratch } from "../support/scratch.ts";

const SLOW = { timeout: 120_000 };

function openssl(scratch: Scratch, file: string, ...what: string[]): string {
  const args = ["x509", "-in", join(scratch.work, file), "-noout", ...what];
  return execFileSync("openssl", args, { encoding: "utf8" });
}

describe("ca rotate issues again", () => {
  test("a certificate that is longer than clients want, as it was forced", SLOW, async () => {
    const scratch = makeScratch();
    const asked = await scratch.run(["cert", "a.test", "--days", "1000", "--force"]);
    assert.equal(asked.code, 0, asked.stderr);
    const [before, serial] = [
      openssl(scratch, "a.test.pem", "-dates"),
      openssl(scratch, "a.test.pem", "-serial"),
    ];
    const rotated = await scratch.run(["ca", "rotate", "--stores", "nss", "--json"]);
    assert.equal(rotated.code, 0, rotated.stdout);
    assert.notEqual(openssl(scratch, "a.test.pem", "-serial"), serial);
    const end = (text: string) => Date.parse(/notAfter=(.*)/.exec(text)![1]!);
    const moved = Math.abs(end(openssl(scratch, "a.test.pem", "-dates")) - end(before));
    assert.ok(moved < 86_400_000, `${moved} ms`);
  });

  test("the common name that a server has for its PKCS#12 file", SLOW, async () => {
    const scratch = makeScratch();
    writeFileSync(join(scratch.work, "password"), "changeit\n");
    const args = ["cert", "a.test", "--pkcs12", "--password-file", "password"];
    const asked = await scratch.run(args);
    assert.equal(asked.code, 0, asked.stderr);
    const subject = openssl(scratch, "a.test.pem", "-subject");
    assert.match(subject, /CN ?= ?a\.test/);
    const rotated = await scratch.run(["ca", "rotate", "--stores", "nss", "--json"]);
    assert.equal(rotated.code, 0, rotated.stdout);
    assert.equal(openssl(scratch, "a.test.pem", "-subject"), subject);
  });
});

test("ca rotate brings the root that mkcert's users read up to date", SLOW, async () => {
  const scratch = makeScratch();
  const made = await scratch.run(["mkcert", "a.test"]);
  assert.equal(made.code, 0, made.stderr);
  const read = (name: string) => readFileSync(join(scratch.state, name), "utf8");
  const before = read("rootCA.pem");
  assert.equal(before, read("root.pem"));
  const rotated = await scratch.run(["ca", "rotate", "--stores", "nss", "--json"]);
  assert.equal(rotated.code, 0, rotated.stdout);
  assert.notEqual(read("rootCA.pem"), before);
  assert.equal(read("rootCA.pem"), read("root.pem"));
});
