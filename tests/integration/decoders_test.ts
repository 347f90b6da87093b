/**
 * What the engine writes, judged by decoders that were not written here: OpenSSL, GnuTLS, Java, and the
 * runtime's own; and what the engine reads of everybody's certificates, compared with the same.
 *
 * Nothing is changed on the machine: tools get files in a scratch directory.
 *
 * @module
 */

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { toHex } from "../../src/bytes.ts";
import { decodePem, encodePem } from "../../src/der/pem.ts";
import { openAuthority } from "../../src/pki/authority.ts";
import { createHierarchy } from "../../src/pki/hierarchy.ts";
import { type IssuedWithKey, issueServerCertificate, issueUnchecked } from "../../src/pki/issue.ts";
import { permittedDomains } from "../../src/pki/permitting.ts";
import { parseRequestedName } from "../../src/pki/requested_name.ts";
import { type Certificate, parseCertificate, readSubjectText } from "../../src/x509/certificate.ts";
import {
  readBasicConstraints,
  readExtKeyUsage,
  readKeyIdentifiers,
  readKeyUsage,
  readNameConstraints,
  readSubjectAltNameTexts,
} from "../../src/x509/extensions.ts";
import { colonHex, sha256Hex } from "../../src/x509/fingerprint.ts";
import { algorithmOf, type KeyType } from "../../src/x509/key_algorithms.ts";
import { importPkcs8 } from "../../src/x509/keys.ts";
import { describePublicKey } from "../../src/x509/public_key.ts";
import { isSelfSigned } from "../../src/x509/signature.ts";
import { findProgram, mustRun, run } from "../support/processes.ts";
import { withScratchDirectory } from "../support/scratch_directory.ts";

const now = new Date();
const permitted = await permittedDomains({ hostName: "laptop" });
const authority = await openAuthority(
  await createHierarchy({ description: "ann@laptop", permitted, now }),
);
const NAMES = ["localhost", "*.foo.test", "bücher.test", "127.0.0.1", "172.16.99.32", "fe80::1"];

async function issue(
  texts: readonly string[],
  keyType: KeyType = "p256",
): Promise<IssuedWithKey> {
  const names = texts.map((text) => parseRequestedName(text).name);
  return await issueServerCertificate(authority, { names, now, keyType });
}

const leaf = await issue(NAMES);
const names = [parseRequestedName("google.com").name];
const stolen = await issueUnchecked(authority, { names, now });
const rootPem = encodePem("CERTIFICATE", authority.root.der);

interface Files {
  readonly directory: string;
  readonly root: string;
  readonly issuer: string;
  readonly chain: string;
  readonly key: string;
}

/** Writes the CA and one chain, for a tool to read. */
function withFiles(
  issued: IssuedWithKey,
  body: (files: Files) => Promise<void>,
): Promise<void> {
  return withScratchDirectory(async (directory) => {
    const file = (name: string, content: string) => {
      writeFileSync(join(directory, name), content, { mode: 0o600 });
      return join(directory, name);
    };
    await body({
      directory,
      root: file("root.pem", rootPem),
      issuer: file("issuer.pem", authority.issuerPem),
      chain: file("chain.pem", issued.fullchainPem),
      key: file("key.pem", issued.keyPem),
    });
  });
}

/** Why a test has to be left out; undefined where the tool is there. */
function missing(tool: string): string | undefined {
  return findProgram(tool) === undefined ? `${tool} is not installed` : undefined;
}

