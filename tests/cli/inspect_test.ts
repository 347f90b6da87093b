/** `inspect`, by the built program; the fields are judged by openssl and certtool. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { decodePem, encodePem } from "../../src/der/pem.ts";
import { encryptedKeyFiles, makeMaterial, type Material } from "../support/inspect_material.ts";
import { LOCALTLS } from "../support/localtls.ts";
import { findProgram } from "../support/processes.ts";
import { makeScratch, type Scratch } from "../support/scratch.ts";

const SLOW = { timeout: 120_000 };
const ROOTS = "/etc/ssl/certs/ca-certificates.crt";

function openssl(args: readonly string[], input?: string | Uint8Array): string {
  return execFileSync("openssl", args, {
    input,
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
  });
}

// deno-lint-ignore no-explicit-any
async function document(scratch: Scratch, ...args: string[]): Promise<any> {
  return (await scratch.run(["inspect", ...args, "--json"])).json();
}

/** What openssl says of a certificate, in the words of our document. */
function judged(pem: string) {
  const nameopt = "utf8,dn_rev,esc_2253,esc_ctrl,sname,sep_comma_plus_space";
  const out = openssl(
    ["x509", "-noout", "-text", "-serial", "-fingerprint", "-sha256", "-subject", "-issuer"]
      .concat("-dates", "-nameopt", nameopt),
    pem,
  );
  const field = (pattern: RegExp) => pattern.exec(out)?.[1];
  const time = (text = "") => new Date(text).toISOString();
  const algorithm = field(/Signature Algorithm: (\S+)/)!;
  const usage = field(/X509v3 Key Usage:.*\n\s+(.*)/)?.split(", ").sort();
  return {
    sha256: field(/sha256 Fingerprint=(.*)/i)!.replaceAll(":", "").toLowerCase(),
    // openssl writes the number, our document the octets, of which the first is the sign's.
    serial: BigInt(`0x${field(/^serial=([0-9A-F]+)/m)}`),
    subject: field(/^subject=(.*)$/m)!.trim(),
    issuer: field(/^issuer=(.*)$/m)!.trim(),
    notBefore: time(field(/^notBefore=(.*)$/m)),
    notAfter: time(field(/^notAfter=(.*)$/m)),
    bits: Number(field(/Public-Key: \((\d+) bit\)/)),
    ca: /CA:TRUE/.test(out),
    pathLength: Number(field(/pathlen:(\d+)/) ?? -1),
    algorithm: algorithm.replace(/WithRSAEncryption$/, "WithRsa")
      .replace(/^ecdsa-with-SHA(\d+)$/, "ecdsaWithSha$1"),
    usage: usage?.map((word) => USAGE_WORDS[word] ?? word).sort(),
    subjectKeyId: field(/Subject Key Identifier: *\n\s+([0-9A-F:]+)/)?.replaceAll(":", "")
      .toLowerCase(),
  };
}

const USAGE_WORDS: Readonly<Record<string, string>> = {
  "Certificate Sign": "keyCertSign",
  "CRL Sign": "cRLSign",
  "Digital Signature": "digitalSignature",
  "Non Repudiation": "nonRepudiation",
  "Key Encipherment": "keyEncipherment",
};

// deno-lint-ignore no-explicit-any
function ours(certificate: any): ReturnType<typeof judged> {
  const { keyType } = certificate;
  return {
    sha256: certificate.sha256,
    serial: BigInt(`0x${certificate.serial}`),
    subject: certificate.subject,
    issuer: certificate.issuer,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    bits: Number(/(\d+)$/.exec(keyType)![1]),
    ca: certificate.ca,
    pathLength: certificate.pathLength ?? -1,
    algorithm: certificate.signatureAlgorithm,
    usage: certificate.keyUsage?.toSorted(),
    subjectKeyId: certificate.subjectKeyId,
  };
}

