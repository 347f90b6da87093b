/**
 * The real keytool of every Java of this machine, judged by Java itself: a program that opens the key
 * store without a password, as every JVM opens its cacerts. Run by scripts/sandbox.sh.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe } from "node:test";
import type { TrustAnchor, TrustStore } from "../../src/truststore/store.ts";
import { findProgram, mustRun } from "../support/processes.ts";
import { requireSandbox, scratchDirectory } from "../support/sandbox.ts";
import { asUser, change, findStores, makeCa, outcomes, shadow, testWith } from "./store_machine.ts";

requireSandbox();

const NOBODY = 65534;
const JVMS = "/usr/lib/jvm";
const HOMES = [
  ...new Set(
    (existsSync(JVMS) ? readdirSync(JVMS) : [])
      .map((name) => realpathSync(join(JVMS, name)))
      .filter((home) => existsSync(join(home, "bin/keytool"))),
  ),
];
const CLEAR = ["NONE", "NONE"];
const FORMATS: Record<string, string[]> = {
  "JKS": ["-storetype", "JKS"],
  "PKCS#12 without a password": [
    ...["-storetype", "PKCS12"],
    ...["certProtectionAlgorithm", "macAlgorithm"].map((name, i) =>
      `-J-Dkeystore.pkcs12.${name}=${CLEAR[i]}`
    ),
  ],
};

/** Prints the SHA-256 of every trusted certificate that a JVM sees in the store. */
const JUDGE = `
import java.io.*; import java.security.*; import java.util.*;
public class Judge {
  public static void main(String[] arguments) throws Exception {
    KeyStore store = KeyStore.getInstance(new File(arguments[0]), (char[]) null);
    for (String alias : Collections.list(store.aliases())) {
      if (!store.isCertificateEntry(alias)) continue;
      byte[] der = store.getCertificate(alias).getEncoded();
      System.out.println(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(der)));
    }
  }
}`;

/** Whether a JVM without options sees the anchor in the store. */
async function javaSees(home: string, path: string, anchor: TrustAnchor): Promise<boolean> {
  const judge = join(scratchDirectory("judge"), "Judge.java");
  writeFileSync(judge, JUDGE);
  return (await mustRun([join(home, "bin/java"), judge, path])).includes(anchor.sha256);
}

/** A Java home of its own, with the programs of a real one: its trust store can be of any format. */
async function makeHome(real: string, format: readonly string[]): Promise<string> {
  const home = scratchDirectory("java");
  await mustRun(["chmod", "0755", home]);
  mkdirSync(join(home, "lib/security"), { recursive: true });
  symlinkSync(join(real, "bin"), join(home, "bin"));
  symlinkSync(join(real, "release"), join(home, "release"));
  const { anchor } = await makeCa("Somebody else");
  await mustRun([
    ...[join(real, "bin/keytool"), "-importcert", "-noprompt", "-alias", "somebody"],
    ...["-file", anchor.file, "-keystore", join(home, "lib/security/cacerts")],
    ...["-storepass", "changeit", ...format],
  ]);
  return home;
}

/** The one store of a Java home. */
async function storeOf(home: string): Promise<TrustStore> {
  const old = process.env["JAVA_HOME"];
  process.env["JAVA_HOME"] = home;
  try {
    const path = join(realpathSync(home), "lib/security/cacerts");
    const store = (await findStores(["java"])).find((found) => found.path === path);
    assert.ok(store !== undefined, `no store for ${home}`);
    return store;
  } finally {
    if (old === undefined) delete process.env["JAVA_HOME"];
    else process.env["JAVA_HOME"] = old;
  }
}

const test = testWith(HOMES.length > 0 ? undefined : "no keytool is installed");