describe("openssl", () => {
  const verify = (files: Files, ...options: string[]) =>
    run([
      ...["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", files.root],
      ...["-untrusted", files.issuer, ...options, files.chain],
    ]);
  const good = [
    ["-verify_hostname", "localhost"],
    ["-verify_hostname", "a.foo.test"],
    ["-verify_hostname", "xn--bcher-kva.test"],
    ["-verify_ip", "127.0.0.1"],
    ["-verify_ip", "172.16.99.32"],
    ["-verify_ip", "fe80::1"],
  ];
  for (const options of good) {
    test(`verifies the chain, strictly, with ${options.join(" ")}`, (t) => {
      const why = missing("openssl");
      if (why !== undefined) return t.skip(why);
      return withFiles(leaf, async (files) => {
        const { code, stderr } = await verify(files, ...options);
        assert.equal(code, 0, stderr);
      });
    });
  }
  for (const options of [["-verify_hostname", "google.com"], ["-verify_ip", "127.0.0.2"]]) {
    test(`refuses the chain with ${options.join(" ")}`, (t) => {
      const why = missing("openssl");
      if (why !== undefined) return t.skip(why);
      return withFiles(leaf, async (files) => {
        const { code, stderr } = await verify(files, ...options);
        assert.equal(code, 2);
        assert.match(stderr, /mismatch/);
      });
    });
  }
  test("refuses google.com from a thief, for the constraints", (t) => {
    const why = missing("openssl");
    if (why !== undefined) return t.skip(why);
    return withFiles(stolen, async (files) => {
      const { code, stderr } = await verify(files, "-verify_hostname", "google.com");
      assert.equal(code, 2);
      assert.match(stderr, /permitted subtree violation/);
    });
  });
  for (const keyType of ["p384", "rsa2048"] as const) {
    test(`verifies a leaf with a ${keyType} key, and the key`, async (t) => {
      const why = missing("openssl");
      if (why !== undefined) return t.skip(why);
      await withFiles(await issue(["localhost"], keyType), async (files) => {
        assert.equal((await verify(files, "-verify_hostname", "localhost")).code, 0);
        assert.match(
          await mustRun(["openssl", "pkey", "-in", files.key, "-check", "-noout"]),
          /valid/,
        );
      });
    });
  }
  test("checks the key and finds it the certificate's", (t) => {
    const why = missing("openssl");
    if (why !== undefined) return t.skip(why);
    return withFiles(leaf, async (files) => {
      const ofKey = await mustRun(["openssl", "pkey", "-in", files.key, "-check", "-pubout"]);
      const ofCertificate = await mustRun([
        "openssl",
        "x509",
        "-in",
        files.chain,
        "-noout",
        "-pubkey",
      ]);
      assert.ok(ofKey.includes(ofCertificate.trim()));
    });
  });
  test("shows every field of the leaf as the engine means it", (t) => {
    const why = missing("openssl");
    if (why !== undefined) return t.skip(why);
    return withFiles(leaf, async (files) => {
      const show = (...what: string[]) =>
        mustRun(["openssl", "x509", "-in", files.chain, "-noout", ...what]);
      assert.equal(await show("-serial"), `serial=${leaf.serial.toUpperCase()}\n`);
      assert.equal(
        await show("-fingerprint", "-sha256"),
        `sha256 Fingerprint=${colonHex(await leaf.sha256())}\n`,
      );
      const dates = await show("-dates", "-dateopt", "iso_8601");
      const iso = (date: Date) => date.toISOString().replace("T", " ").replace(".000", "");
      assert.equal(dates, `notBefore=${iso(leaf.notBefore)}\nnotAfter=${iso(leaf.notAfter)}\n`);
      const text = (await show("-text")).replace(/\s+/g, " ");
      for (
        const expected of [
          "Version: 3 (0x2)",
          "Signature Algorithm: ecdsa-with-SHA256",
          "Subject: Subject Public Key Info",
          "Basic Constraints: critical CA:FALSE",
          "Key Usage: critical Digital Signature X509v3 Extended",
          "Extended Key Usage: TLS Web Server Authentication X509v3",
          "Subject Alternative Name: critical DNS:localhost, DNS:*.foo.test, " +
          "DNS:xn--bcher-kva.test, IP Address:127.0.0.1, IP Address:172.16.99.32, IP Address:FE80:0:0:0:0:0:0:1",
          `Authority Key Identifier: ${colonHex(toHex(authority.issuerKeyId))} `,
        ]
      ) assert.ok(text.includes(expected), `${expected}\n${text}`);
    });
  });
  test("shows root and issuer with their constraints, critical", (t) => {
    const why = missing("openssl");
    if (why !== undefined) return t.skip(why);
    return withFiles(leaf, async (files) => {
      for (const [file, length] of [[files.root, 1], [files.issuer, 0]] as const) {
        const text = await mustRun(["openssl", "x509", "-in", file, "-noout", "-text"]);
        const flat = text.replace(/\s+/g, " ");
        assert.ok(flat.includes(`Basic Constraints: critical CA:TRUE, pathlen:${length}`), flat);
        assert.ok(flat.includes("Key Usage: critical Certificate Sign, CRL Sign"), flat);
        const domains = permitted.any ? [] : permitted.domains;
        const list = domains.map((domain) => `DNS:${domain}`).join(" ");
        assert.ok(flat.includes(`Name Constraints: critical Permitted: ${list} Signature`), flat);
        assert.equal(flat.includes("TLS Web Server Authentication, TLS Web Client"), length === 0);
      }
    });
  });
});

