import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findTargetUser } from "../../../../src/host/target_user.ts";
import { createElevation } from "../../../../src/truststore/elevation.ts";
import { createJavaFamily } from "../../../../src/truststore/java/family.ts";
import { linuxJavaPlaces, windowsJavaPlaces } from "../../../../src/truststore/java/places.ts";
import type { TrustStore } from "../../../../src/truststore/store.ts";
import {
  createFakeHost,
  type FakeCommand,
  type FakeHost,
  type FakeHostOptions,
  fakeSudo,
} from "../../../support/fake_host.ts";
import { createFakeWindows, onDisk, WINDOWS_ENV } from "../../../support/fake_windows.ts";
import { ANCHOR_FILE, otherAnchor, rootAnchor } from "../fixture_anchors.ts";
import { COREUTILS, withoutScripts } from "../system/fake_system.ts";
import {
  JKS_BOTH,
  JKS_OTHER,
  PKCS12_ENCRYPTED,
  PKCS12_PLAIN,
  PKCS12_PLAIN_OTHER,
} from "./fixture_keystores.ts";

const HOME = "/opt/jdk";
const CACERTS = `${HOME}/lib/security/cacerts`;
const KEYTOOL = `${HOME}/bin/keytool`;
const ID = rootAnchor.sha256.slice(0, 16);
const COPY = `${CACERTS}.localtls-${ID}`;
const ROOT_USER = { uid: 0, gid: 0 };
const ENGLISH = ["-J-Duser.language=en", "-J-Duser.country=US"];

/** Only keytool can write it. */
const ENCRYPTED: FakeHostOptions = {
  env: { HOME: "/root" },
  files: { [CACERTS]: PKCS12_ENCRYPTED },
};

/** Puts one key store in the place of another. */
const fakeKeytool: FakeCommand = (argv, _input, host) => {
  const store = argv[argv.indexOf("-keystore") + 1]!;
  const node = host.disk.get(store);
  if (node === undefined) return { code: 1, stdout: "keytool error: no such file" };
  node.content = (argv.includes("-importcert") ? JKS_BOTH : JKS_OTHER).slice();
  return 0;
};

function machine(options: FakeHostOptions = {}): FakeHost {
  return createFakeHost({
    user: ROOT_USER,
    ...options,
    files: { [CACERTS]: JKS_OTHER, [ANCHOR_FILE]: rootAnchor.pem, ...options.files },
    commands: { keytool: fakeKeytool, ...options.commands },
  });
}

async function discover(host: FakeHost): Promise<TrustStore> {
  const user = await findTargetUser(host);
  const stores = await createJavaFamily(linuxJavaPlaces)
    .discover({ host, user, elevation: createElevation(host) });
  assert.equal(stores.length, 1);
  return stores[0]!;
}

