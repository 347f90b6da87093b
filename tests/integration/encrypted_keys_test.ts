/**
 * Encrypted private keys of ours opened by OpenSSL, GnuTLS, Node and Python, and OpenSSL's
 * opened by us; each with the right password and with a wrong one. Run by scripts/sandbox.sh.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { decodePem, encodePem } from "../../src/der/pem.ts";
import { decryptPrivateKey, encryptPrivateKey } from "../../src/x509/encrypted_private_key.ts";
import {
  exportPkcs8,
  exportSpki,
  generateKey,
  importPkcs8,
  keyBelongsTo,
} from "../../src/x509/keys.ts";
import { put, pythons } from "../support/key_tools.ts";
import { findProgram, mustRun, run } from "../support/processes.ts";
import { requireSandbox, scratchDirectory } from "../support/sandbox.ts";
import { rejectsWith } from "../support/scratch_directory.ts";

requireSandbox();

const PASSWORD = "correct horse";
const WRONG = "battery staple";
const directory = scratchDirectory("keys");
const PYTHONS = await pythons();

const NODE = `
const { createPrivateKey, createPublicKey } = require("node:crypto");
const [file, passphrase] = process.argv.slice(2);
const key = createPrivateKey({ key: require("node:fs").readFileSync(file), passphrase });
process.stdout.write(createPublicKey(key).export({ type: "spki", format: "pem" }));
`;

const PYTHON = `
import sys
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
key = load_pem_private_key(open(sys.argv[1], "rb").read(), sys.argv[2].encode())
print(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
`;

for (const type of ["p256", "p384", "rsa2048"] as const) {
  test(`a ${type} key of ours is opened by OpenSSL, Node, Python and GnuTLS, with its password alone`, async () => {
    const { privateKey, publicKey } = await generateKey(type, true);
    const encrypted = await encryptPrivateKey(await exportPkcs8(privateKey), PASSWORD);
    const file = put(directory, `${type}.pem`, encodePem("ENCRYPTED PRIVATE KEY", encrypted));
    const spki = encodePem("PUBLIC KEY", await exportSpki(publicKey)).trim();
    const node = put(directory, "open.cjs", NODE);
    const python = put(directory, "open.py", PYTHON);
    const readers: ((password: string) => string[])[] = [
      (password) => ["openssl", "pkey", "-in", file, "-passin", `pass:${password}`, "-pubout"],
      ...(findProgram("node") === undefined
        ? []
        : [(password: string) => ["node", node, file, password]]),
      ...[...PYTHONS.values()].map((path) => (password: string) => [path, python, file, password]),
    ];
    for (const reader of readers) {
      assert.equal((await mustRun(reader(PASSWORD))).trim(), spki);
      assert.notEqual((await run(reader(WRONG))).code, 0, reader(WRONG).join(" "));
    }
    if (findProgram("certtool") === undefined) return;
    const certtool = (password: string) => [
      ...["certtool", "--key-info", "--pkcs8", "--infile", file, "--password", password],
    ];
    assert.match(await mustRun(certtool(PASSWORD)), /Public Key Algorithm|Public Key Info/);
    assert.notEqual((await run(certtool(WRONG))).code, 0);
  });
}

describe("a key of OpenSSL is opened here, with its password alone", () => {
  const ways: [string, string[]][] = [
    ["as it writes it", []],
    ["600,000 rounds", ["-iter", "600000"]],
    ["AES-128, HMAC-SHA1", ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"]],
    ["AES-192, HMAC-SHA384", ["-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA384"]],
    ["AES-256, HMAC-SHA512", ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"]],
    ["3DES, as OpenSSL before 1.1", ["-v2", "des3"]],
    ["3DES of PKCS#12", ["-v1", "PBE-SHA1-3DES"]],
    [
      "RC2 of PKCS#12",
      ["-v1", "PBE-SHA1-RC2-40", "-provider", "legacy", "-provider", "default"],
    ],
  ];
  for (const [name, options] of ways) {
    test(name, async () => {
      const key = await opensslKey();
      const der = await opensslEncrypt(key, ...options);
      const pkcs8 = await decryptPrivateKey(der, PASSWORD);
      const spki = decodePem(await mustRun(["openssl", "pkey", "-in", key, "-pubout"]))[0]!.der;
      assert.equal(await keyBelongsTo(await importPkcs8(pkcs8), { spki }), true);
      await rejectsWith("PASSWORD_WRONG", decryptPrivateKey(der, WRONG));
    });
  }

  const refused: [string, string[], RegExp][] = [
    ["scrypt", ["-scrypt"], /scrypt is not supported/],
    ["HMAC-SHA224", ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA224"], /hmacWithSha224/],
    ["Camellia", ["-v2", "camellia-256-cbc"], /cipher .* not supported/],
  ];
  for (const [name, options, message] of refused) {
    test(`but not ${name}`, async () => {
      const der = await opensslEncrypt(await opensslKey(), ...options);
      const error = await rejectsWith("KEY_INVALID", decryptPrivateKey(der, PASSWORD));
      assert.match(error.message, message);
    });
  }

  test("after the command that the hint gives", async () => {
    const key = await opensslKey();
    const scrypt = join(directory, "scrypt.pem");
    const der = await opensslEncrypt(key, "-scrypt");
    put(directory, "scrypt.pem", encodePem("ENCRYPTED PRIVATE KEY", der));
    const error = await rejectsWith("KEY_INVALID", decryptPrivateKey(der, PASSWORD));
    const converted = join(directory, "converted.pem");
    const command = error.hints[0]!.replace(/^Convert it: /, "").split(" ").map((word) =>
      ({ KEY: scrypt, "NEW-KEY": converted })[word] ?? word
    );
    await mustRun([...command, "-passin", `pass:${PASSWORD}`, "-passout", `pass:${PASSWORD}`]);
    await decryptPrivateKey(decodePem(readFileSync(converted, "latin1"))[0]!.der, PASSWORD);
  });
});

async function opensslKey(): Promise<string> {
  const key = join(directory, "openssl.pem");
  const curve = ["-pkeyopt", "ec_paramgen_curve:prime256v1"];
  await mustRun(["openssl", "genpkey", "-algorithm", "EC", ...curve, "-out", key]);
  return key;
}

async function opensslEncrypt(key: string, ...options: string[]): Promise<Uint8Array> {
  const argv = ["openssl", "pkcs8", "-topk8", "-in", key, "-passout", `pass:${PASSWORD}`];
  return decodePem(await mustRun([...argv, ...options]))[0]!.der;
}
