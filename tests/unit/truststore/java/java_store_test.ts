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

  test("as root: keytool works on a copy, which replaces the file with its mode and owner", async () => {
    const host = machine({
      files: { [CACERTS]: { content: JKS_OTHER, mode: 0o640, uid: 7, gid: 8 } },
    });
    const store = await discover(host);
    assert.deepEqual(await store.add(rootAnchor), {});
    assert.deepEqual(host.commandLines, [[
      KEYTOOL,
      ...ENGLISH,
      "-importcert",
      "-noprompt",
      "-keystore",
      COPY,
      "-storepass",
      "changeit",
      "-alias",
      `localtls-${ID}`,
      "-file",
      ANCHOR_FILE,
    ]]);
    assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
    const { mode, uid, gid } = host.disk.get(CACERTS)!;
    assert.deepEqual({ mode, uid, gid }, { mode: 0o640, uid: 7, gid: 8 });
    assert.equal(host.disk.get(COPY), undefined);

    await store.remove(rootAnchor, []);
    // By the alias that it stands under, whoever chose it.
    assert.deepEqual(host.commandLines.at(-1), [
      KEYTOOL,
      ...ENGLISH,
      "-delete",
      "-keystore",
      COPY,
      "-storepass",
      "changeit",
      "-alias",
      "ca",
    ]);
    assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
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

  test("through sudo: keytool on the file itself", async () => {
    const host = machine({
      user: { uid: 1000, gid: 1000 },
      commands: { sudo: fakeSudo, true: () => 0 },
    });
    const store = await discover(host);
    assert.deepEqual((await store.plan("add", rootAnchor)).map(({ root }) => root), [true]);
    await store.add(rootAnchor);
    assert.deepEqual(host.commandLines.at(-1)!.slice(0, 4), ["sudo", "-n", "--", KEYTOOL]);
    assert.ok(host.commandLines.at(-1)!.includes(CACERTS));
    assert.deepEqual(host.changedPaths, []);
    assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
  });

  test("without a way to root: NEEDS_ROOT, the exact command, and nothing done", async () => {
    const host = machine({ user: { uid: 1000, gid: 1000 } });
    const store = await discover(host);
    await assert.rejects(store.add(rootAnchor), {
      code: "NEEDS_ROOT",
      hints: [
        `${KEYTOOL} ${ENGLISH.join(" ")} -importcert -noprompt -keystore ${CACERTS} ` +
        `-storepass changeit -alias localtls-${ID} -file ${ANCHOR_FILE}`,
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
      const host = machine({ commands: { keytool } });
      const store = await discover(host);
      await assert.rejects(store.add(rootAnchor), { code, message });
      assert.deepEqual(host.disk.get(CACERTS)!.content, JKS_OTHER);
      assert.equal(host.disk.get(COPY), undefined);
    });
  }

  test("is left as it was by a keytool that leaves an empty file and answers 0", async () => {
    const host = machine({
      commands: {
        keytool: (_argv, _input, { disk }) => {
          disk.put(COPY, "");
          return 0;
        },
      },
    });
    await assert.rejects((await discover(host)).add(rootAnchor), { code: "TOOL_FAILED" });
    assert.deepEqual(host.disk.get(CACERTS)!.content, JKS_OTHER);
  });

  test("a keytool that answers 0 and does nothing leaves a store that says so", async () => {
    const store = await discover(machine({ commands: { keytool: () => 0 } }));
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

  test("does not import a copy that holds another certificate", async () => {
    const host = machine({ files: { [ANCHOR_FILE]: otherAnchor.pem } });
    await assert.rejects((await discover(host)).add(rootAnchor), { code: "FILE_UNSAFE" });
    assert.deepEqual(host.log, []);
  });

  test("of a Java without keytool is read, and cannot be changed", async () => {
    const host = createFakeHost({
      user: ROOT_USER,
      files: { [CACERTS]: JKS_OTHER, [ANCHOR_FILE]: rootAnchor.pem },
    });
    const store = await discover(host);
    assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
    assert.deepEqual(await store.plan("add", rootAnchor), []);
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
    const text = head + other + entry("my ca: 1", "trustedCertEntry", rootAnchor.pem);
    const steps = await (await store(text)).plan("remove", rootAnchor);
    assert.deepEqual(steps.map((step) => step.type === "run" && step.argv.at(-1)), ["my ca: 1"]);
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

  test("is changed by keytool on a copy where the user may write", async () => {
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
