/**
 * PKCS#12 files of ours opened by OpenSSL, NSS, Java, GnuTLS, Node and Python; each with
 * the right password and with a wrong one. Run by scripts/sandbox.sh; files stay in scratch directories.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test, type TestContext } from "node:test";
import { toHex } from "../../src/bytes.ts";
import { decodePem } from "../../src/der/pem.ts";
import { parseCertificate } from "../../src/x509/certificate.ts";
import { importPkcs8, keyBelongsTo } from "../../src/x509/keys.ts";
import { readPfx } from "../../src/x509/pkcs12/pfx_reader.ts";
import { createPfx } from "../../src/x509/pkcs12/pfx_writer.ts";
import { makeIdentity } from "../support/identity.ts";
import { javaHomes, put, pythons } from "../support/key_tools.ts";
import { findProgram, mustRun, run } from "../support/processes.ts";
import { requireSandbox, scratchDirectory } from "../support/sandbox.ts";

requireSandbox();

const PASSWORD = "changeit";
const WRONG = "changeme";
const ALIAS = "localhost ä";

const directory = scratchDirectory("pkcs12");
const identities = {
  p256: await makeIdentity(directory, "p256"),
  rsa2048: await makeIdentity(directory, "rsa2048"),
};
const PYTHONS = await pythons();
const JAVAS = javaHomes();

function needs(t: TestContext, program: string): boolean {
  if (findProgram(program) !== undefined) return true;
  t.skip(`${program} is not installed`);
  return false;
}

for (const keyType of ["p256", "rsa2048"] as const) {
  for (const legacy of [false, true]) {
    const form = legacy ? "legacy" : "modern";
    describe(`a ${form} PFX of ours with a ${keyType} key`, () => {
      const { key, chain, leafFile, rootFile } = identities[keyType];
      const file = join(directory, `ours-${keyType}-${form}.p12`);
      before(async () => {
        const content = { privateKey: key, certificates: chain, friendlyName: ALIAS };
        put(
          directory,
          `ours-${keyType}-${form}.p12`,
          await createPfx(content, PASSWORD, { legacy }),
        );
      });

      test("is opened by OpenSSL, and not with another password", async () => {
        const argv = (password: string) => [
          ...["openssl", "pkcs12", "-in", file, "-nodes", "-passin", `pass:${password}`],
        ];
        const blocks = decodePem(await mustRun(argv(PASSWORD)));
        const certificates = blocks.filter(({ label }) => label === "CERTIFICATE");
        assert.deepEqual(certificates.map(({ der }) => toHex(der)), chain.map(toHex));
        const found = await importPkcs8(blocks.find(({ label }) => label === "PRIVATE KEY")!.der);
        assert.equal(await keyBelongsTo(found, parseCertificate(chain[0]!)), true);
        const { code, stderr } = await run(argv(WRONG));
        assert.equal(code, 1);
        assert.match(stderr, /invalid password/);
      });

      test("has the algorithms and counts that are meant", async () => {
        const { stderr } = await run([
          ...["openssl", "pkcs12", "-in", file, "-info", "-noout", "-passin", `pass:${PASSWORD}`],
        ]);
        const expected = legacy
          ? [
            "MAC: sha1, Iteration 2048",
            "MAC length: 20, salt length: 8",
            "PKCS7 Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048",
            "Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048",
          ]
          : [
            "MAC: sha256, Iteration 10000",
            "MAC length: 32, salt length: 8",
            "Encrypted data: PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256",
            "Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256",
          ];
        for (const line of expected) assert.ok(stderr.includes(line), `${line}\n${stderr}`);
      });

      test("is opened by NSS and imported into a database", async (t) => {
        if (!needs(t, "pk12util")) return;
        const database = `sql:${scratchDirectory("nss")}`;
        await mustRun(["certutil", "-N", "-d", database, "--empty-password"]);
        const argv = (action: string, password: string) => [
          ...["pk12util", action, file, "-d", database, "-W", password],
        ];
        const listing = await mustRun(argv("-l", PASSWORD));
        assert.match(listing, /Certificate\(has private key\)/);
        for (const action of ["-l", "-i"]) {
          assert.notEqual((await run(argv(action, WRONG))).code, 0);
        }
        assert.doesNotMatch(await mustRun(["certutil", "-L", "-d", database]), /localhost/);
        await mustRun(argv("-i", PASSWORD));
        assert.match(await mustRun(["certutil", "-L", "-d", database]), /localhost ä\s+u,u,u/);
        assert.match(await mustRun(["certutil", "-K", "-d", database]), /localhost ä/);
      });

      if (JAVAS.size === 0) {
        test("is opened by Java", (t) => t.skip("no Java is installed"));
      }
      for (const [name, home] of JAVAS) {
        test(`is opened by keytool of ${name}, and not with another password`, async () => {
          const argv = (password: string) => [
            ...[join(home, "bin/keytool"), "-J-Dfile.encoding=UTF-8", "-J-Dstdout.encoding=UTF-8"],
            ...["-list", "-v", "-storetype", "PKCS12", "-keystore", file, "-storepass", password],
          ];
          const listing = await mustRun(argv(PASSWORD));
          assert.match(listing, /Entry type: PrivateKeyEntry/);
          assert.match(listing, /Certificate chain length: 2/);
          assert.match(listing, /Alias name: localhost ä/);
          const { code, stdout } = await run(argv(WRONG));
          assert.equal(code, 1);
          assert.match(stdout, /password was incorrect/);
        });
      }

      test("is opened by GnuTLS, and not with another password", async (t) => {
        if (!needs(t, "certtool")) return;
        const argv = (password: string) => [
          ...["certtool", "--p12-info", "--inder", "--infile", file, "--password", password],
        ];
        const blocks = decodePem(await mustRun(argv(PASSWORD)));
        const certificates = blocks.filter(({ label }) => label === "CERTIFICATE");
        assert.deepEqual(certificates.map(({ der }) => toHex(der)), chain.map(toHex));
        assert.equal(blocks.filter(({ label }) => label.endsWith("PRIVATE KEY")).length, 1);
        assert.notEqual((await run(argv(WRONG))).code, 0);
      });

      test("serves HTTPS in Node, and does not open with another password", async (t) => {
        if (!needs(t, "node")) return;
        const script = put(scratchDirectory("node"), "serve.mjs", NODE_SERVER);
        const answer = await mustRun(["node", script, file, PASSWORD, rootFile]);
        assert.equal(answer.trim(), "authorized 2");
        const { code, stderr } = await run(["node", script, file, WRONG, rootFile]);
        assert.equal(code, 1);
        assert.match(stderr, /mac verify failure/);
      });

      if (PYTHONS.size === 0) {
        test("is opened by Python", (t) => t.skip("no Python has the package cryptography"));
      }
      for (const [version, python] of PYTHONS) {
        test(`is opened by Python's cryptography ${version}, and not with another password`, async () => {
          const script = put(scratchDirectory("python"), "open.py", PYTHON_READER);
          const [name, publicKeysAgree, ...found] =
            (await mustRun([python, script, file, PASSWORD])).trim().split("\n");
          assert.equal(Buffer.from(name!, "hex").toString("utf8"), ALIAS);
          assert.equal(publicKeysAgree, "True");
          assert.deepEqual(found, chain.map(toHex));
          const { code, stderr } = await run([python, script, file, WRONG]);
          assert.equal(code, 1);
          assert.match(stderr, /Invalid password/);
        });
      }

      test("is read here, and its leaf is the one that was issued", async () => {
        const { certificates } = await readPfx(readFileSync(file), PASSWORD);
        assert.equal(
          toHex(certificates[0]!.der),
          toHex(decodePem(readFileSync(leafFile, "utf8"))[0]!.der),
        );
      });
    });
  }
}

/** Prints how a TLS client that trusts the root sees a server with the PFX, and the certificates it was sent. */
const NODE_SERVER = `
import { readFileSync } from "node:fs";
import tls from "node:tls";
const [file, passphrase, ca] = process.argv.slice(2);
const server = tls.createServer({ pfx: readFileSync(file), passphrase });
server.listen(0, "127.0.0.1", () => {
  const client = tls.connect({
    port: server.address().port, host: "127.0.0.1", servername: "localhost", ca: readFileSync(ca),
  }, () => {
    const leaf = client.getPeerCertificate(true);
    const sent = leaf.issuerCertificate === undefined ? 1 : 2;
    console.log(client.authorized ? "authorized" : client.authorizationError, sent);
    client.end();
    server.close();
  });
});
`;

const PYTHON_READER = `
import sys
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs12
data = open(sys.argv[1], "rb").read()
found = pkcs12.load_pkcs12(data, sys.argv[2].encode())
spki = lambda key: key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
print(found.cert.friendly_name.hex())
print(spki(found.key.public_key()) == spki(found.cert.certificate.public_key()))
for c in [found.cert, *found.additional_certs]:
    print(c.certificate.public_bytes(Encoding.DER).hex())
`;