describe("Java trust stores, really", () => {
  test("every Java of this machine: not seen before, seen after, not seen again", async () => {
    const { anchor } = await makeCa("Java everywhere");
    const stores = await findStores(["java"]);
    const covered = HOMES.map((home) => realpathSync(join(home, "lib/security/cacerts")));
    assert.deepEqual([...new Set(covered)].sort(), stores.map(({ path }) => path).sort());
    for (const what of ["state", "add", "remove"] as const) {
      const wanted = { state: "untrusted", add: "added", remove: "removed" }[what];
      assert.deepEqual(await outcomes(what, stores, anchor), stores.map(() => wanted));
      for (const home of HOMES) {
        const seen = await javaSees(home, join(home, "lib/security/cacerts"), anchor);
        assert.equal(seen, what === "add", home);
      }
    }
    for (const { path } of stores) assert.equal(statSync(path).mode & 0o7777, 0o644);
  });

  for (const real of HOMES) {
    for (const [name, format] of Object.entries(FORMATS)) {
      test(`${real}, ${name}: seen after, not seen again, the others kept`, async () => {
        const { anchor } = await makeCa("Java formats");
        const home = await makeHome(real, format);
        const store = await storeOf(home);
        const before = await mustRun([
          ...[join(real, "bin/keytool"), "-list", "-keystore", store.path],
          ...["-storepass", "changeit"],
        ]);
        assert.deepEqual(await outcomes("add", [store], anchor), ["added"]);
        assert.equal(await javaSees(real, store.path, anchor), true);
        assert.deepEqual(await outcomes("add", [store], anchor), ["unchanged"]);
        assert.deepEqual(readdirSync(join(home, "lib/security")), ["cacerts"]);
        assert.deepEqual(await outcomes("remove", [store], anchor), ["removed"]);
        assert.equal(await javaSees(real, store.path, anchor), false);
        const after = await mustRun([
          ...[join(real, "bin/keytool"), "-list", "-keystore", store.path],
          ...["-storepass", "changeit"],
        ]);
        assert.equal(after, before);
      });
    }
  }

  test("an encrypted store is changed and read with keytool, and the reservation said", async () => {
    const { anchor } = await makeCa("Java encrypted");
    const store = await storeOf(await makeHome(HOMES[0]!, ["-storetype", "PKCS12"]));
    const { results } = await change("add", [store], anchor);
    assert.equal(results[0]!.outcome, "added");
    assert.match(results[0]!.reason!, /is encrypted/);
    assert.equal(await javaSees(HOMES[0]!, store.path, anchor), false);
    assert.deepEqual(await outcomes("remove", [store], anchor), ["removed"]);
  });

  test("a store with another password fails with the reason, and is left as it was", async () => {
    const { anchor } = await makeCa("Java password");
    const home = await makeHome(HOMES[0]!, ["-storetype", "JKS"]);
    const store = await storeOf(home);
    await mustRun([
      ...[join(HOMES[0]!, "bin/keytool"), "-storepasswd", "-keystore", store.path],
      ...["-storepass", "changeit", "-new", "somethingelse"],
    ]);
    const before = readFileSync(store.path);
    const { results } = await change("add", [store], anchor);
    assert.equal(results[0]!.outcome, "failed");
    assert.match(results[0]!.reason!, /its password is not Java's default, "changeit"$/);
    assert.deepEqual(readFileSync(store.path), before);
  });

  test("a damaged store fails, and the stores after it are done", async () => {
    const { anchor } = await makeCa("Java damaged");
    const damaged = await storeOf(await makeHome(HOMES[0]!, ["-storetype", "JKS"]));
    const whole = await storeOf(await makeHome(HOMES[0]!, ["-storetype", "JKS"]));
    writeFileSync(damaged.path, readFileSync(damaged.path).subarray(0, 100));
    assert.deepEqual(await outcomes("add", [damaged, whole], anchor), ["failed", "added"]);
  });

  for (
    const [name, script, reason] of [
      [
        "answers 0 and does nothing",
        "exit 0",
        /the change reported no error, and the store does not/,
      ],
      [
        "empties the file",
        'case "$*" in *-importcert*) : > "$(echo "$@" | sed "s/.*-keystore //; s/ .*//")" ;; esac',
        /left no key store/,
      ],
      ["fails", "echo 'keytool error: boom'; exit 1", /exit code 1: keytool error: boom$/],
    ] as const
  ) {
    test(`a keytool that ${name} is found out, and the store left as it was`, async () => {
      const { anchor } = await makeCa("Java liar");
      // Encrypted: what localtls can write itself it writes without keytool.
      const home = await makeHome(HOMES[0]!, ["-storetype", "PKCS12"]);
      const store = await storeOf(home);
      const before = readFileSync(store.path);
      const restore = shadow(join(HOMES[0]!, "bin/keytool"), script);
      try {
        const { results } = await change("add", [store], anchor);
        assert.equal(results[0]!.outcome, "failed");
        assert.match(results[0]!.reason!, reason);
      } finally {
        restore();
      }
      assert.deepEqual(readFileSync(store.path), before);
      assert.deepEqual(readdirSync(join(home, "lib/security")), ["cacerts"]);
    });
  }

  test("another user gets the command for root, and changes a Java of their own", async () => {
    const { anchor } = await makeCa("Java needs root");
    const home = await makeHome(HOMES[0]!, ["-storetype", "JKS"]);
    const path = join(realpathSync(home), "lib/security/cacerts");
    const find = async (what: "add" | "remove" | "state") => {
      const results = await asUser(NOBODY, what, ["java"], anchor, { JAVA_HOME: home });
      return results.find((result) => result.path === path)!;
    };
    if (findProgram("sudo") === undefined) {
      const refused = await find("add");
      assert.equal(refused.outcome, "needs-root");
      await mustRun(["sh", "-c", refused.hint!]);
      assert.equal((await find("state")).outcome, "trusted");
      await mustRun(["sh", "-c", (await find("remove")).hint!]);
      assert.equal((await find("state")).outcome, "untrusted");
    }
    await mustRun(["chown", "-R", String(NOBODY), home]);
    const added = await find("add");
    assert.equal(added.outcome, "added", added.reason ?? "");
    assert.equal(statSync(path).uid, NOBODY);
    assert.equal((await find("remove")).outcome, "removed");
  });

  test("Debian's refresh of the system store feeds Java's, and both are taken back", async (t) => {
    if (!existsSync("/etc/ca-certificates/update.d/jks-keystore")) {
      return t.skip("ca-certificates-java is not installed");
    }
    const { anchor } = await makeCa("Java and system");
    const stores = await findStores(["system", "java"]);
    assert.deepEqual(await outcomes("add", stores, anchor), stores.map(() => "added"));
    assert.deepEqual(await outcomes("state", stores, anchor), stores.map(() => "trusted"));
    assert.deepEqual(await outcomes("remove", stores, anchor), stores.map(() => "removed"));
    assert.equal(await javaSees(HOMES[0]!, stores.at(-1)!.path, anchor), false);
  });

  test("options for every Java in the environment reach neither keytool nor the answer", async () => {
    const { anchor } = await makeCa("Java options");
    const store = await storeOf(await makeHome(HOMES[0]!, ["-storetype", "JKS"]));
    process.env["JAVA_TOOL_OPTIONS"] = "-javaagent:/nowhere.jar";
    try {
      assert.deepEqual(await outcomes("add", [store], anchor), ["added"]);
    } finally {
      delete process.env["JAVA_TOOL_OPTIONS"];
    }
    rmSync(store.path);
    assert.deepEqual(await outcomes("state", [store], anchor), ["unavailable"]);
  });
});
