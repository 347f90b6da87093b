/**
 * PKCS#12 files of OpenSSL, Java, NSS, GnuTLS and Python opened by us, each with the right password and with a wrong one. Run by
 * scripts/sandbox.sh; files stay in scratch directories.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { toHex } from "../../src/bytes.ts";
import { integer, nullValue, octetString, oid, sequence } from "../../src/der/encode.ts";
import { OID } from "../../src/der/oids.ts";
import { parseCertificate } from "../../src/x509/certificate.ts";
import { importPkcs8, keyBelongsTo } from "../../src/x509/keys.ts";
import { readPfx } from "../../src/x509/pkcs12/pfx_reader.ts";
import { bags, certBag, dataPart, encryptedPart, keyBag, sealPfx } from "../support/craft_pfx.ts";
import { hex } from "../support/hex.ts";
import { makeIdentity } from "../support/identity.ts";
import { javaHomes, put, pythons } from "../support/key_tools.ts";
import { findProgram, mustRun, run } from "../support/processes.ts";
import { requireSandbox, scratchDirectory } from "../support/sandbox.ts";
import { rejectsWith } from "../support/scratch_directory.ts";

requireSandbox();

const PASSWORD = "changeit";
const WRONG = "changeme";
const ALIAS = "localhost ä";

const directory = scratchDirectory("pkcs12");
const identity = await makeIdentity(directory, "p256");
const PYTHONS = await pythons();
const JAVAS = javaHomes();

function needs(t: TestContext, program: string): boolean {
  if (findProgram(program) !== undefined) return true;
  t.skip(`${program} is not installed`);
  return false;
}

describe("a PFX of OpenSSL is read here", () => {
  const ways: [string, string[]][] = [
    ["as OpenSSL 3 writes it", []],
    ["-legacy: RC2-40 and 3DES, as mkcert writes it", ["-legacy"]],
    [
      "3DES throughout",
      [...["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"]],
    ],
    ["RC2-128", ["-legacy", "-certpbe", "PBE-SHA1-RC2-128"]],
    ["AES-128 and a MAC with SHA-512", ["-certpbe", "AES-128-CBC", "-macalg", "sha512"]],
    ["AES-192 and a MAC with SHA-384", ["-keypbe", "AES-192-CBC", "-macalg", "sha384"]],
    ["nothing encrypted", ["-certpbe", "NONE", "-keypbe", "NONE"]],
    ["one iteration", ["-noiter"]],
    ["100,000 iterations", ["-iter", "100000"]],
  ];
  for (const [name, options] of ways) {
    test(name, async () => {
      const out = join(scratchDirectory("openssl"), "out.p12");
      await mustRun([...opensslExport(out, PASSWORD), ...options]);
      await opens(out, PASSWORD);
    });
  }

  test("with an empty password, and with one in UTF-8", async () => {
    for (const password of ["", "pässwörd 密码"]) {
      const out = join(scratchDirectory("openssl"), "out.p12");
      await mustRun(opensslExport(out, password), { env: { LC_ALL: "C.UTF-8" } });
      await opens(out, password);
    }
  });

  test("and refused without a MAC", async () => {
    const out = join(scratchDirectory("openssl"), "out.p12");
    await mustRun([...opensslExport(out, PASSWORD), "-nomac"]);
    await rejectsWith("PFX_INVALID", readPfx(readFileSync(out), PASSWORD));
  });
});

function opensslExport(out: string, password: string): string[] {
  const { keyFile, leafFile, issuerFile } = identity;
  return [
    ...[
      "openssl",
      "pkcs12",
      "-export",
      "-inkey",
      keyFile,
      "-in",
      leafFile,
      "-certfile",
      issuerFile,
    ],
    ...["-name", ALIAS, "-passout", `pass:${password}`, "-out", out],
  ];
}

/** Reads a file with the right password and with a wrong one. @param certificates How many it has. */
async function opens(file: string, password: string, certificates = 2): Promise<void> {
  const pfx = readFileSync(file);
  const found = await readPfx(pfx, password);
  assert.equal(found.keys.length, 1);
  const ders = found.certificates.map(({ der }) => toHex(der));
  assert.equal(ders.length, certificates);
  const leaf = identity.chain[0]!;
  assert.ok(ders.includes(toHex(leaf)));
  const key = await importPkcs8(found.keys[0]!.der);
  assert.equal(await keyBelongsTo(key, parseCertificate(leaf)), true);
  const withKey = found.certificates.find(({ der }) => toHex(der) === toHex(leaf))!;
  if (found.keys[0]!.localKeyId !== undefined) {
    assert.deepEqual(withKey.localKeyId, found.keys[0]!.localKeyId);
  }
  await rejectsWith("PASSWORD_WRONG", readPfx(pfx, `${password}x`));
}