describe("GnuTLS", () => {
  test("verifies the whole chain", (t) => {
    const why = missing("certtool");
    if (why !== undefined) return t.skip(why);
    return withFiles(leaf, async (files) => {
      const whole = join(files.directory, "whole.pem");
      writeFileSync(whole, leaf.fullchainPem + rootPem);
      const { code, stdout } = await run(["certtool", "--verify-chain", "--infile", whole]);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /Chain verification output: Verified\. The certificate is trusted/);
    });
  });
  const certtool = (files: Files, host: string) =>
    run([
      ...["certtool", "--verify", "--load-ca-certificate", files.root, "--infile", files.chain],
      ...["--verify-hostname", host, "--verify-purpose", "1.3.6.1.5.5.7.3.1"],
    ]);
  test("accepts localhost, and refuses what a thief issued for google.com", async (t) => {
    const why = missing("certtool");
    if (why !== undefined) return t.skip(why);
    await withFiles(leaf, async (files) => {
      assert.match((await certtool(files, "localhost")).stdout, /output: Verified\. The/);
      assert.doesNotMatch((await certtool(files, "other.test")).stdout, /output: Verified\. The/);
    });
    await withFiles(stolen, async (files) => {
      const { stdout } = await certtool(files, "google.com");
      assert.match(stdout, /Not verified.*violates the signer's constraints/);
    });
  });
  test("shows the leaf as the engine means it", (t) => {
    const why = missing("certtool");
    if (why !== undefined) return t.skip(why);
    return withFiles(leaf, async (files) => {
      const text = (await mustRun(["certtool", "-i", "--infile", files.chain])).replace(
        /\s+/g,
        " ",
      );
      for (
        const expected of [
          `Serial Number (hex): ${leaf.serial}`,
          `sha256:${await leaf.sha256()}`,
          "Basic Constraints (critical): Certificate Authority (CA): FALSE",
          "Key Usage (critical): Digital signature. Key Purpose (not critical): TLS WWW Server.",
          "Subject Alternative Name (critical): DNSname: localhost DNSname: *.foo.test",
          "IPAddress: 127.0.0.1 IPAddress: 172.16.99.32 IPAddress: fe80::1",
        ]
      ) assert.ok(text.includes(expected), `${expected}\n${text}`);
    });
  });
});

test("Java shows the leaf as the engine means it", (t) => {
  const why = missing("keytool");
  if (why !== undefined) return t.skip(why);
  return withFiles(leaf, async (files) => {
    const env = { LC_ALL: "C", JAVA_TOOL_OPTIONS: undefined };
    const text = await mustRun(["keytool", "-printcert", "-file", files.chain], { env });
    const flat = text.replace(/\s+/g, " ");
    for (
      const expected of [
        `Serial number: ${leaf.serial}`,
        `SHA256: ${colonHex(await leaf.sha256())}`,
        `SHA256: ${colonHex(authority.issuerSha256)}`,
        "BasicConstraints:[ CA:false PathLen: undefined ]",
        "ExtendedKeyUsages [ serverAuth ]",
        "KeyUsage [ DigitalSignature ]",
        "SubjectAlternativeName [ DNSName: localhost DNSName: *.foo.test DNSName: xn--bcher-kva.test " +
        "IPAddress: 127.0.0.1 IPAddress: 172.16.99.32 IPAddress: fe80:0:0:0:0:0:0:1 ]",
        "BasicConstraints:[ CA:true PathLen:0 ]",
      ]
    ) assert.ok(flat.includes(expected), `${expected}\n${text}`);
  });
});

/** Compares with the runtime's own reader. */
async function compare(certificate: Certificate): Promise<void> {
  const theirs = new X509Certificate(certificate.der);
  const text = readSubjectText(certificate.subject);
  const serial = toHex(certificate.serialNumber).replace(/^0+(?=.)/, "");
  assert.equal(serial, theirs.serialNumber.toLowerCase().replace(/^0+(?=.)/, ""), text);
  assert.equal(certificate.notBefore.getTime(), Date.parse(theirs.validFrom), text);
  assert.equal(certificate.notAfter.getTime(), Date.parse(theirs.validTo), text);
  assert.equal(colonHex(await sha256Hex(certificate.der)), theirs.fingerprint256, text);
  assert.equal(readBasicConstraints(certificate)?.ca ?? false, theirs.ca, text);
  const attributes = (theirs.subject ?? "").split("\n").filter((line) => line !== "");
  for (const line of attributes) {
    const [, label, value] = /^(CN|O|OU|C|L|ST)=([A-Za-z0-9 ]+)$/.exec(line) ?? [];
    if (label !== undefined) assert.ok(text.includes(`${label}=${value}`), `${line}: ${text}`);
  }
}

