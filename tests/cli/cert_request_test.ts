/** `cert --csr`: the public key and the names of a request, and nothing else that it asks for. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { mustRun, run } from "../support/processes.ts";
import { makeScratch, type Scratch } from "../support/scratch.ts";

const SLOW = { timeout: 60_000 };
const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

/** Has openssl make a request in the home, beside the working directory. */
async function request(
  scratch: Scratch,
  subject: string,
  extensions: readonly string[],
  key: readonly string[] = EC,
): Promise<string> {
  const path = join(scratch.home, "x.csr");
  await mustRun([
    ...["openssl", "req", "-new", ...key, "-nodes", "-keyout", join(scratch.home, "x.key")],
    ...["-subj", subject, "-out", path],
    ...extensions.flatMap((extension) => ["-addext", extension]),
  ]);
  return path;
}

/** Answers it. */
// deno-lint-ignore no-explicit-any
async function answer(scratch: Scratch, csr: string, ...args: string[]): Promise<any> {
  const result = await scratch.run(["cert", "--csr", csr, "--json", ...args]);
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result.json();
}

async function refuses(
  scratch: Scratch,
  csr: string,
  code: string,
  says: RegExp,
  ...args: string[]
): Promise<void> {
  const result = await scratch.run(["cert", "--csr", csr, "--json", ...args]);
  assert.notEqual(result.code, 0, result.stdout);
  const { error } = result.json();
  assert.equal(error.code, code, error.message);
  assert.match(error.message, says);
  assert.deepEqual(readdirSync(scratch.work), []);
}