describe("a PFX of Java is read here", () => {
  const ways: [string, string[]][] = [
    ["as it writes it", []],
    ["with keystore.pkcs12.legacy: RC2-40 and 3DES", ["-J-Dkeystore.pkcs12.legacy"]],
  ];
  if (JAVAS.size === 0) test("any", (t) => t.skip("no Java is installed"));
  for (const [java, home] of JAVAS) {
    for (const [name, options] of ways) {
      test(`${java}, ${name}`, async () => {
        const work = scratchDirectory("java");
        const source = join(work, "in.p12");
        const out = join(work, "out.p12");
        await mustRun(opensslExport(source, PASSWORD));
        await mustRun([
          ...[join(home, "bin/keytool"), ...options, "-importkeystore", "-noprompt"],
          ...["-srckeystore", source, "-srcstoretype", "PKCS12", "-srcstorepass", PASSWORD],
          ...["-destkeystore", out, "-deststoretype", "PKCS12", "-deststorepass", PASSWORD],
        ]);
        await opens(out, PASSWORD);
      });
    }
  }
});

describe("a PFX of NSS, which is BER, is read here", () => {
  const ways: [string, string[], password: string][] = [
    ["as it writes it", [], PASSWORD],
    ["under an empty password", [], ""],
    [
      "with RC2-40 and 3DES",
      [
        ...["-c", "PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC"],
        ...["-C", "PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC", "-M", "SHA-1"],
      ],
      PASSWORD,
    ],
  ];
  for (const [name, options, password] of ways) {
    test(name, async (t) => {
      if (!needs(t, "pk12util")) return;
      const work = scratchDirectory("nss");
      const database = `sql:${work}`;
      const source = join(work, "in.p12");
      const out = join(work, "out.p12");
      await mustRun(opensslExport(source, PASSWORD));
      await mustRun(["certutil", "-N", "-d", database, "--empty-password"]);
      await mustRun(["pk12util", "-i", source, "-d", database, "-W", PASSWORD]);
      await mustRun([
        ...["pk12util", "-o", out, "-n", ALIAS, "-d", database, "-W", password, ...options],
      ]);
      await opens(out, password);
    });
  }
});

describe("a PFX of GnuTLS is read here", () => {
  for (const cipher of [undefined, "3des-pkcs12", "arcfour", "aes-256", "rc2-40"]) {
    test(cipher ?? "as it writes it", async (t) => {
      if (!needs(t, "certtool")) return;
      const { keyFile, leafFile } = identity;
      const out = join(scratchDirectory("gnutls"), "out.p12");
      await mustRun([
        ...["certtool", "--to-p12", "--load-privkey", keyFile, "--load-certificate", leafFile],
        ...["--p12-name", ALIAS, "--password", PASSWORD, "--outder", "--outfile", out],
        ...(cipher === undefined ? [] : ["--pkcs-cipher", cipher]),
      ]);
      if (cipher === "arcfour") {
        await rejectsWith("PFX_INVALID", readPfx(readFileSync(out), PASSWORD));
      } else await opens(out, PASSWORD, 1);
    });
  }
});

