/** `cert` for servers and clients: what openssl reads and accepts, and what is refused. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { mustRun, run } from "../support/processes.ts";
import { makeScratch, modeOf, type Scratch } from "../support/scratch.ts";

const SLOW = { timeout: 60_000 };

/** Issues, and gives the certificate of the document. */
// deno-lint-ignore no-explicit-any
async function issue(scratch: Scratch, ...args: string[]): Promise<any> {
  const result = await scratch.run(["cert", "--json", ...args]);
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result.json().certificates[0];
}

/** What openssl says about extensions and the subject of the leaf. */
async function read(cert: string): Promise<string> {
  const what = "subjectAltName,extendedKeyUsage,keyUsage,basicConstraints";
  const { stdout } = await run(
    ["openssl", "x509", "-in", cert, "-noout", "-subject", "-ext", what, "-text"],
  );
  return stdout;
}

/** Whether openssl builds and accepts the path for a purpose. */
async function verify(scratch: Scratch, cert: string, purpose: string): Promise<string> {
  const root = join(scratch.state, "root.pem");
  const files = ["-CAfile", root, "-untrusted", cert, cert];
  const { stdout, stderr } = await run(
    ["openssl", "verify", "-x509_strict", "-purpose", purpose, ...files],
  );
  return stdout + stderr;
}

describe("cert --key", () => {
  const types: readonly (readonly [type: string, text: RegExp])[] = [
    ["p256", /ASN1 OID: prime256v1/],
    ["p384", /ASN1 OID: secp384r1/],
    ["rsa2048", /Public-Key: \(2048 bit\)/],
    ["rsa3072", /Public-Key: \(3072 bit\)/],
    ["rsa4096", /Public-Key: \(4096 bit\)/],
  ];
  for (const [type, text] of types) {
    test(`${type}: for servers, for clients and for both, with its own key`, SLOW, async () => {
      const scratch = makeScratch();
      const server = await issue(scratch, "--key", type, "app.test", "10.1.2.3");
      const client = await issue(scratch, "--key", type, "--client", "ann@example.com");
      const both = await issue(scratch, "--key", type, "--client", "node.test");
      for (const { cert, key, keyType } of [server, client, both]) {
        assert.equal(keyType, type);
        const shown = await read(cert);
        assert.match(shown, text);
        assert.match(shown, /CA:FALSE/);
        assert.match(
          shown,
          type.startsWith("rsa")
            ? /Key Usage: critical\n\s+Digital Signature, Key Encipherment\n/
            : /Key Usage: critical\n\s+Digital Signature\n/,
        );
        const ofCert = await mustRun(["openssl", "x509", "-in", cert, "-noout", "-pubkey"]);
        assert.equal(await mustRun(["openssl", "pkey", "-in", key, "-pubout"]), ofCert);
        assert.equal(modeOf(key), 0o600);
      }
      assert.deepEqual([server.usage, client.usage, both.usage], ["server", "client", "both"]);
      assert.match(await verify(scratch, server.cert, "sslserver"), /: OK/);
      assert.match(await verify(scratch, server.cert, "sslclient"), /unsuitable|unsupported/);
      assert.match(await verify(scratch, client.cert, "sslclient"), /: OK/);
      assert.match(await verify(scratch, client.cert, "sslserver"), /unsuitable|unsupported/);
      assert.match(await verify(scratch, both.cert, "sslclient"), /: OK/);
      assert.match(await verify(scratch, both.cert, "sslserver"), /: OK/);
    });
  }

  test("of a type that clients refuse is no choice", SLOW, async () => {
    const scratch = makeScratch();
    for (const type of ["p521", "ed25519", "rsa1024", "P256"]) {
      const { code, stderr } = await scratch.run(["cert", "a.test", `--key=${type}`]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /p256/);
    }
    assert.deepEqual(readdirSync(scratch.work), []);
  });
});

