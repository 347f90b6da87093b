/** The trust store for Java, judged by keytool and OpenSSL; that Java trusts what is in it: tests/e2e/env_run_test.ts. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { decodePem } from "../../src/der/pem.ts";
import { colonHex, sha256Hex } from "../../src/x509/fingerprint.ts";
import { createPfx } from "../../src/x509/pkcs12/pfx_writer.ts";
import { createTrustStore } from "../../src/x509/pkcs12/trust_store_writer.ts";
import { makeIdentity } from "../support/identity.ts";
import { findProgram, mustRun, run } from "../support/processes.ts";
import { scratchDirectory } from "../support/sandbox.ts";

const PASSWORD = "changeit";
const skip = findProgram("keytool") === undefined && "keytool is not installed";
const JAVA = ["-J-Duser.language=en", "-storetype", "PKCS12"];

describe("a trust store", () => {
  test("keytool finds every root in it as a trusted entry", { skip }, async () => {
    const directory = scratchDirectory("trust-store");
    const { rootFile } = await makeIdentity(directory, "p256");
    const bundle = decodePem(readFileSync("/etc/ssl/certs/ca-certificates.crt", "utf8"));
    const own = decodePem(readFileSync(rootFile, "utf8"));
    const roots = [...bundle.slice(0, 20), ...own].map(({ der }) => der);
    const file = join(directory, "store.p12");
    writeFileSync(file, await createTrustStore(roots, PASSWORD));
    const argv = ["keytool", ...JAVA, "-list", "-keystore", file];
    const listed = await mustRun([...argv, "-storepass", PASSWORD]);
    for (const der of roots) {
      assert.ok(listed.includes(colonHex(await sha256Hex(der))), listed);
    }
    assert.equal(listed.match(/trustedCertEntry/g)?.length, roots.length);
    const wrong = await run([...argv, "-storepass", "changed"]);
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.stdout, /password was incorrect|Failed PKCS12 integrity checking/);
    await mustRun(["openssl", "pkcs12", "-in", file, "-nokeys", "-passin", `pass:${PASSWORD}`]);
  });

  test(
    "a certificate without Oracle's attribute is none: what the test above looks at",
    { skip },
    async () => {
      const directory = scratchDirectory("trust-store");
      const { key, chain } = await makeIdentity(directory, "p256");
      const file = join(directory, "identity.p12");
      writeFileSync(file, await createPfx({ privateKey: key, certificates: chain }, PASSWORD));
      const listed = await mustRun(
        ["keytool", ...JAVA, "-list", "-keystore", file, "-storepass", PASSWORD],
      );
      assert.doesNotMatch(listed, /trustedCertEntry/);
      await assert.rejects(createTrustStore([], PASSWORD), RangeError);
    },
  );

  test("one octet changed is noticed", { skip }, async () => {
    const directory = scratchDirectory("trust-store");
    const { rootFile } = await makeIdentity(directory, "p256");
    const [root] = decodePem(readFileSync(rootFile, "utf8"));
    const store = await createTrustStore([root!.der], PASSWORD);
    const at = store.length >> 1;
    store[at] = store[at]! ^ 1;
    const file = join(directory, "store.p12");
    writeFileSync(file, store);
    const { code } = await run(
      ["keytool", ...JAVA, "-list", "-keystore", file, "-storepass", PASSWORD],
    );
    assert.notEqual(code, 0);
  });
});