const PYTHON_WRITER = `
import sys
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12
key, leaf, issuer, out, password = sys.argv[1:]
read = lambda path: open(path, "rb").read()
key = load_pem_private_key(read(key), None)
leaf = x509.load_pem_x509_certificate(read(leaf))
issuer = x509.load_pem_x509_certificate(read(issuer))
encryption = BestAvailableEncryption(password.encode())
open(out, "wb").write(pkcs12.serialize_key_and_certificates(b"name", key, leaf, [issuer], encryption))
`;

describe("a PFX of Python is read here", () => {
  if (PYTHONS.size === 0) {
    test("any", (t) => t.skip("no Python has the package cryptography"));
  }
  for (const [version, python] of PYTHONS) {
    test(`cryptography ${version}`, async () => {
      const { keyFile, leafFile, issuerFile } = identity;
      const work = scratchDirectory("python");
      const script = put(work, "write.py", PYTHON_WRITER);
      const out = join(work, "out.p12");
      await mustRun([python, script, keyFile, leafFile, issuerFile, out, PASSWORD]);
      await opens(out, PASSWORD);
    });
  }
});

const PYTHON_MAC = `
import hashlib, hmac, sys
content, salt = (bytes.fromhex(text) for text in sys.argv[1:3])
password, prf, count, length, digest = sys.argv[3:]
key = hashlib.pbkdf2_hmac(prf, password.encode(), salt, int(count), int(length))
print(hmac.new(key, content, digest).hexdigest())
`;

describe("a PFX with PBMAC1 (RFC 9579), whose MAC Python computes, is read here", () => {
  const python = findProgram("python3");
  const ways: [prf: "sha256" | "sha512", digest: "sha256" | "sha512", length: number][] = [
    ["sha256", "sha256", 32],
    ["sha512", "sha256", 32],
    ["sha512", "sha512", 64],
  ];
  const oids = { sha256: OID.hmacWithSha256, sha512: OID.hmacWithSha512 };
  for (const [prf, digest, length] of ways) {
    test(`${prf} and ${digest}`, async (t) => {
      if (python === undefined) return t.skip("python3 is not installed");
      const { key, chain } = identity;
      const content = sequence(
        await encryptedPart(bags(...chain.map((der) => certBag(der)))),
        dataPart(bags(await keyBag(key))),
      );
      const salt = crypto.getRandomValues(new Uint8Array(8));
      const script = put(scratchDirectory("pbmac1"), "mac.py", PYTHON_MAC);
      const mac = await mustRun([
        ...[python, script, toHex(content), toHex(salt)],
        ...[PASSWORD, prf, "2048", String(length), digest],
      ]);
      const hmac = (name: "sha256" | "sha512") => sequence(oid(oids[name]), nullValue());
      const kdf = sequence(octetString(salt), integer(2048), integer(length), hmac(prf));
      const parameters = sequence(sequence(oid(OID.pbkdf2), kdf), hmac(digest));
      const digestInfo = sequence(sequence(oid(OID.pbmac1), parameters), octetString(hex(mac)));
      const macData = sequence(digestInfo, octetString(new TextEncoder().encode("NOT USED")));
      const file = put(
        directory,
        `pbmac1-${prf}-${digest}.p12`,
        await sealPfx(content, { mac: macData }),
      );
      await opens(file, PASSWORD);
      for (const [version, other] of PYTHONS) {
        if (Number.parseInt(version) < 46) continue; // its OpenSSL is older than 3.4, which knows PBMAC1
        const reader = put(scratchDirectory("pbmac1"), "open.py", PYTHON_OPENS);
        await mustRun([other, reader, file, PASSWORD]);
        assert.notEqual((await run([other, reader, file, WRONG])).code, 0);
      }
    });
  }
});

const PYTHON_OPENS = `
import sys
from cryptography.hazmat.primitives.serialization import pkcs12
assert pkcs12.load_pkcs12(open(sys.argv[1], "rb").read(), sys.argv[2].encode()).key is not None
`;