describe("inspect and openssl agree", () => {
  test("on every public root of this machine", { timeout: 300_000 }, async () => {
    const scratch = makeScratch();
    const { certificates, chain, ok } = await document(scratch, ROOTS);
    const blocks = decodePem(readFileSync(ROOTS, "utf8"));
    assert.ok(blocks.length > 100, `${blocks.length} roots`);
    assert.equal(certificates.length, blocks.length);
    assert.equal(chain, undefined);
    assert.equal(ok, true);
    for (const [i, { der }] of blocks.entries()) {
      assert.deepEqual(ours(certificates[i]), judged(encodePem("CERTIFICATE", der)));
      assert.equal(certificates[i].selfSigned, true, certificates[i].subject);
    }
  });

  test("on SHA-1, on names and purposes of a certificate of ours", SLOW, async () => {
    const scratch = makeScratch();
    await scratch.run(["cert", "foo.test", "10.0.0.5", "fd00::1"]);
    const file = join(scratch.work, "foo.test+2.pem");
    const { certificates: [leaf, issuer], chain } = await document(scratch, file);
    assert.equal(chain, "in-order");
    const sha1 = openssl(["x509", "-noout", "-fingerprint", "-sha1", "-in", file]);
    assert.equal(leaf.sha1, sha1.split("=")[1]!.trim().replaceAll(":", "").toLowerCase());
    const text = openssl(["x509", "-noout", "-text", "-in", file]);
    const names = /Subject Alternative Name:.*\n\s+(.*)/.exec(text)![1]!;
    assert.equal(names, "DNS:foo.test, IP Address:10.0.0.5, IP Address:FD00:0:0:0:0:0:0:1");
    assert.deepEqual(leaf.names, ["foo.test", "10.0.0.5", "fd00::1"]);
    assert.deepEqual(leaf.namesByType.ip, ["10.0.0.5", "fd00::1"]);
    assert.deepEqual(leaf.extKeyUsage, ["serverAuth"]);
    assert.equal(leaf.own, "issued");
    assert.equal(leaf.key, file.replace(".pem", "-key.pem"));
    assert.equal(issuer.own, "issuer");
    assert.equal(issuer.issuedBy, "own-root");
    assert.deepEqual(ours(leaf), judged(readFileSync(file, "utf8")));
    const spki = openssl(["x509", "-noout", "-pubkey", "-in", file]);
    const pin = openssl(
      ["pkey", "-pubin", "-outform", "DER", "-out", join(scratch.work, "spki")],
      spki,
    );
    assert.equal(pin, "");
    const digest = openssl(["dgst", "-sha256", "-r", join(scratch.work, "spki")]);
    assert.equal(leaf.spkiSha256, digest.split(" ")[0]);
  });

  test("on the long tail of extensions", SLOW, async () => {
    const material = makeMaterial();
    const { certificates: [certificate] } = await document(material.scratch, material.tail);
    const lines = (name: string) =>
      certificate.extensions.find((one: { name: string }) => one.name === name)?.lines.join("|");
    assert.match(lines("cRLDistributionPoints"), /http:\/\/a\.test\/c\.crl.*ldap:\/\/b\/x/);
    assert.match(lines("authorityInfoAccess"), /OCSP: http:\/\/o\.test.*http:\/\/i\.test/);
    assert.match(lines("certificatePolicies"), /1\.2\.3\.4.*2\.23\.140\.1\.2\.1/);
    assert.match(lines("tlsFeature"), /must-staple/);
    assert.equal(lines("netscapeComment"), '"hello"');
    assert.equal(lines("netscapeCertType"), "SSL server");
    assert.match(lines("issuerAltName"), /x\.test/);
    assert.match(lines("1.2.3.4.5"), /"made up", 42/);
  });
});