describe("a Java trust store", () => {
  test("is read without starting Java, JKS and PKCS#12", async () => {
    const cases: [Uint8Array, string][] = [
      [JKS_BOTH, "trusted"],
      [JKS_OTHER, "absent"],
      [PKCS12_PLAIN, "trusted"],
      [PKCS12_PLAIN_OTHER, "absent"],
    ];
    for (const [content, state] of cases) {
      const host = machine({ files: { [CACERTS]: content } });
      assert.deepEqual(await (await discover(host)).state(rootAnchor), { state });
      assert.deepEqual(host.log, []);
    }
  });

  test("as root: is replaced whole, with its mode and owner, and no Java is started", async () => {
    for (const [before, after] of [[JKS_OTHER, JKS_BOTH], [PKCS12_PLAIN_OTHER, PKCS12_PLAIN]]) {
      const host = machine({
        env: { HOME: "/root" },
        files: { [CACERTS]: { content: before!, mode: 0o640, uid: 7, gid: 8 } },
      });
      const store = await discover(host);
      assert.deepEqual(await store.add(rootAnchor), {});
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
      const { mode, uid, gid } = host.disk.get(CACERTS)!;
      assert.deepEqual({ mode, uid, gid }, { mode: 0o640, uid: 7, gid: 8 });
      await store.remove(rootAnchor, []);
      assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
      // By whatever alias it stands under.
      host.disk.put(CACERTS, after!);
      await store.remove(rootAnchor, []);
      assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
      assert.deepEqual(host.commandLines, []);
    }
  });

  test("of root's, while root works for a user, is root's to write", async () => {
    const host = machine();
    const store = await discover(host);
    await store.add(rootAnchor);
    assert.equal(host.user?.uid, 1000);
    assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
    assert.deepEqual(host.commandLines, []);
  });

  test("that a link of a user's leads to is left alone, by root too", async () => {
    const link = "/home/ann/.jdks/x";
    const target = "/etc/application";
    for (const user of [ROOT_USER, { uid: 1000, gid: 1000 }]) {
      const host = createFakeHost({
        user,
        files: {
          [`${link}/lib/security`]: { target, uid: 1000, gid: 1000 },
          [`${link}/bin/keytool`]: { mode: 0o755, uid: 1000, gid: 1000 },
          [`${target}/cacerts`]: JKS_OTHER,
          [ANCHOR_FILE]: rootAnchor.pem,
        },
        commands: {
          sudo: fakeSudo,
          true: () => 0,
          keytool: () => assert.fail("was run"),
          sh: () => assert.fail("was run"),
        },
      });
      const store = await discover(host);
      await assert.rejects(store.add(rootAnchor), {
        code: "STORE_UNAVAILABLE",
        message: /belongs to another user/,
      });
      assert.deepEqual(host.disk.get(`${target}/cacerts`)!.content, JKS_OTHER);
    }
  });

  test("a user's own Java needs no root", async () => {
    const home = "/home/ann/.sdkman/candidates/java/17";
    const host = createFakeHost({
      files: { [`${home}/lib/security/cacerts`]: JKS_OTHER, [ANCHOR_FILE]: rootAnchor.pem },
      commands: { keytool: fakeKeytool },
    });
    const store = await discover(host);
    assert.deepEqual((await store.plan("add", rootAnchor)).map(({ root }) => root), [false]);
    await store.add(rootAnchor);
    assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
  });

  test("through sudo: root gets the whole store by a pipe", async () => {
    const host = machine({
      user: { uid: 1000, gid: 1000 },
      commands: { ...COREUTILS, sh: () => 0 },
    });
    const store = await discover(host);
    assert.deepEqual((await store.plan("add", rootAnchor)).map(({ root }) => root), [true]);
    await store.add(rootAnchor);
    const [line] = withoutScripts(host.commandLines.slice(-1));
    assert.deepEqual(line!.slice(0, 8), [
      ...["/usr/bin/sudo", "-n", "--"],
      ...["/bin/sh", "-c", "...", "sh", CACERTS],
    ]);
    assert.deepEqual(host.changedPaths, []);
  });

  test("without a way to root: NEEDS_ROOT, the exact command, and nothing done", async () => {
    const host = machine({ user: { uid: 1000, gid: 1000 } });
    const store = await discover(host);
    await assert.rejects(store.add(rootAnchor), {
      code: "NEEDS_ROOT",
      hints: [
        `${KEYTOOL} ${ENGLISH.join(" ")} -importcert -noprompt -keystore ${CACERTS} ` +
        `-storepass changeit -alias localtls-${ID} < ${ANCHOR_FILE} > /dev/null`,
      ],
    });
    assert.deepEqual(host.log, []);
  });

  const failures: [string, FakeCommand, string, RegExp][] = [
    ["hangs", () => "timed-out", "TOOL_TIMEOUT", /"keytool" did not end within 60 s/],
    ["does not start", () => "not-started", "TOOL_FAILED", /does not start/],
    [
      "complains on stdout",
      () => ({ code: 1, stdout: "keytool error: boom\n" }),
      "TOOL_FAILED",
      /: keytool error: boom$/,
    ],
    [
      "meets another password",
      () => ({
        code: 1,
        stdout: "keytool error: java.io.IOException: keystore password was incorrect\n",
      }),
      "TOOL_FAILED",
      /^Cannot use "\/opt\/jdk\/lib\/security\/cacerts": its password is not Java's default/,
    ],
  ];
  for (const [name, keytool, code, message] of failures) {
    test(`is left as it was by a keytool that ${name}`, async () => {
      const host = machine({ ...ENCRYPTED, commands: { keytool } });
      const store = await discover(host);
      await assert.rejects(store.add(rootAnchor), { code, message });
      assert.deepEqual(host.disk.get(CACERTS)!.content, PKCS12_ENCRYPTED);
      assert.equal(host.disk.get(COPY), undefined);
    });
  }

  test("is left as it was by a keytool that leaves an empty file and answers 0", async () => {
    const host = machine({
      ...ENCRYPTED,
      commands: {
        keytool: (_argv, _input, { disk }) => {
          disk.put(COPY, "");
          return 0;
        },
      },
    });
    await assert.rejects((await discover(host)).add(rootAnchor), { code: "TOOL_FAILED" });
    assert.deepEqual(host.disk.get(CACERTS)!.content, PKCS12_ENCRYPTED);
  });

  test("a keytool that answers 0 and does nothing leaves a store that says so", async () => {
    const keytool: FakeCommand = (argv) => argv.includes("-list") ? { stdout: "0 entries" } : 0;
    const store = await discover(machine({ ...ENCRYPTED, commands: { keytool } }));
    await store.add(rootAnchor);
    assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
  });

  test("a full disk leaves the store as it was", async () => {
    const host = machine();
    const store = await discover(host);
    host.beforeChange = (_change, path) => {
      if (path === CACERTS) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    };
    await assert.rejects(store.add(rootAnchor), { code: "FILE_WRITE" });
    assert.deepEqual(host.disk.get(CACERTS)!.content, JKS_OTHER);
    assert.equal(host.disk.get(COPY), undefined);
  });

  test("imports the anchor itself, whatever the copy holds", async () => {
    const host = machine({
      ...ENCRYPTED,
      files: { ...ENCRYPTED.files, [ANCHOR_FILE]: otherAnchor.pem },
    });
    await (await discover(host)).add(rootAnchor);
    const run = host.log.find((action) => action.type === "run");
    assert.equal(run?.type === "run" && run.input, rootAnchor.pem);
    assert.ok(host.commandLines.flat().every((word) => word !== ANCHOR_FILE));
  });

  test("of a Java without keytool is root's to change by this program, and the hint says so", async () => {
    const hints = { setup: JKS_OTHER, uninstall: JKS_BOTH };
    for (const [verb, content] of Object.entries(hints)) {
      const files = { [CACERTS]: content, [ANCHOR_FILE]: rootAnchor.pem };
      const store = await discover(createFakeHost({ files }));
      const change = verb === "setup" ? store.add(rootAnchor) : store.remove(rootAnchor, []);
      await assert.rejects(change, {
        code: "NEEDS_ROOT",
        hints: [`localtls ${verb} --stores java`],
      });
    }
  });

  test("of a Java without keytool, under another password, is said to be nobody's to change", async () => {
    const locked = JKS_OTHER.slice();
    locked[locked.length - 1]! ^= 1;
    const files = { [CACERTS]: locked, [ANCHOR_FILE]: rootAnchor.pem };
    for (const commands of [{}, COREUTILS]) {
      const host = createFakeHost({ files, commands });
      await assert.rejects((await discover(host)).add(rootAnchor), {
        code: "STORE_UNAVAILABLE",
        message: 'Cannot use the trust store of Java (jdk): "/opt/jdk" has no keytool',
      });
      assert.deepEqual(host.log, []);
    }
  });

  test("of a Java without keytool is changed, unless it is encrypted", async () => {
    const files = { [CACERTS]: JKS_OTHER, [ANCHOR_FILE]: rootAnchor.pem };
    const plain = await discover(createFakeHost({ user: ROOT_USER, files }));
    await plain.add(rootAnchor);
    assert.deepEqual(await plain.state(rootAnchor), { state: "trusted" });
    const host = createFakeHost({
      user: ROOT_USER,
      files: { ...files, [CACERTS]: PKCS12_ENCRYPTED },
    });
    const store = await discover(host);
    await assert.rejects(store.add(rootAnchor), {
      code: "STORE_UNAVAILABLE",
      message: 'Cannot use the trust store of Java (jdk): "/opt/jdk" has no keytool',
    });
  });

  test("that cannot be read is unavailable", async () => {
    const host = machine({
      user: { uid: 1000, gid: 1000 },
      files: { [CACERTS]: { content: JKS_OTHER, mode: 0o600, uid: 0, gid: 0 } },
    });
    await assert.rejects((await discover(host)).state(rootAnchor), { code: "STORE_UNAVAILABLE" });
  });

  test("starts keytool without the options that the environment gives to every Java", async () => {
    const host = machine({
      ...ENCRYPTED,
      env: {
        HOME: "/root",
        JAVA_TOOL_OPTIONS: "-javaagent:/tmp/evil.jar",
        _JAVA_OPTIONS: "-Xmx1g",
      },
    });
    await (await discover(host)).add(rootAnchor);
    const run = host.log.find((action) => action.type === "run");
    assert.deepEqual(run?.type === "run" && run.env, { JAVA_TOOL_OPTIONS: "", _JAVA_OPTIONS: "" });
  });
});

