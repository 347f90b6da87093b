import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "../../../src/commands/inspect/inspect.ts";
import { certificateFileNames, keyFileNames } from "../../../src/commands/inspect/neighbours.ts";
import { encodePem } from "../../../src/der/pem.ts";
import { encryptPrivateKey } from "../../../src/x509/encrypted_private_key.ts";
import { exportPkcs8, exportSpki, generateKey } from "../../../src/x509/keys.ts";
import { createPfx } from "../../../src/x509/pkcs12/pfx_writer.ts";
import { craftSigned } from "../../support/craft.ts";
import { makeContext } from "../../support/fake_context.ts";
import { createFakeHost, type FakeHostOptions } from "../../support/fake_host.ts";

const pair = await generateKey("p256", true);
const pkcs8 = await exportPkcs8(pair.privateKey);
const spki = await exportSpki(pair.publicKey);
const certificate = await craftSigned({ spki }, pair.privateKey);
const FILES = {
  "/home/ann/closed.pem": encodePem(
    "ENCRYPTED PRIVATE KEY",
    await encryptPrivateKey(pkcs8, "secret", { iterations: 5 }),
  ),
  "/home/ann/a.p12": await createPfx(
    { privateKey: pkcs8, certificates: [certificate] },
    "secret",
  ),
};

async function run(source: string, options: FakeHostOptions, json = false) {
  const host = createFakeHost({ files: FILES, ...options });
  const { context } = makeContext(host, { json });
  const { document } = await inspect(context, { source });
  return { document, questions: host.questions, changed: host.changedPaths };
}

describe("inspect and passwords", () => {
  test("an encrypted key is asked for at a terminal alone, and stays closed unanswered", async () => {
    const open = await run("closed.pem", { interactive: true, answers: ["secret"] });
    assert.equal(open.document.keys[0]?.keyType, "P-256");
    assert.deepEqual(open.questions, [
      'Password of the key in "/home/ann/closed.pem" (empty: none): ',
    ]);
    for (const options of [{ interactive: true, answers: [""] }, { interactive: false }]) {
      const { document } = await run("closed.pem", options);
      assert.equal(document.keys[0]?.keyType, "unknown");
      assert.equal(document.ok, true);
    }
    const json = await run("closed.pem", { interactive: true }, true);
    assert.deepEqual(json.questions, []);
  });

  test("a wrong password is refused, with the file's name", async () => {
    for (const file of ["closed.pem", "a.p12"]) {
      await assert.rejects(run(file, { interactive: true, answers: ["wrong"] }), {
        code: "PASSWORD_WRONG",
        message: new RegExp(`^Cannot inspect "/home/ann/${file}": the password is wrong`),
      });
    }
  });

  test("a PKCS#12 file is asked for, and changes nothing", async () => {
    const { document, questions, changed } = await run("a.p12", {
      interactive: true,
      answers: ["secret"],
    });
    assert.equal(document.certificates[0]?.key, "/home/ann/a.p12");
    assert.equal(document.password, undefined);
    assert.equal(questions.length, 1);
    assert.deepEqual(changed, []);
    await assert.rejects(run("a.p12", {}), { code: "CONFIRMATION_NEEDED" });
  });
});

describe("the names of neighbours", () => {
  const pairs = [
    ["a.test+1.pem", "a.test+1-key.pem"],
    ["server.crt", "server.key"],
    ["server-cert.pem", "server-key.pem"],
    ["fullchain.pem", "privkey.pem"],
    ["cert3.pem", "privkey3.pem"],
  ] as const;
  for (const [cert, key] of pairs) {
    test(`${cert} and ${key} find each other`, () => {
      assert.ok(keyFileNames(cert).includes(key), keyFileNames(cert).join());
      assert.ok(certificateFileNames(key).includes(cert), certificateFileNames(key).join());
    });
  }

  test("a file that is not named as a key has none", () => {
    assert.deepEqual(certificateFileNames("notes.txt"), []);
    assert.ok(!keyFileNames("a.key").includes("a.key"));
  });
});