describe("cert --csr", () => {
  test(
    "takes public key and names, writes no key, and openssl accepts the result",
    SLOW,
    async () => {
      const scratch = makeScratch();
      const csr = await request(scratch, "/CN=other.test/O=Evil", [
        "subjectAltName=DNS:App.test,DNS:*.app.test,IP:10.1.2.3",
      ]);
      const { certificates: [issued] } = await answer(scratch, csr);
      assert.deepEqual(issued.names, ["app.test", "*.app.test", "10.1.2.3"]);
      assert.equal(issued.key, undefined);
      assert.deepEqual(readdirSync(scratch.work), ["app.test+2.pem"]);
      const shown = await mustRun(["openssl", "x509", "-in", issued.cert, "-noout", "-text"]);
      assert.match(shown, /Subject: \n/);
      assert.match(shown, /DNS:app\.test, DNS:\*\.app\.test, IP Address:10\.1\.2\.3/);
      const pubkey = ["-in", join(scratch.home, "x.key"), "-pubout"];
      assert.equal(
        await mustRun(["openssl", "x509", "-in", issued.cert, "-noout", "-pubkey"]),
        await mustRun(["openssl", "pkey", ...pubkey]),
      );
      const files = ["-CAfile", join(scratch.state, "root.pem"), "-untrusted", issued.cert];
      const verified = await run(["openssl", "verify", ...files, issued.cert]);
      assert.match(verified.stdout, /: OK/);
      const line = JSON.parse(readFileSync(join(scratch.state, "issued.jsonl"), "utf8"));
      assert.deepEqual([line.csr, line.key, line.usage], [true, undefined, "server"]);
      const status = await scratch.run(["status", "--stores", "java", "--json"]);
      assert.equal(status.json().certificates[0].state, "valid");
    },
  );

  test("from stdin, as DER, with CRLF and a byte order mark, in text around it", SLOW, async () => {
    const scratch = makeScratch();
    const csr = await request(scratch, "/CN=a.test", []);
    const pem = readFileSync(csr, "utf8");
    const der = join(scratch.home, "x.der");
    await mustRun(["openssl", "req", "-in", csr, "-outform", "DER", "-out", der]);
    for (
      const input of [
        readFileSync(der),
        `\ufeff${pem.replaceAll("\n", "\r\n")}`,
        `Certificate Request:\n    Data\n${pem}more\n`,
        pem.replaceAll("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"),
      ]
    ) {
      const result = await scratch.run(["cert", "--csr", "-", "--json"], { input });
      assert.equal(result.code, 0, result.stdout);
      assert.deepEqual(result.json().certificates[0].names, ["a.test"]);
    }
  });

  test("RSA and P-384 keys, and clients", SLOW, async () => {
    const scratch = makeScratch();
    const rsa = await request(scratch, "/CN=a.test", [], ["-newkey", "rsa:2048"]);
    assert.equal((await answer(scratch, rsa)).certificates[0].keyType, "rsa2048");
    const p384 = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"];
    const csr = await request(scratch, "/", ["subjectAltName=email:ann@example.com"], p384);
    const { certificates: [issued] } = await answer(scratch, csr, "--client");
    assert.deepEqual([issued.keyType, issued.usage], ["p384", "client"]);
    assert.equal(issued.cert, join(scratch.work, "ann@example.com-client.pem"));
    await refuses(makeScratch(), csr, "NAME_INVALID", /name for a client/);
  });

  test("whose common name is ../../evil writes nothing outside", SLOW, async () => {
    const scratch = makeScratch();
    const csr = await request(scratch, "/CN=..\\/..\\/evil", []);
    await refuses(scratch, csr, "NAME_INVALID", /not allowed/);
    const named = await request(scratch, "/CN=..\\/..\\/evil", ["subjectAltName=DNS:a.test"]);
    const { certificates: [issued] } = await answer(scratch, named);
    assert.equal(issued.cert, join(scratch.work, "a.test.pem"));
    assert.deepEqual(readdirSync(scratch.work), ["a.test.pem"]);
  });

  test("that asks for a CA certificate gets one for a server", SLOW, async () => {
    const scratch = makeScratch();
    const csr = await request(scratch, "/", [
      "subjectAltName=DNS:a.test",
      "basicConstraints=critical,CA:TRUE",
      "keyUsage=critical,keyCertSign,cRLSign",
      "extendedKeyUsage=codeSigning",
    ]);
    const { certificates: [issued], warnings } = await answer(scratch, csr);
    assert.equal(warnings[0].code, "CSR_ASKS_FOR_CA");
    const shown = await mustRun(["openssl", "x509", "-in", issued.cert, "-noout", "-text"]);
    assert.match(shown, /CA:FALSE/);
    assert.match(shown, /Key Usage: critical\n\s+Digital Signature\n/);
    assert.match(shown, /Extended Key Usage: \n\s+TLS Web Server Authentication\n/);
    assert.doesNotMatch(shown, /CA:TRUE|Certificate Sign|Code Signing/);
  });

  test("that asks for odd extensions gets none of them", SLOW, async () => {
    const scratch = makeScratch();
    const csr = await request(scratch, "/", [
      "subjectAltName=critical,DNS:a.test",
      "nameConstraints=critical,permitted;DNS:google.com",
      "crlDistributionPoints=URI:http://evil.example/crl",
      "authorityInfoAccess=OCSP;URI:http://evil.example/ocsp",
      "certificatePolicies=2.23.140.1.1",
      "policyConstraints=requireExplicitPolicy:0",
      "tlsfeature=status_request",
      "subjectKeyIdentifier=DEADBEEF",
      "1.3.6.1.4.1.99999.1=critical,ASN1:UTF8String:odd",
    ]);
    const { certificates: [issued], warnings } = await answer(scratch, csr);
    assert.deepEqual(
      warnings.filter(({ code }: { code: string }) => code.startsWith("CSR_")),
      [],
    );
    const argv = ["openssl", "x509", "-in", issued.cert, "-noout", "-text"];
    const shown = await mustRun(argv);
    assert.doesNotMatch(
      shown,
      /evil\.example|google|status_request|99999|DE:AD:BE:EF|2\.23\.140|Constraints: critical\n\s+Permitted/,
    );
    assert.doesNotMatch(shown, /X509v3 (?:Name|Policy) Constraints|CRL Distribution|Policies/);
    // Critical or not is the profile's to say: RFC 5280, 4.2.1.6, wants it where the subject is empty.
    assert.match(shown, /Subject: \n[^]*Subject Alternative Name: critical\n\s+DNS:a\.test\n/);
  });

  const names: readonly (readonly [what: string, san: string, code: string, says: RegExp])[] = [
    ["*", "DNS:*", "NAME_INVALID", /lone/],
    ["*.com", "DNS:*.com", "NAME_INVALID", /wildcard right under/],
    ["a public name", "DNS:a.test,DNS:google.com", "NAME_NOT_PERMITTED", /google\.com/],
    ["a public address", "IP:8.8.8.8", "NAME_NOT_PERMITTED", /8\.8\.8\.8/],
    ["a path", "DNS:../../evil.test", "NAME_INVALID", /not allowed/],
    ["a URL as a host name", "DNS:https://a.test/x", "NAME_INVALID", /no host name/],
    ["an address as a host name", "DNS:10.1.2.3", "NAME_INVALID", /no host name/],
    ["an e-mail address for a server", "DNS:a.test,email:a@b.test", "NAME_INVALID", /client/],
    ["a newline", "DNS:a.test\\nb.test", "NAME_INVALID", /not allowed/],
  ];
  for (const [what, san, code, says] of names) {
    test(`refuses ${what} among its names`, SLOW, async () => {
      const scratch = makeScratch();
      const csr = await request(scratch, "/", [`subjectAltName=${san}`]);
      await refuses(scratch, csr, code, says);
    });
  }

  test(
    "without any name is refused, and a common name does not stand in for a bad one",
    SLOW,
    async () => {
      const scratch = makeScratch();
      await refuses(scratch, await request(scratch, "/", []), "NAME_INVALID", /no name/);
      const csr = await request(scratch, "/CN=a.test", ["subjectAltName=RID:1.2.3.4"]);
      await refuses(scratch, csr, "NAME_INVALID", /no name/);
    },
  );

  const keys: readonly (readonly [what: string, key: string[], says: RegExp])[] = [
    ["RSA 1024", ["-newkey", "rsa:1024"], /RSA 1024/],
    ["P-521", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp521r1"], /P-521/],
    ["Ed25519", ["-newkey", "ed25519"], /Ed25519/],
  ];
  for (const [what, key, says] of keys) {
    test(`refuses a key of the type ${what}`, SLOW, async () => {
      const scratch = makeScratch();
      const csr = await request(scratch, "/CN=a.test", [], key);
      await refuses(scratch, csr, "KEY_INVALID", says);
    });
  }

  test("with a bad signature, truncated, or something else is refused", SLOW, async () => {
    const scratch = makeScratch();
    const csr = await request(scratch, "/CN=a.test", []);
    const pem = readFileSync(csr, "utf8");
    const derPath = join(scratch.home, "x.der");
    await mustRun(["openssl", "req", "-in", csr, "-outform", "DER", "-out", derPath]);
    const der = readFileSync(derPath);
    const changed = Buffer.from(der);
    const at = changed.indexOf("a.test");
    changed.write("b.test", at);
    const cases: readonly (readonly [content: string | Buffer, code: RegExp, says: RegExp])[] = [
      [changed, /CSR_INVALID/, /signature/],
      [der.subarray(0, -10), /DER_INVALID/, /./],
      [Buffer.concat([der, Buffer.from("x")]), /DER_INVALID/, /./],
      [pem.replace("-----END", "!"), /PEM_INVALID|CSR_INVALID/, /./],
      [pem.replaceAll("CERTIFICATE REQUEST", "CERTIFICATE"), /CSR_INVALID/, /holds a CERTIFICATE/],
      [readFileSync(join(scratch.home, "x.key")), /CSR_INVALID/, /holds a PRIVATE KEY/],
      [pem + pem, /CSR_INVALID/, /holds 2/],
      ["", /CSR_INVALID/, /nothing/],
      ["no request\n", /CSR_INVALID/, /nothing/],
      [Buffer.alloc(3 << 20, 0x41), /FILE_TOO_LARGE/, /larger/],
    ];
    for (const [content, code, says] of cases) {
      writeFileSync(csr, content);
      const result = await scratch.run(["cert", "--csr", csr, "--json"]);
      assert.equal(result.code, 1, result.stdout);
      const { error } = result.json();
      assert.match(error.code, code, error.message);
      assert.match(error.message, says);
    }
    await refuses(scratch, join(scratch.home, "none.csr"), "FILE_NOT_FOUND", /does not exist/);
    assert.deepEqual(readdirSync(scratch.work), []);
  });
});