describe("a Java trust store that is encrypted", () => {
  const entry = (alias: string, type: string, pem: string) =>
    `Alias name: ${alias}\nCreation date: Nov 24, 2026\nEntry type: ${type}\n\n${pem}\n\n*****\n\n`;
  const head =
    "Keystore type: PKCS12\nKeystore provider: SUN\n\nYour keystore contains 2 entries\n\n";
  const other = entry("other", "trustedCertEntry", otherAnchor.pem);

  const store = async (stdout: string) =>
    await discover(machine({
      files: { [CACERTS]: PKCS12_ENCRYPTED },
      commands: { keytool: (argv) => argv.includes("-list") ? { stdout } : 0 },
    }));

  test("is read with keytool, and the reservation is said", async () => {
    const state =
      await (await store(head + other + entry("my ca", "trustedCertEntry", rootAnchor.pem)))
        .state(rootAnchor);
    assert.equal(state.state, "trusted");
    assert.match(state.reason!, /is encrypted/);
  });

  test("does not hold it", async () => {
    assert.deepEqual(await (await store(head + other)).state(rootAnchor), { state: "absent" });
  });

  test("holds it in the chain of a private key only, which is no trust", async () => {
    const text = head + other + entry("key", "PrivateKeyEntry", rootAnchor.pem);
    assert.deepEqual(await (await store(text)).state(rootAnchor), { state: "absent" });
  });

  test("gives the alias as it is, for -delete", async () => {
    const stdout = head + other + entry("my ca: 1", "trustedCertEntry", rootAnchor.pem);
    const host = machine({
      ...ENCRYPTED,
      commands: { keytool: (argv) => argv.includes("-list") ? { stdout } : 0 },
    });
    const encrypted = await discover(host);
    assert.equal((await encrypted.plan("remove", rootAnchor)).length, 1);
    await encrypted.remove(rootAnchor, []);
    const deletion = host.commandLines.find((argv) => argv.includes("-delete"));
    assert.equal(deletion?.at(-1), "my ca: 1");
    assert.ok(deletion.includes(COPY));
  });

  test("is an error, not absent, where keytool speaks another language", async () => {
    const text = (head + entry("ca", "trustedCertEntry", rootAnchor.pem))
      .replaceAll("Alias name", "Aliasname");
    await assert.rejects((await store(text)).state(rootAnchor), { code: "TOOL_FAILED" });
  });
});