const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

test("every public root of this machine is read, as the runtime reads it, and is self-signed", async (t) => {
  if (!existsSync(BUNDLE)) return t.skip(`${BUNDLE} is not there`);
  const blocks = decodePem(readFileSync(BUNDLE, "utf8"));
  assert.ok(blocks.length > 50, `${blocks.length} certificates`);
  for (const { der } of blocks) {
    const certificate = parseCertificate(der);
    await compare(certificate);
    assert.equal(await isSelfSigned(certificate), true, readSubjectText(certificate.subject));
    assert.equal(readBasicConstraints(certificate)?.ca ?? true, true);
    assert.ok(readKeyUsage(certificate)?.has("keyCertSign") ?? true);
    readExtKeyUsage(certificate);
    readKeyIdentifiers(certificate);
    readNameConstraints(certificate);
    readSubjectAltNameTexts(certificate);
    assert.match(describePublicKey(certificate.spki).label, /^(?:RSA [0-9]+|P-[0-9]+)$/);
  }
});

describe("certificates that openssl made are read as the runtime reads them", () => {
  const curve = (name: string) => ["-algorithm", "EC", "-pkeyopt", `ec_paramgen_curve:${name}`];
  const kinds: [label: string, options: string[], checkable: boolean][] = [
    ["RSA 2048", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], true],
    ["RSA 1024", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], true],
    ["RSA-PSS 2048", ["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"], false],
    ["P-256", curve("P-256"), true],
    ["P-384", curve("P-384"), true],
    ["EC 1.3.132.0.10", curve("secp256k1"), false],
    ["EC, explicit parameters", [...curve("P-256"), "-pkeyopt", "ec_param_enc:explicit"], false],
    ["Ed25519", ["-algorithm", "ED25519"], true],
    ["Ed448", ["-algorithm", "ED448"], false],
  ];
  for (const [label, options, checkable] of kinds) {
    test(`${label}, versions 1 and 3`, (t) => {
      const why = missing("openssl");
      if (why !== undefined) return t.skip(why);
      return withScratchDirectory(async (directory) => {
        const [key, request, out] = ["key", "csr", "crt"].map((name) => join(directory, name)) as [
          string,
          string,
          string,
        ];
        await mustRun(["openssl", "genpkey", ...options, "-out", key]);
        await mustRun([
          "openssl",
          "req",
          "-new",
          "-key",
          key,
          "-subj",
          "/C=DE/O=a, b/CN=ann",
          "-out",
          request,
        ]);
        for (const version of [1, 3]) {
          const extensions = join(directory, "ext");
          writeFileSync(
            extensions,
            version === 1
              ? ""
              : "basicConstraints=CA:TRUE\nsubjectAltName=DNS:a,IP:::1,email:a@b\n",
          );
          await mustRun([
            ...["openssl", "x509", "-req", "-in", request, "-signkey", key, "-days", "20000"],
            ...["-set_serial", "0x00ff", "-extfile", extensions, "-text", "-out", out],
          ]);
          const [block] = decodePem(readFileSync(out, "utf8")); // with openssl's text in front
          const certificate = parseCertificate(block!.der);
          assert.equal(certificate.version, version);
          assert.equal(describePublicKey(certificate.spki).label, label);
          assert.equal(readSubjectText(certificate.subject), "CN=ann, O=a\\, b, C=DE");
          if (!label.startsWith("EC")) await compare(certificate); // a runtime may not know the curve
          if (checkable) assert.equal(await isSelfSigned(certificate), true);
          else await assert.rejects(isSelfSigned(certificate), { code: "CERTIFICATE_INVALID" });
          if (version === 3) {
            assert.deepEqual(readSubjectAltNameTexts(certificate), ["a", "::1", "a@b"]);
          }
        }
      });
    });
  }
});

describe("PKCS#8 keys that openssl made", () => {
  const kinds: [KeyType, string[]][] = [
    ["p256", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]],
    ["p384", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]],
    ["rsa2048", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]],
    ["rsa3072", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"]],
  ];
  for (const [type, options] of kinds) {
    test(`${type} is read`, async (t) => {
      const why = missing("openssl");
      if (why !== undefined) return t.skip(why);
      const [block] = decodePem(await mustRun(["openssl", "genpkey", ...options]));
      assert.equal(block?.label, "PRIVATE KEY");
      assert.equal(algorithmOf(await importPkcs8(block!.der)).type, type);
    });
  }
});
