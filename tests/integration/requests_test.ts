/**
 * Certification requests of OpenSSL, GnuTLS, Java and Python read and verified here, and ours verified by
 * them; what they make and browsers would refuse is refused. Run by scripts/sandbox.sh.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { decodePem, encodePem } from "../../src/der/pem.ts";
import {
  type CertificationRequest,
  parseRequest,
  verifyRequest,
} from "../../src/x509/certification_request.ts";
import { createRequest } from "../../src/x509/certification_request_builder.ts";
import { isCa } from "../../src/x509/extensions.ts";
import { generalNameText } from "../../src/x509/general_name.ts";
import type { KeyType } from "../../src/x509/key_algorithms.ts";
import { exportSpki, generateKey } from "../../src/x509/keys.ts";
import { javaHomes, put, pythons } from "../support/key_tools.ts";
import { findProgram, mustRun, run } from "../support/processes.ts";
import { requireSandbox, scratchDirectory } from "../support/sandbox.ts";
import { rejectsWith } from "../support/scratch_directory.ts";

requireSandbox();

const directory = scratchDirectory("requests");
const SAN = "DNS:a.test,DNS:*.foo.test,IP:172.16.99.32,IP:fe80::1";
const NAMES = ["a.test", "*.foo.test", "172.16.99.32", "fe80::1"];
const PYTHONS = await pythons();
const JAVAS = javaHomes();

function readRequest(path: string): CertificationRequest {
  const [block] = decodePem(readFileSync(path, "latin1"));
  assert.match(block!.label, /^(NEW )?CERTIFICATE REQUEST$/);
  return parseRequest(block!.der);
}

function namesOf(request: CertificationRequest): string[] {
  return request.requestedNames.map(generalNameText);
}

async function opensslRequest(...options: string[]): Promise<CertificationRequest> {
  const out = join(directory, "openssl.csr");
  await mustRun([
    ...["openssl", "req", "-new", "-nodes", "-keyout", join(directory, "openssl.key"), "-out", out],
    ...["-subj", "/CN=Some Body/O=Company", ...options],
  ]);
  return readRequest(out);
}

function ec(curve: string): string[] {
  return ["-newkey", "ec", "-pkeyopt", `ec_paramgen_curve:${curve}`];
}

describe("a request of OpenSSL is verified here", () => {
  const cases: [string, string[]][] = [
    ["P-256", [...ec("prime256v1"), "-sha256"]],
    ["P-256 and SHA-512", [...ec("prime256v1"), "-sha512"]],
    ["P-384", [...ec("secp384r1"), "-sha384"]],
    ["P-384 and SHA-256", [...ec("secp384r1"), "-sha256"]],
    ["RSA 2048", ["-newkey", "rsa:2048"]],
    ["RSA 2048 and SHA-384", ["-newkey", "rsa:2048", "-sha384"]],
    ["RSA 4096 and SHA-512", ["-newkey", "rsa:4096", "-sha512"]],
  ];
  for (const [name, options] of cases) {
    test(name, async () => {
      const request = await opensslRequest(...options, "-addext", `subjectAltName=${SAN}`);
      await verifyRequest(request);
      assert.deepEqual(namesOf(request), NAMES);
      assert.equal(request.commonName, "Some Body");
      assert.equal(request.subjectText, "O=Company, CN=Some Body");
    });
  }

  test("without names", async () => {
    const request = await opensslRequest(...ec("prime256v1"));
    await verifyRequest(request);
    assert.deepEqual(namesOf(request), []);
  });

  test("that asks for a CA certificate, which changes nothing", async () => {
    const request = await opensslRequest(
      ...ec("prime256v1"),
      ...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign"],
    );
    await verifyRequest(request);
    assert.equal(isCa(request), true);
    assert.deepEqual(namesOf(request), []);
  });
});

describe("a request of OpenSSL is refused here", () => {
  const cases: [string, string[], "KEY_INVALID" | "CSR_INVALID", RegExp][] = [
    ["RSA 1024", ["-newkey", "rsa:1024"], "KEY_INVALID", /RSA 1024/],
    [
      "RSA with the exponent 3",
      ["-newkey", "rsa:2048", "-pkeyopt", "rsa_keygen_pubexp:3"],
      "KEY_INVALID",
      /exponent is 3/,
    ],
    ["P-521", ec("secp521r1"), "KEY_INVALID", /P-521/],
    ["secp256k1", ec("secp256k1"), "KEY_INVALID", /1\.3\.132\.0\.10/],
    [
      "explicit parameters",
      [...ec("prime256v1"), "-pkeyopt", "ec_param_enc:explicit"],
      "KEY_INVALID",
      /explicit parameters/,
    ],
    ["Ed25519", ["-newkey", "ed25519"], "KEY_INVALID", /Ed25519/],
    ["an RSA-PSS key", ["-newkey", "rsa-pss"], "KEY_INVALID", /RSA-PSS/],
    ["SHA-1", ["-newkey", "rsa:2048", "-sha1"], "CSR_INVALID", /SHA-1 has been broken/],
    ["SHA-1 and ECDSA", [...ec("prime256v1"), "-sha1"], "CSR_INVALID", /SHA-1 has been broken/],
    ["MD5", ["-newkey", "rsa:2048", "-md5"], "CSR_INVALID", /MD5 has been broken/],
    [
      "RSASSA-PSS",
      ["-newkey", "rsa:2048", "-sigopt", "rsa_padding_mode:pss"],
      "CSR_INVALID",
      /RSASSA-PSS is not supported/,
    ],
    ["SHA-224", [...ec("prime256v1"), "-sha224"], "CSR_INVALID", /not supported/],
  ];
  for (const [name, options, code, message] of cases) {
    test(name, async () => {
      const error = await rejectsWith(code, verifyRequest(await opensslRequest(...options)));
      assert.match(error.message, message);
    });
  }
});

test("a request of GnuTLS is verified here", async (t) => {
  if (findProgram("certtool") === undefined) return t.skip("certtool is not installed");
  const key = join(directory, "gnutls.key");
  const out = join(directory, "gnutls.csr");
  const template = put(
    directory,
    "gnutls.cfg",
    'cn = "Some Body"\ndns_name = "a.test"\ndns_name = "*.foo.test"\nip_address = "172.16.99.32"\n' +
      'ip_address = "fe80::1"\ntls_www_server\n',
  );
  for (const kind of [["--key-type", "ecdsa", "--curve", "secp256r1"], ["--key-type", "rsa"]]) {
    await mustRun(["certtool", "--generate-privkey", ...kind, "--outfile", key]);
    await mustRun([
      ...["certtool", "--generate-request", "--load-privkey", key, "--template", template],
      ...["--outfile", out],
    ]);
    const request = readRequest(out);
    await verifyRequest(request);
    assert.deepEqual(namesOf(request), NAMES);
  }
});

describe("a request of Java is verified here", () => {
  if (JAVAS.size === 0) test("any", (t) => t.skip("no Java is installed"));
  for (const [java, home] of JAVAS) {
    test(java, async () => {
      const work = scratchDirectory("java");
      const keytool = (...options: string[]) =>
        mustRun([
          ...[join(home, "bin/keytool"), ...options, "-alias", "a"],
          ...["-keystore", join(work, "a.p12"), "-storepass", "changeit"],
        ]);
      const out = join(work, "a.csr");
      await keytool(
        ...["-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=Some Body"],
      );
      const san = "dns:a.test,dns:*.foo.test,ip:172.16.99.32,ip:fe80::1";
      await keytool("-certreq", "-file", out, "-ext", `san=${san}`);
      const request = readRequest(out);
      await verifyRequest(request);
      assert.deepEqual(namesOf(request), NAMES);
      assert.equal(request.commonName, "Some Body");
    });
  }
});

const PYTHON_WRITER = `
import ipaddress, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
key = ec.generate_private_key(ec.SECP384R1())
names = [x509.DNSName("a.test"), x509.DNSName("*.foo.test")]
names += [x509.IPAddress(ipaddress.ip_address(text)) for text in ["172.16.99.32", "fe80::1"]]
builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
request = builder.add_extension(x509.SubjectAlternativeName(names), True).sign(key, hashes.SHA384())
open(sys.argv[1], "wb").write(request.public_bytes(serialization.Encoding.PEM))
`;

const PYTHON_READER = `
import sys
from cryptography import x509
request = x509.load_pem_x509_csr(open(sys.argv[1], "rb").read())
print(request.is_signature_valid)
names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
for name in names: print(name.value)
`;

describe("a request of Python is verified here", () => {
  if (PYTHONS.size === 0) {
    test("any", (t) => t.skip("no Python has the package cryptography"));
  }
  for (const [version, python] of PYTHONS) {
    test(`cryptography ${version}`, async () => {
      const out = join(directory, "python.csr");
      await mustRun([python, put(directory, "write.py", PYTHON_WRITER), out]);
      const request = readRequest(out);
      await verifyRequest(request);
      assert.deepEqual(namesOf(request), NAMES);
      assert.equal(request.commonName, undefined);
    });
  }
});

describe("a request of ours", () => {
  for (const type of ["p256", "p384", "rsa2048", "rsa3072"] as const) {
    test(`with a ${type} key is verified by OpenSSL, GnuTLS and Python, and not when changed`, async () => {
      const der = await ours(type);
      const file = put(directory, "ours.csr", encodePem("CERTIFICATE REQUEST", der));
      const changed = der.slice();
      const at = Buffer.from(changed).indexOf("a.test");
      changed[at] = "b".charCodeAt(0);
      const bad = put(directory, "changed.csr", encodePem("CERTIFICATE REQUEST", changed));

      const openssl = (path: string) =>
        run(["openssl", "req", "-verify", "-noout", "-text", "-in", path]);
      const good = await openssl(file);
      assert.equal(good.code, 0, good.stderr);
      assert.match(good.stdout + good.stderr, /self-signature verify OK/);
      assert.match(good.stdout, /DNS:a\.test, DNS:\*\.foo\.test, IP Address:172\.16\.99\.32/);
      const { stdout, stderr } = await openssl(bad);
      assert.match(stdout + stderr, /verify fail/);

      if (findProgram("certtool") !== undefined) {
        const info = (path: string) => run(["certtool", "--crq-info", "--infile", path]);
        assert.match((await info(file)).stdout, /Self signature: verified/);
        assert.match((await info(bad)).stdout, /Self signature: FAILED/);
      }
      const reader = put(directory, "read.py", PYTHON_READER);
      for (const python of PYTHONS.values()) {
        const expected = ["True", ...NAMES.slice(0, 3)];
        assert.deepEqual((await mustRun([python, reader, file])).trim().split("\n"), expected);
        assert.match(await mustRun([python, reader, bad]), /^False/);
      }
    });
  }
});

async function ours(type: KeyType): Promise<Uint8Array> {
  const { privateKey, publicKey } = await generateKey(type, true);
  return await createRequest({
    privateKey,
    spki: await exportSpki(publicKey),
    names: [
      { type: "dns", value: "a.test" },
      { type: "dns", value: "*.foo.test" },
      { type: "ip", octets: Uint8Array.of(172, 16, 99, 32) },
    ],
  });
}