describe("inspect reads", () => {
  const material = makeMaterial();
  const forms: readonly (readonly [what: string, file: keyof Material, format: string])[] = [
    ["DER", "der", "DER"],
    ["PEM with a byte order mark, CRLF and text around it", "messy", "PEM"],
    ["openssl's TRUSTED CERTIFICATE", "trusted", "PEM"],
    ["PKCS#7 in DER", "p7b", "PKCS#7"],
    ["PKCS#7 in PEM", "p7pem", "PEM"],
    ["PKCS#12 with an empty password", "p12empty", "PKCS#12"],
    ["PKCS#12 with changeit", "p12changeit", "PKCS#12"],
    ["base64 without its lines", "base64", "base64"],
  ];
  for (const [what, file, format] of forms) {
    test(what, SLOW, async () => {
      const { certificates, format: found, ok } = await document(
        material.scratch,
        material[file] as string,
      );
      assert.equal(ok, true);
      assert.equal(found, format);
      assert.equal(certificates[0].sha256, judged(readFileSync(material.cert, "utf8")).sha256);
    });
  }

  test("stdin", SLOW, async () => {
    const { scratch, cert } = material;
    const result = await scratch.run(["inspect", "-", "--json"], { input: readFileSync(cert) });
    assert.equal(result.json().source, "stdin");
    assert.equal(result.json().certificates.length, 1);
  });

  test("PKCS#12 with the password of a file, and not without", SLOW, async () => {
    const { scratch, p12secret, password } = material;
    const closed = await scratch.run(["inspect", p12secret, "--json"]);
    assert.equal(closed.code, 1);
    assert.equal(closed.json().error.code, "CONFIRMATION_NEEDED");
    const open = await document(scratch, p12secret, "--password-file", password);
    assert.equal(open.certificates[0].key, p12secret);
    writeFileSync(join(scratch.work, "wrong"), "nonsense\n");
    const wrong = await scratch.run(["inspect", p12secret, "--json", "--password-file", "wrong"]);
    assert.deepEqual([wrong.code, wrong.json().error.code], [1, "PASSWORD_WRONG"]);
  });

  test("a key store of keytool's, with its key", SLOW, async () => {
    const { scratch } = material;
    const store = join(scratch.work, "java.p12");
    const keytool = (...args: string[]) =>
      execFileSync("keytool", [...args, "-keystore", store, "-storepass", "changeit"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
    keytool(
      ...[
        "-genkeypair",
        "-alias",
        "a",
        "-keyalg",
        "RSA",
        "-keysize",
        "3072",
        "-storetype",
        "PKCS12",
      ],
      ...["-dname", "CN=java.test, O=Duke", "-ext", "san=dns:java.test,ip:10.0.0.9"],
    );
    const listed = keytool("-list", "-v");
    const found = await document(scratch, store);
    assert.equal(found.password, "changeit");
    const [certificate] = found.certificates;
    const sha256 = /SHA256: ([0-9A-F:]+)/.exec(listed)![1]!.replaceAll(":", "").toLowerCase();
    assert.equal(certificate.sha256, sha256);
    assert.equal(
      certificate.sha1.toUpperCase(),
      /SHA1: (\S+)/.exec(listed)![1]!.replaceAll(":", ""),
    );
    assert.equal(
      BigInt(`0x${certificate.serial}`),
      BigInt(`0x${/Serial number: (\S+)/.exec(listed)![1]}`),
    );
    assert.deepEqual(
      [certificate.keyType, certificate.subject, certificate.names, certificate.key],
      [
        "RSA 3072",
        "CN=java.test, O=Duke",
        ["java.test", "10.0.0.9"],
        store,
      ],
    );
  });

  test("a request, whose signature is its own; and a changed one is refused", SLOW, async () => {
    const { scratch, request } = material;
    const { requests: [found], ok } = await document(scratch, request);
    assert.deepEqual([ok, found.signature, found.names], [true, "good", ["asked.test"]]);
    const changed = Buffer.from(decodePem(readFileSync(request, "utf8"))[0]!.der);
    changed[changed.indexOf("asked.test")] = "b".charCodeAt(0);
    const file = join(scratch.work, "changed.csr");
    writeFileSync(file, encodePem("CERTIFICATE REQUEST", changed));
    const result = await scratch.run(["inspect", file, "--json"]);
    assert.equal(result.code, 1);
    assert.deepEqual(result.json().problems.map((one: { code: string }) => one.code), [
      "SIGNATURE_BAD",
    ]);
  });

  test("a certificate whose octets were changed is a problem", SLOW, async () => {
    const { scratch, cert } = material;
    const der = Buffer.from(decodePem(readFileSync(cert, "utf8"))[0]!.der);
    der[der.lastIndexOf("self.test")] = "x".charCodeAt(0);
    const file = join(scratch.work, "changed.pem");
    writeFileSync(file, encodePem("CERTIFICATE", der));
    const result = await scratch.run(["inspect", file, "--json"]);
    assert.equal(result.code, 1);
    assert.equal(result.json().certificates[0].signature, "bad");
    assert.equal(result.json().problems[0].code, "SIGNATURE_BAD");
  });

  test("a chain out of order is a problem, and in order none", SLOW, async () => {
    const scratch = makeScratch();
    await scratch.run(["cert", "foo.test"]);
    const blocks = decodePem(readFileSync(join(scratch.work, "foo.test.pem"), "utf8"));
    const file = join(scratch.work, "reversed.pem");
    writeFileSync(file, blocks.reverse().map(({ der }) => encodePem("CERTIFICATE", der)).join(""));
    const result = await scratch.run(["inspect", file, "--json"]);
    assert.equal(result.code, 1);
    assert.equal(result.json().chain, "out-of-order");
    assert.equal((await scratch.run(["inspect", "foo.test.pem"])).code, 0);
  });
});

describe("keys under inspect", () => {
  const material = makeMaterial();
  const kinds = Object.entries(material.keys);
  for (const [kind, file] of kinds) {
    test(`${kind}: kind, and no octet of the secret in any output`, SLOW, async () => {
      const text = await material.scratch.run(["inspect", file]);
      const json = await material.scratch.run(["inspect", file, "--json"]);
      assert.equal(json.code, 0, json.stdout);
      assert.equal(json.json().keys[0].keyType, kind.split(",")[0]);
      for (const secret of material.secrets[file]!) {
        for (const out of [text.stdout, text.stderr, json.stdout, json.stderr]) {
          assert.equal(out.toLowerCase().includes(secret), false, `${kind}: ${secret}`);
        }
      }
    });
  }

  test("a key finds its certificate beside it, and a stranger is named", SLOW, async () => {
    const { scratch, cert, keys } = material;
    const beside = await document(scratch, cert);
    assert.equal(beside.certificates[0].key, cert.replace(".crt", ".key"));
    assert.deepEqual(beside.warnings, []);
    const key = await document(scratch, cert.replace(".crt", ".key"));
    assert.equal(key.certificateFile, cert);
    const directory = join(scratch.work, "stranger");
    mkdirSync(directory);
    writeFileSync(join(directory, "a.crt"), readFileSync(cert));
    writeFileSync(join(directory, "a.key"), readFileSync(keys["RSA 2048, PKCS#8"]!));
    const stranger = await document(scratch, join(directory, "a.crt"));
    assert.equal(stranger.certificates[0].key, undefined);
    assert.deepEqual(stranger.warnings.map((one: { code: string }) => one.code), ["KEY_MISMATCH"]);
  });

  test("a key in the same file that belongs to nothing is a problem", SLOW, async () => {
    const { scratch, cert, keys } = material;
    const good = join(scratch.work, "both.pem");
    writeFileSync(good, readFileSync(cert));
    appendFileSync(good, readFileSync(cert.replace(".crt", ".key")));
    assert.equal((await document(scratch, good)).certificates[0].key, good);
    const bad = join(scratch.work, "mixed.pem");
    writeFileSync(bad, readFileSync(cert));
    appendFileSync(bad, readFileSync(keys["P-384, SEC 1"]!));
    const result = await scratch.run(["inspect", bad, "--json"]);
    assert.equal(result.code, 1);
    assert.equal(result.json().problems[0].code, "KEY_MISMATCH");
  });

  for (const [what, file] of encryptedKeyFiles(material)) {
    test(`an encrypted key, ${what}: recognised, and opened with its password`, SLOW, async () => {
      const { scratch, password } = material;
      const closed = await document(scratch, file);
      assert.equal(closed.keys[0].keyType, "unknown");
      assert.match(closed.keys[0].encryption, /PBES2|TripleDes/i);
      const open = await document(scratch, file, "--password-file", password);
      assert.equal(open.keys[0].keyType, "P-256");
    });
  }
});

describe("inspect refuses with one sentence", () => {
  const material = makeMaterial();
  const { scratch } = material;
  const put = (name: string, content: string | Uint8Array) => {
    const path = join(scratch.work, name);
    writeFileSync(path, content);
    return path;
  };
  const pem = readFileSync(material.cert, "utf8");
  const big = put("big.pem", pem);
  truncateSync(big, 200 * 1024 * 1024);
  const fifo = join(scratch.work, "fifo");
  execFileSync("mkfifo", [fifo]);
  const ssh = join(scratch.work, "id_ed25519");
  const hasSsh = findProgram("ssh-keygen") !== undefined;
  if (hasSsh) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", ssh]);
  const jks = join(scratch.work, "store.jks");
  execFileSync("keytool", [
    ...["-genkeypair", "-alias", "a", "-keyalg", "RSA", "-storetype", "JKS", "-keystore", jks],
    ...["-storepass", "changeit", "-keypass", "changeit", "-dname", "CN=a"],
  ], { stdio: "ignore" });
  const cases: readonly (readonly [what: string, file: string, says: RegExp])[] = [
    ["200 MB", big, /larger than/],
    ["a program", LOCALTLS, /larger than|a program/],
    ["a small program", put("elf", readFileSync("/usr/bin/true")), /it is a program \(ELF\)/],
    ["a directory", scratch.work, /it is a directory/],
    ["an empty file", put("empty", ""), /it is empty/],
    ["a FIFO", fifo, /device, socket or pipe/],
    ["a missing file", join(scratch.work, "nothing"), /it does not exist/],
    ["a truncated PEM", put("cut.pem", pem.slice(0, 300)), /has no end/],
    ["a truncated DER", put("cut.der", readFileSync(material.der).subarray(0, 200)), /announced/],
    [
      "an SSH public key",
      hasSsh ? `${ssh}.pub` : put("k.pub", "ssh-rsa AAAA x\n"),
      /an SSH public key/,
    ],
    ...(hasSsh ? [["an OpenSSH private key", ssh, /an OpenSSH private key/]] as const : []),
    [
      "a PGP key",
      put("k.asc", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAA==\n"),
      /a PGP public key/,
    ],
    ["a JKS key store", jks, /a Java key store \(JKS\)/],
    ["an HTML page", put("page.pem", "<!DOCTYPE html><title>x</title>"), /an HTML page/],
    ["plain text", put("notes.txt", "no certificate here\n"), /text without a PEM block/],
    ["an SQLite database", put("cert9.db", "SQLite format 3\0xxxx"), /an SQLite database/],
    ["UTF-16", put("u16", Buffer.from(`\ufeff${pem}`, "utf16le")), /UTF-16/],
    ["noise", put("noise", Buffer.from([1, 2, 3, 0, 255, 9])), /binary data/],
  ];
  for (const [what, file, says] of cases) {
    test(what, SLOW, async () => {
      const result = await scratch.run(["inspect", file]);
      assert.equal(result.code, 1, result.stdout + result.stderr);
      assert.equal(result.stdout, "");
      const [first = "", ...rest] = result.stderr.trim().split("\n");
      assert.match(first, /^localtls: error: Cannot /);
      assert.match(first, says);
      assert.ok(rest.every((line) => line.startsWith("localtls: hint: ")), result.stderr);
      const json = await scratch.run(["inspect", file, "--json"]);
      assert.notEqual(json.json().error.code, "INTERNAL");
    });
  }

  test("a file that may not be read, for somebody who is not root", SLOW, async () => {
    const file = put("secret.pem", pem);
    chmodSync(file, 0o000);
    const prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const result = await scratch.run(["inspect", file, "--json"], { prefix });
    assert.deepEqual([result.code, result.json().error.code], [1, "FILE_READ"]);
    assert.equal(statSync(file).mode & 0o777, 0);
  });

  test("no argument, and two, with exit code 2", SLOW, async () => {
    assert.equal((await scratch.run(["inspect"])).code, 2);
    assert.equal((await scratch.run(["inspect", "a", "b"])).code, 2);
    assert.equal((await scratch.run(["inspect", "https://"])).code, 2);
  });
});

describe("what a stranger wrote into a certificate", () => {
  const material = makeMaterial();

  test("cannot drive the terminal, forge a line, or turn the text round", SLOW, async () => {
    const result = await material.scratch.run(["inspect", material.hostile]);
    assert.equal(result.code, 0, result.stderr);
    // deno-lint-ignore no-control-regex -- control characters are what is looked for
    assert.doesNotMatch(result.stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    assert.doesNotMatch(result.stdout, /^\s*SHA-256 +forged/m);
    assert.match(result.stdout, /\\1b\[31m/);
    const json = await material.scratch.run(["inspect", material.hostile, "--json"]);
    // deno-lint-ignore no-control-regex -- as above
    assert.doesNotMatch(json.stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  test("5,000 names are summed up on the screen, and all in the document", SLOW, async () => {
    const result = await material.scratch.run(["inspect", material.many]);
    assert.match(result.stdout, /and 4971 more/);
    assert.ok(result.stdout.split("\n").length < 50);
    const { certificates } = await document(material.scratch, material.many);
    assert.equal(certificates[0].names.length, 5000);
    assert.equal(certificates[0].names[4999], "n4999.many.test");
  });

  test("lines keep within 80 columns, but for what is copied", SLOW, async () => {
    for (const file of [material.cert, material.tail, material.many, material.wide, ROOTS]) {
      const { stdout } = await material.scratch.run(["inspect", file]);
      for (const line of stdout.split("\n").slice(1)) {
        const columns = execFileSync("python3", ["-c", COLUMNS, line], { encoding: "utf8" });
        assert.ok(Number(columns) <= 80, `${columns}: ${line}`);
      }
    }
  });
});

/** East Asian width by Python's own table. */
const COLUMNS =
  "import sys,unicodedata as u; print(sum(0 if u.combining(c) else 2 if u.east_asian_width(c) in 'WF' else 1 for c in sys.argv[1]))";

describe("the cost of inspect", () => {
  test("the library for rare extensions is loaded for those alone", SLOW, async () => {
    const scratch = makeScratch();
    await scratch.run(["cert", "foo.test"]);
    const source = new URL("../../src/", import.meta.url);
    const script = join(scratch.work, "look.ts");
    // What the library cannot be without, and nothing else brings.
    writeFileSync(
      script,
      `import { runCommandLine } from "${new URL("cli/app.ts", source)}";
import { createNodeHost } from "${new URL("host/node_host.ts", source)}";
const code = await runCommandLine(createNodeHost(), ["inspect", process.argv[2], "--json"]);
console.error(code, "defineMetadata" in Reflect);
`,
    );
    const look = (file: string) => {
      const options = {
        env: { HOME: scratch.home, PATH: "/usr/bin:/bin" },
        encoding: "utf8",
      } as const;
      return spawnSync(process.execPath, [script, file], options).stderr.trim();
    };
    assert.equal(look(join(scratch.work, "foo.test.pem")), "0 false");
    assert.equal(look(makeMaterial().tail), "0 true");
  });
});
