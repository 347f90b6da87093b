/** Names of facts/abuse-cases.md: each refused with a sentence, and nothing written. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { makeScratch } from "../support/scratch.ts";

const REFUSED: readonly (readonly [what: string, name: string])[] = [
  ["a newline", "a.test\nb"],
  ["a path upwards", "../evil.test"],
  ["an absolute path", "/etc/passwd"],
  ["shell text", "a;$IFS"],
  ["a lone wildcard", "*"],
  ["a wildcard in the middle", "a.*.test"],
  ["a wildcard right under a top-level domain", "*.test"],
  ["a part of a label as wildcard", "a*.foo.test"],
  ["nothing", ""],
  ["a port", "a.test:8443"],
  ["an address with a port", "172.16.99.32:1043"],
  ["a zone id", "fe80::1%eth0"],
  ["a label of 70 characters", `${"a".repeat(70)}.test`],
  ["an address with a leading zero", "127.0.0.01"],
  ["a short address", "127.1"],
  ["a hexadecimal address", "0x7f.0.0.1"],
  ["an address as one number", "2130706433"],
  ["an address out of range", "256.1.1.1"],
  ["broken UTF-8", "a\ufffd.test"],
  ["a leading hyphen", "-install.test"],
  ["a hyphen at the end of a label", "a-.test"],
  ["an underscore", "a_b.test"],
  ["two dots", "a..test"],
  ["a null byte's place holder", "a%00.test"],
  ["a space", "a b.test"],
];

describe("cert refuses as a name", () => {
  for (const [what, name] of REFUSED) {
    test(what, { timeout: 30_000 }, async () => {
      const scratch = makeScratch();
      const { code, stdout, stderr } = await scratch.run(["cert", "--", name]);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, /^localtls: error: Cannot [^\n]+/);
      assert.deepEqual(readdirSync(scratch.work), []);
    });
  }

  test("a public name, with the command that would allow it", { timeout: 30_000 }, async () => {
    const scratch = makeScratch();
    const { code, stderr } = await scratch.run(["setup", "--stores", "java", "www.google.com"]);
    assert.equal(code, 1);
    assert.match(stderr, /error: Cannot .*www\.google\.com/);
    assert.match(stderr, /hint: localtls setup --permit google\.com www\.google\.com/);
    assert.deepEqual(readdirSync(scratch.work), []);
  });

  test("a public address", { timeout: 30_000 }, async () => {
    const scratch = makeScratch();
    const { code, stderr } = await scratch.run(["cert", "8.8.8.8"]);
    assert.equal(code, 1);
    assert.match(stderr, /error: Cannot .*8\.8\.8\.8/);
    assert.deepEqual(readdirSync(scratch.work), []);
  });
});

describe("cert takes as a name", () => {
  const accepted: readonly (readonly [string, string, string])[] = [
    ["172.16.99.32", "172.16.99.32", "172.16.99.32"],
    ["[::1]", "::1", "__1"],
    ["FD00:0:0:0:0:0:0:1", "fd00::1", "fd00__1"],
    ["MÜNCHEN.test", "xn--mnchen-3ya.test", "xn--mnchen-3ya.test"],
    ["*.foo.test", "*.foo.test", "_wildcard.foo.test"],
    ["https://localhost/x", "localhost", "localhost"],
  ];
  for (const [typed, name, base] of accepted) {
    test(`${typed} as ${name}`, { timeout: 30_000 }, async () => {
      const scratch = makeScratch();
      const result = await scratch.run(["cert", typed, "--json"]);
      assert.equal(result.code, 0, result.stderr + result.stdout);
      const document = result.json();
      assert.deepEqual(document.certificates[0].names, [name]);
      assert.deepEqual(readdirSync(scratch.work).sort(), [`${base}-key.pem`, `${base}.pem`].sort());
      const codes = document.warnings.map(({ code }: { code: string }) => code);
      assert.equal(codes.includes("NAME_FROM_URL"), typed.startsWith("https:"));
    });
  }
});