describe("cert --client", () => {
  test("names, files and common name of each form of name", SLOW, async () => {
    const scratch = makeScratch();
    const cases:
      readonly (readonly [names: string[], file: string, subject: RegExp, san: RegExp])[] = [
        [["ann"], "ann-client", /subject=CN = ann\n/, /^(?![^]*Alternative Name)/],
        [["Ann"], "Ann-client", /subject=CN = Ann\n/, /^(?![^]*Alternative Name)/],
        [
          ["Ann.B+x@EXAMPLE.com"],
          "Ann.B+x@example.com-client",
          /subject=CN = "?Ann\.B\+x@example\.com"?\n/,
          /email:Ann\.B\+x@example\.com/,
        ],
        [
          ["ann@bücher.test"],
          "ann@xn--bcher-kva.test-client",
          /CN = ann@xn--bcher-kva\.test\n/,
          /email:ann@xn--bcher-kva\.test/,
        ],
        [
          ["spiffe://Corp.test/Web"],
          "spiffe_corp.test_Web-client",
          /CN = spiffe:\/\/corp\.test\/Web\n/,
          /URI:spiffe:\/\/corp\.test\/Web/,
        ],
        [["a.test", "ann"], "a.test+1-client", /subject=CN = ann\n/, /DNS:a\.test/],
        // No address as common name: OpenSSL holds it to the CA's host names.
        [["::1", "a.test"], "__1+1-client", /subject=CN = a\.test\n/, /IP Address:0:0:0:0:0:0:0:1/],
        [["*.a.test"], "_wildcard.a.test-client", /subject=CN = \*\.a\.test\n/, /DNS:\*\.a\.test/],
      ];
    for (const [names, file, subject, san] of cases) {
      const { cert } = await issue(scratch, "--client", ...names);
      assert.equal(cert, join(scratch.work, `${file}.pem`));
      const shown = await read(cert);
      assert.match(shown, subject);
      assert.match(shown, san);
      assert.match(await verify(scratch, cert, "sslclient"), /: OK/);
    }
  });

  test(
    "a name that fits no common name leaves the subject empty, the names critical",
    SLOW,
    async () => {
      const scratch = makeScratch();
      const name = `${"a".repeat(60)}.${"b".repeat(20)}.test`;
      const { cert } = await issue(scratch, "--client", name);
      const shown = await read(cert);
      assert.match(shown, /subject=\n/);
      assert.match(shown, /Alternative Name: critical/);
    },
  );

  const refused: readonly (readonly [what: string, names: string[], says: RegExp])[] = [
    ["an e-mail address with a blank", ["a b@example.com"], /" "/],
    ["an e-mail address with a newline", ["a\nb@example.com"], /not allowed/],
    ["an e-mail address with a path", ["../../x@example.com"], /"\/"/],
    ["an e-mail address that is quoted", ['"a"@example.com'], /not allowed/],
    ["an e-mail address in Unicode", ["änn@example.com"], /not allowed/],
    ["an e-mail address with nothing before", ["@example.com"], /nothing before/],
    ["an e-mail address with nothing after", ["ann@"], /empty/],
    ["an e-mail address with two dots", ["a..b@example.com"], /one at a time/],
    ["an e-mail address at a wildcard", ["ann@*.test"], /not allowed/],
    ["an e-mail address with an option's hyphen", ["-ann@example.com"], /hyphen/],
    ["a local part of 65 characters", [`${"a".repeat(65)}@example.com`], /64/],
    ["a URI without a host", ["spiffe:///x"], /without a host|no absolute URI/],
    ["a URI with a blank", ["spiffe://a.test/x y"], /no absolute URI/],
    ["a URI with a user", ["spiffe://ann@a.test/x"], /user name/],
    ["two users", ["ann", "bob"], /two users/],
    ["a user with 65 characters", ["a".repeat(65)], /64|63/],
    ["a path", ["../../evil"], /not allowed/],
    ["a user's name with a dot, which clients take for a host", ["ann.smith"], /may speak for/],
  ];
  for (const [what, names, says] of refused) {
    test(`refuses ${what}`, SLOW, async () => {
      const scratch = makeScratch();
      const { code, stdout, stderr } = await scratch.run(["cert", "--client", "--", ...names]);
      assert.ok(code === 1 || code === 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, /^localtls: error: Cannot /);
      assert.match(stderr, says);
      assert.deepEqual(readdirSync(scratch.work), []);
    });
  }

  test("warns of a user's name that Java servers refuse", SLOW, async () => {
    const scratch = makeScratch();
    const codes = async (...names: string[]) => {
      const { stdout } = await scratch.run(["cert", "--client", "--json", ...names]);
      return JSON.parse(stdout).warnings.map(({ code }: { code: string }) => code);
    };
    assert.ok((await codes("ann")).includes("USER_NAME_IN_JAVA"));
    assert.ok(!(await codes("ann@example.com")).includes("USER_NAME_IN_JAVA"));
    assert.ok(!(await codes("ann_smith")).includes("USER_NAME_IN_JAVA"));
  });

  test("is what an e-mail address needs", SLOW, async () => {
    const scratch = makeScratch();
    const { code, stderr } = await scratch.run(["cert", "ann@example.com"]);
    assert.equal(code, 2);
    assert.match(stderr, /hint: Add --client/);
  });

  test("does not open public host names", SLOW, async () => {
    const scratch = makeScratch();
    const { code, stderr } = await scratch.run([
      "cert",
      "--client",
      "ann@example.com",
      "google.com",
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot issue for "google\.com"/);
    assert.deepEqual(readdirSync(scratch.work), []);
  });
});

describe("cert --days", () => {
  test("is 397 by default, at most 825", SLOW, async () => {
    const scratch = makeScratch();
    const life = ({ notBefore, notAfter }: { notBefore: string; notAfter: string }) =>
      (Date.parse(notAfter) - Date.parse(notBefore) + 1000) / 86_400_000;
    assert.equal(life(await issue(scratch, "a.test")), 397);
    assert.equal(life(await issue(scratch, "a.test", "--days", "825")), 825);
    assert.equal(life(await issue(scratch, "a.test", "--days", "900", "--force")), 900);
    for (const days of ["0", "826", "-1", "1.5", "soon", "99999999"]) {
      const { code, stderr } = await scratch.run(["cert", "b.test", `--days=${days}`]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /825/);
    }
    assert.deepEqual(readdirSync(scratch.work).sort(), ["a.test-key.pem", "a.test.pem"]);
  });

  test("never goes past the CA, whatever is forced, and says so", SLOW, async () => {
    const scratch = makeScratch();
    const args = ["cert", "a.test", "--days", "5000", "--force", "--json"];
    const document = (await scratch.run(args)).json();
    // deno-lint-ignore no-explicit-any
    const codes = document.warnings.map(({ code }: any) => code);
    assert.ok(codes.includes("LIFETIME_SHORTENED"), JSON.stringify(document.warnings));
    const end = await mustRun(
      ["openssl", "x509", "-in", join(scratch.state, "root.pem"), "-noout", "-enddate"],
    );
    const ofRoot = Date.parse(end.replace("notAfter=", ""));
    assert.equal(Date.parse(document.certificates[0].notAfter), ofRoot);
    assert.match(await verify(scratch, document.certificates[0].cert, "sslserver"), /: OK/);
  });
});

describe("cert refuses, with the way out,", () => {
  const wrong: readonly (readonly [args: string[], hint: RegExp])[] = [
    [[], /hint: localtls cert localhost/],
    [["--csr", "x.csr", "a.test"], /hint: localtls cert --csr x\.csr/],
    [["--csr", "x.csr", "--key", "p256"], /hint: localtls cert --csr x\.csr/],
    [["--csr", "x.csr", "--key-file", "k.pem"], /hint: localtls cert --csr x\.csr/],
    [["--csr", "x.csr", "--pkcs12"], /hint: localtls cert --csr x\.csr/],
    [["--from", "l", "a.test"], /hint: localtls cert --from l/],
    [["--from", "l", "--csr", "x.csr"], /hint: localtls cert --csr x\.csr/],
    [["--from", "l", "--cert-file", "c.pem"], /hint: localtls cert --from l --out DIR/],
    [["--from", "l", "--key-file", "k.pem"], /hint: localtls cert --from l --out DIR/],
    [["--from", "l", "--pkcs12", "--p12-file", "p"], /hint: localtls cert --from l --out DIR/],
    [["a.test", "--legacy"], /hint: Add --pkcs12/],
    [["a.test", "--p12-file", "a.p12"], /hint: Add --pkcs12/],
    [["a.test", "--password-file", "p"], /hint: Add --pkcs12/],
    [["a.test", "--pkcs12", "--p12-file", "a.test.pem"], /one file/],
    [["a.test", "--pkcs12", "--p12-file", "./a.test-key.pem"], /one file/],
  ];
  for (const [args, hint] of wrong) {
    test(`cert ${args.join(" ")}`, SLOW, async () => {
      const scratch = makeScratch();
      const { code, stdout, stderr } = await scratch.run(["cert", ...args]);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, hint);
      assert.deepEqual(readdirSync(scratch.home), ["work"]);
      assert.deepEqual(readdirSync(scratch.work), []);
    });
  }
});