describe("a Java trust store on Windows", () => {
  const home = "C:\\Program Files\\Eclipse Adoptium\\jdk-21";
  const cacerts = `${home}\\lib\\security\\cacerts`;
  const file = "C:\\Users\\Änn Lee\\root.pem";
  const anchor = { ...rootAnchor, file };

  async function start(uid: number) {
    const keytool: FakeCommand = (argv, _input, host) => {
      const node = host.disk.get(onDisk(argv[argv.indexOf("-keystore") + 1]!));
      if (node === undefined) return { code: 1, stdout: "keytool error: no such file" };
      node.content = (argv.includes("-importcert") ? JKS_BOTH : JKS_OTHER).slice();
      return 0;
    };
    const host = createFakeWindows({
      env: { ...WINDOWS_ENV, ProgramFiles: "C:\\Program Files" },
      files: {
        [`${home}\\lib\\security`]: { type: "directory", uid },
        [cacerts]: { content: JKS_OTHER, uid },
        [file]: anchor.pem,
      },
      commands: { [`${home}\\bin\\keytool`]: keytool, [`/usr/bin/${home}\\bin\\keytool`]: keytool },
    });
    const context = {
      host,
      user: await findTargetUser(host),
      elevation: createElevation(host),
    };
    const [store] = await createJavaFamily(windowsJavaPlaces).discover(context);
    return { host, store: store! };
  }

  test("is changed where the user may write", async () => {
    const { host, store } = await start(1000);
    await store.add(anchor);
    assert.deepEqual(await store.state(anchor), { state: "trusted" });
    assert.deepEqual(host.disk.names(onDisk(`${home}\\lib\\security`)), ["cacerts"]);
    await store.remove(anchor, []);
    assert.deepEqual(await store.state(anchor), { state: "absent" });
  });

  test("in Program Files needs an administrator, and is left as it is without", async () => {
    const { host, store } = await start(0);
    await assert.rejects(store.add(anchor), { code: "NEEDS_ROOT", message: /administrator/ });
    assert.deepEqual(host.commandLines, []);
    assert.deepEqual(await store.state(anchor), { state: "absent" });
  });
});
