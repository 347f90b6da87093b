/**
 * Key stores of an image that were changed without Java, judged by the Javas of this machine: what they read, whether the
 * digest holds, and whether their own trust manager accepts a server.
 *
 * @module
 */

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { createNodeHost } from "../../src/host/node_host.ts";
import { findTargetUser } from "../../src/host/target_user.ts";
import { createElevation } from "../../src/truststore/elevation.ts";
import { discoverImageStores } from "../../src/truststore/image/family.ts";
import { scriptFile } from "../support/https_client.ts";
import { mustRun, run } from "../support/processes.ts";
import { requireSandbox, scratchDirectory } from "../support/sandbox.ts";
import { change, makeCa, outcomes, testWith } from "./store_machine.ts";

requireSandbox();

const JVMS = "/usr/lib/jvm";
const HOMES = [
  ...new Set(
    (existsSync(JVMS) ? readdirSync(JVMS) : []).map((name) => realpathSync(join(JVMS, name)))
      .filter((home) => existsSync(join(home, "bin/keytool"))),
  ),
];
const test = testWith(HOMES.length === 0 ? "no JDK is installed" : undefined);

/** Opens the store without and with the password, and has Java's own trust manager judge a server. */
const judge = scriptFile(
  "Judge.java",
  `
import java.io.*; import java.security.*; import java.security.cert.*; import javax.net.ssl.*;
public class Judge {
  public static void main(String[] words) throws Exception {
    KeyStore store = KeyStore.getInstance(new File(words[0]), (char[]) null);
    KeyStore.getInstance(new File(words[0]), "changeit".toCharArray());
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    X509TrustManager manager = (X509TrustManager) factory.getTrustManagers()[0];
    X509Certificate leaf = (X509Certificate) CertificateFactory.getInstance("X.509")
      .generateCertificate(new FileInputStream(words[1]));
    System.out.println(store.size());
    try {
      manager.checkServerTrusted(new X509Certificate[] { leaf }, "ECDHE_ECDSA");
      System.out.println("accepted");
    } catch (CertificateException e) { System.out.println("refused"); }
  }
}
`,
);

async function ask(home: string, store: string, leaf: string) {
  const [size, verdict] = (await mustRun([join(home, "bin/java"), judge(), store, leaf], {
    timeoutMs: 90_000,
  })).trim().split("\n");
  return { size: Number(size), verdict };
}

const CLEAR = ["certProtectionAlgorithm", "macAlgorithm"]
  .map((name) => `-J-Dkeystore.pkcs12.${name}=NONE`);

/** A store with one certificate of somebody else's, made by keytool. */
async function makeStore(path: string, options: readonly string[], password: string) {
  const { anchor } = await makeCa("somebody else");
  const newest = HOMES.at(-1)!;
  const words = ["-importcert", "-noprompt", "-alias", "other", "-file", anchor.file];
  await mustRun([
    join(newest, "bin/keytool"),
    ...options,
    ...words,
    ...["-keystore", path, "-storepass", password],
  ]);
}

async function javaStores(root: string) {
  const host = createNodeHost();
  const user = await findTargetUser(host);
  const context = { host, user, elevation: createElevation(host, {}) };
  return await discoverImageStores(context, root, ["java"]);
}

/** An image with a Java in it, whose store is still to be made. */
function makeImage(): { root: string; store: string } {
  const root = join(scratchDirectory("java-image"), "root");
  const directory = join(root, "usr/lib/jvm/java-21/lib/security");
  mkdirSync(directory, { recursive: true });
  return { root, store: join(directory, "cacerts") };
}

describe("Java in an image", () => {
  const formats: Record<string, readonly string[]> = {
    "JKS": ["-storetype", "JKS"],
    "PKCS#12 in the clear": ["-storetype", "PKCS12", ...CLEAR],
  };
  for (const [format, options] of Object.entries(formats)) {
    test(`${format}: every JVM refuses before, accepts after, refuses again`, async () => {
      const { root, store } = makeImage();
      await makeStore(store, options, "changeit");
      const before = readFileSync(store);
      const { anchor, leaf } = await makeCa(`Java image ${format}`);
      for (const home of HOMES) {
        assert.deepEqual(await ask(home, store, leaf), { size: 1, verdict: "refused" });
      }
      assert.deepEqual(await outcomes("add", await javaStores(root), anchor), ["added"]);
      for (const home of HOMES) {
        assert.deepEqual(await ask(home, store, leaf), { size: 2, verdict: "accepted" });
      }
      assert.deepEqual(await outcomes("state", await javaStores(root), anchor), ["trusted"]);
      assert.deepEqual(await outcomes("remove", await javaStores(root), anchor), ["removed"]);
      assert.deepEqual(readFileSync(store), before);
      assert.equal((await ask(HOMES[0]!, store, leaf)).verdict, "refused");
    });
  }

  test("the machine's own store, copied: all of it stays", async (t) => {
    const own = "/etc/ssl/certs/java/cacerts";
    if (!existsSync(own)) return t.skip(`${own} is not there`);
    const { root, store } = makeImage();
    cpSync(own, store, { dereference: true });
    const { anchor, leaf } = await makeCa("Java image of Debian");
    const before = await ask(HOMES[0]!, store, leaf);
    assert.deepEqual(await outcomes("add", await javaStores(root), anchor), ["added"]);
    assert.deepEqual(await ask(HOMES[0]!, store, leaf), {
      size: before.size + 1,
      verdict: "accepted",
    });
    await change("remove", await javaStores(root), anchor);
    assert.deepEqual(await ask(HOMES[0]!, store, leaf), before);
  });

  test("a store under another password is left as it is, and the way is said", async () => {
    for (const options of [["-storetype", "JKS"], ["-storetype", "PKCS12"]]) {
      const { root, store } = makeImage();
      await makeStore(store, options, "another-password");
      const before = readFileSync(store);
      const { anchor } = await makeCa("another password");
      const { results } = await change("add", await javaStores(root), anchor);
      assert.equal(results[0]!.outcome, "unavailable");
      assert.match(results[0]!.reason!, /its password or its format is not Java's default/);
      assert.match(results[0]!.hint!, /keytool -importcert -keystore \/usr\/lib\/jvm\/java-21/);
      assert.deepEqual(readFileSync(store), before);
      const list = await run([
        join(HOMES[0]!, "bin/keytool"),
        ...["-list", "-keystore", store, "-storepass", "another-password"],
      ]);
      assert.equal(list.code, 0, list.stdout);
    }
  });
});
