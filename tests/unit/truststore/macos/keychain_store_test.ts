import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FakeResult } from "../../../support/fake_host.ts";
import { macosFamily, openRecordedKeychain } from "../../../../src/truststore/macos/family.ts";
import type { DiscoverContext, TrustStore } from "../../../../src/truststore/store.ts";
import { ANCHOR_FILE, otherAnchor, peerAnchor, rootAnchor } from "../fixture_anchors.ts";
import {
  type FakeKeychains,
  fakeKeychains,
  fakeSudo,
  LOGIN,
  sha1Of,
  SYSTEM,
} from "./fake_keychains.ts";

const SHA1 = sha1Of(rootAnchor.pem);
const POLICIES = ["-p", "ssl", "-p", "basic"];

async function storeOf(
  mac: FakeKeychains,
  more: Partial<DiscoverContext> = {},
): Promise<TrustStore> {
  const [store] = await macosFamily.discover(await mac.context(more));
  return store!;
}

describe("the login keychain", () => {
  test("trusts and takes back, by commands that a user needs no root for", async () => {
    const mac = fakeKeychains({ interactive: true });
    const store = await storeOf(mac);
    assert.deepEqual([store.label, store.path], ["login keychain", LOGIN]);
    assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
    await store.add(rootAnchor);
    assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
    assert.deepEqual(await store.state(otherAnchor), { state: "absent" });
    await store.remove(rootAnchor, []);
    assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
    const [add, remove, erase] = mac.changes();
    assert.deepEqual(add, [
      ...["add-trusted-cert", "-r", "trustRoot", ...POLICIES, "-k", LOGIN, ANCHOR_FILE],
    ]);
    assert.match(
      remove!.join(" "),
      /^remove-trusted-cert \/tmp\/localtls-[0-9a-f]{32}\/certificate\.pem$/,
    );
    assert.deepEqual(erase, ["delete-certificate", "-Z", SHA1.toUpperCase(), LOGIN]);
    assert.ok(mac.host.commandLines.every(([name]) => name === "security" || name === "launchctl"));
    assert.deepEqual(mac.host.disk.get("/tmp/localtls"), undefined);
  });

  test("leaves no file behind, and works where nobody else can look", async () => {
    const mac = fakeKeychains({ env: { HOME: "/home/ann", TMPDIR: "/private/T/" } });
    mac.host.disk.put("/private/T", { type: "directory", mode: 0o700, uid: 1000, gid: 1000 });
    const modes: number[] = [];
    mac.answer = (words) => {
      const directory = words.at(-1)!.replace(/\/[^/]*$/, "");
      if (/\/localtls-/.test(directory)) modes.push(mac.host.disk.get(directory)!.mode!);
      return undefined;
    };
    const store = await storeOf(mac);
    await store.add(rootAnchor);
    await store.state(rootAnchor);
    assert.ok(modes.length > 0);
    assert.deepEqual(new Set(modes), new Set([0o700]));
    assert.deepEqual(await mac.host.files.list("/private/T"), []);
  });

  test("a temporary directory that is relative is not used", async () => {
    const mac = fakeKeychains({ env: { HOME: "/home/ann", TMPDIR: "tmp" } });
    await (await storeOf(mac)).state(rootAnchor);
    assert.ok(mac.host.changedPaths.length > 0);
    assert.ok(mac.host.changedPaths.every((path) => path.startsWith("/tmp/localtls-")));
  });

  const waits = [
    { title: "at a screen", session: "Aqua", interactive: true, limit: 300_000, announced: 1 },
    {
      title: "at a screen without a terminal",
      session: "Aqua",
      interactive: false,
      limit: 60_000,
      announced: 1,
    },
    { title: "over ssh", session: "Background", interactive: true, limit: 60_000, announced: 0 },
  ];
  for (const { title, session, interactive, limit, announced } of waits) {
    test(`${title}: ${limit / 1000} s for the window, announced ${announced} times`, async () => {
      const mac = fakeKeychains({ interactive });
      mac.session = session;
      await (await storeOf(mac)).add(rootAnchor);
      assert.deepEqual(mac.limits, [limit]);
      assert.equal(mac.announced.length, announced);
      if (announced === 1) {
        assert.match(mac.announced[0]!, /macOS asks .* trust localtls test in the login/);
      }
    });
  }

  test("self-signed certificates are trustRoot, all others trustAsRoot", async () => {
    const mac = fakeKeychains();
    mac.host.disk.put(ANCHOR_FILE, peerAnchor.pem);
    const store = await storeOf(mac);
    await store.add(peerAnchor);
    // With another key in it, its signature is somebody else's.
    const issued = { ...peerAnchor.certificate, spki: rootAnchor.certificate.spki };
    await store.add({ ...peerAnchor, certificate: issued });
    assert.deepEqual(mac.changes().map((words) => words.slice(0, 3)), [
      ["add-trusted-cert", "-r", "trustRoot"],
      ["add-trusted-cert", "-r", "trustAsRoot"],
    ]);
  });

  test("a copy that was exchanged is not installed", async () => {
    const mac = fakeKeychains({ files: { [ANCHOR_FILE]: otherAnchor.pem } });
    await assert.rejects((await storeOf(mac)).add(rootAnchor), { code: "FILE_UNSAFE" });
    assert.deepEqual(mac.changes(), []);
  });

  const failing: [string, FakeResult, string, RegExp, RegExp][] = [
    [
      "the user cancels",
      { code: 1, stderr: "SecTrustSettings: The authorization was canceled by the user.\n" },
      "CANCELLED",
      /the window of macOS was cancelled/,
      /^security add-trusted-cert -r trustRoot/,
    ],
    [
      "the user cancels, in another language",
      { code: 1, stderr: "SecTrustSettings: Text of -60006.\n" },
      "CANCELLED",
      /cancelled/,
      /^security add-trusted-cert/,
    ],
    [
      "there is no screen",
      {
        code: 1,
        stderr: "X: The authorization was denied since no user interaction was possible.\n",
      },
      "CONFIRMATION_NEEDED",
      /this session has no screen/,
      /Run it in Terminal/,
    ],
    [
      "the keychain is locked",
      { code: 1, stderr: "X: User interaction is not allowed.\n" },
      "CONFIRMATION_NEEDED",
      /the keychain is locked/,
      /Run it in Terminal/,
    ],
    ["nobody answers", "timed-out", "TOOL_TIMEOUT", /did not end within/, /^security add/],
    [
      "it fails",
      { code: 1, stderr: "security: out of luck\n" },
      "TOOL_FAILED",
      /"security" ended with exit code 1: security: out of luck/,
      /^security add/,
    ],
  ];
  for (const [title, result, code, message, hint] of failing) {
    test(`${title}: ${code}, and the certificate does not stay`, async () => {
      const mac = fakeKeychains();
      mac.answer = (words) => {
        if (words[0] !== "add-trusted-cert") return undefined;
        mac.keychains.get(LOGIN)!.push(rootAnchor.pem);
        return result;
      };
      const store = await storeOf(mac);
      await assert.rejects(
        store.add(rootAnchor),
        (error: Error & { code: string; hints: string[] }) => {
          assert.equal(error.code, code);
          assert.match(error.message, message);
          assert.match(error.hints[0]!, hint);
          return true;
        },
      );
      assert.deepEqual(mac.keychains.get(LOGIN), []);
    });
  }

  test("a failure does not take out what was there before", async () => {
    const mac = fakeKeychains();
    mac.keychains.set(LOGIN, [rootAnchor.pem]);
    mac.answer = (words) => words[0] === "add-trusted-cert" ? 1 : undefined;
    await assert.rejects((await storeOf(mac)).add(rootAnchor), { code: "TOOL_FAILED" });
    assert.deepEqual(mac.keychains.get(LOGIN), [rootAnchor.pem]);
  });

  const setting = (result: number, more = "") =>
    `<array><dict>${more}<key>kSecTrustSettingsResult</key><integer>${result}</integer></dict></array>`;
  const looks: [
    string,
    string[],
    string | undefined,
    string | undefined,
    string,
    RegExp | undefined,
  ][] = [
    ["in the keychain alone", [rootAnchor.pem], undefined, undefined, "broken", /nothing says/],
    ["in the settings alone", [], "<array/>", undefined, "broken", /does not hold it/],
    ["in both", [rootAnchor.pem], "<array/>", undefined, "trusted", undefined],
    ["denied", [rootAnchor.pem], setting(3), undefined, "broken", /never to trust/],
    ["unspecified", [rootAnchor.pem], setting(4), undefined, "broken", /nothing says/],
    ["denied, trusted by the machine", [rootAnchor.pem], setting(3), "<array/>", "broken", /never/],
    [
      "unspecified, trusted by the machine",
      [rootAnchor.pem],
      setting(4),
      "<array/>",
      "trusted",
      undefined,
    ],
    [
      "trusted, denied by the machine",
      [rootAnchor.pem],
      "<array/>",
      setting(3),
      "trusted",
      undefined,
    ],
    ["another certificate", [otherAnchor.pem], undefined, undefined, "absent", undefined],
  ];
  for (const [title, held, own, machine, state, reason] of looks) {
    test(`${title}: ${state}`, async () => {
      const mac = fakeKeychains();
      mac.keychains.set(LOGIN, held);
      if (own !== undefined) mac.settings.user.set(SHA1, own);
      if (machine !== undefined) mac.settings.admin.set(SHA1, machine);
      const seen = await (await storeOf(mac)).state(rootAnchor);
      assert.equal(seen.state, state);
      if (reason === undefined) assert.equal(seen.reason, undefined);
      else assert.match(seen.reason!, reason);
      assert.deepEqual(mac.changes(), []);
    });
  }

  test("what macOS's own verifier refuses is broken, whatever the settings say", async () => {
    const mac = fakeKeychains();
    mac.keychains.set(LOGIN, [rootAnchor.pem]);
    mac.settings.user.set(SHA1, "<array/>");
    mac.answer = (words) =>
      words[0] === "verify-cert"
        ? { code: 1, stderr: "Cert Verify Result: CSSMERR_TP_CERT_EXPIRED\n" }
        : undefined;
    assert.deepEqual(await (await storeOf(mac)).state(rootAnchor), {
      state: "broken",
      reason: "macOS refuses it nevertheless: CSSMERR_TP_CERT_EXPIRED",
    });
  });

  for (const command of ["find-certificate", "trust-settings-export"]) {
    test(`a store that ${command} does not read is unavailable, not absent`, async () => {
      const mac = fakeKeychains();
      mac.answer = (words) => words[0] === command ? { code: 1, stderr: "no\n" } : undefined;
      await assert.rejects((await storeOf(mac)).state(rootAnchor), { code: "STORE_UNAVAILABLE" });
    });
  }

  test("what the machine trusts is trusted for its users, and removed with root alone", async () => {
    const mac = fakeKeychains();
    mac.keychains.set(SYSTEM, [rootAnchor.pem]);
    mac.settings.admin.set(SHA1, "<array/>");
    const store = await storeOf(mac);
    const seen = await store.state(rootAnchor);
    assert.equal(seen.state, "trusted");
    assert.match(seen.reason!, /System keychain holds it/);
    await assert.rejects(store.remove(rootAnchor, []), { code: "NEEDS_ROOT" });
    assert.deepEqual(mac.announced, [], "a window was announced that cannot open");
    assert.deepEqual(mac.keychains.get(SYSTEM), [rootAnchor.pem]);
  });

  test("is not deleted where another certificate shares the SHA-1", async () => {
    const mac = fakeKeychains();
    mac.keychains.set(LOGIN, [rootAnchor.pem, otherAnchor.pem]);
    const store = await storeOf(mac);
    const { digest } = crypto.subtle;
    const subtle = crypto.subtle as { digest: unknown };
    // No collision of two certificates is at hand: the digest is made one.
    subtle.digest = (name: string, data: Uint8Array) =>
      name === "SHA-1"
        ? Promise.resolve(new ArrayBuffer(20))
        : digest.call(crypto.subtle, name, data as Uint8Array<ArrayBuffer>);
    try {
      await assert.rejects(store.remove(rootAnchor, []), { code: "TRUST_NOT_CONFIRMED" });
    } finally {
      delete subtle.digest;
    }
    assert.deepEqual(mac.changes(), []);
  });
});

describe("who is meant", () => {
  const ANN = { uid: 0, gid: 0 };
  const asAnn = ["launchctl", "asuser", "501", "sudo", "-H", "-u", "#501", "--", "security"];

  test("under sudo: the user's keychain, as the user and in the user's session", async () => {
    const mac = fakeKeychains({
      user: ANN,
      env: { HOME: "/home/ann", SUDO_USER: "ann", SUDO_UID: "501" },
      commands: {
        dscl: () => ({
          stdout: "NFSHomeDirectory:\n /home/ann\nPrimaryGroupID: 20\nUniqueID: 501\n",
        }),
      },
    });
    const store = await storeOf(mac);
    assert.equal(store.path, LOGIN);
    await store.state(rootAnchor);
    const calls = mac.host.commandLines.filter((argv) => argv.includes("security"));
    assert.ok(calls.length > 2);
    for (const argv of calls) assert.deepEqual(argv.slice(0, asAnn.length), asAnn);
  });

  test("root of its own, and --machine: the keychain of everybody", async () => {
    const root = fakeKeychains({ user: ANN, env: { HOME: "/root" } });
    assert.equal((await storeOf(root)).path, SYSTEM);
    const mac = fakeKeychains({ interactive: true, commands: { sudo: fakeSudo } });
    const store = await storeOf(mac, { machine: true });
    assert.equal(store.path, SYSTEM);
    await store.add(rootAnchor);
    // What a user can exchange is not what root reads.
    const rootsCopy = `/etc/localtls-${rootAnchor.sha256.slice(0, 16)}.pem`;
    assert.deepEqual(mac.changes(), [[
      ...["add-trusted-cert", "-d", "-r", "trustRoot", ...POLICIES, "-k", SYSTEM, rootsCopy],
    ]]);
    assert.equal(mac.host.disk.get(rootsCopy), undefined);
    assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
    await store.remove(rootAnchor, []);
    assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
    assert.deepEqual(mac.keychains.get(LOGIN), []);
  });

  test("a profile takes the keychain's place", async () => {
    const mac = fakeKeychains();
    assert.deepEqual(await macosFamily.discover(await mac.context({ profile: true })), []);
  });

  test("keychains of the ledger can be opened, other paths not", async () => {
    const context = await fakeKeychains().context();
    assert.equal(openRecordedKeychain(context, SYSTEM)?.label, "System keychain");
    assert.equal(openRecordedKeychain(context, LOGIN)?.label, "login keychain");
    assert.equal(
      openRecordedKeychain(context, "/opt/homebrew/etc/ca-certificates/cert.pem"),
      undefined,
    );
  });
});

describe("verify()", () => {
  const CHAIN = [peerAnchor.pem, otherAnchor.pem];
  /** @param refuse What is refused: the leaf, or the issuer as well. */
  function refusing(refuse: "leaf" | "issuer", verbose: FakeResult) {
    const mac = fakeKeychains();
    const asked: string[][] = [];
    mac.answer = (words) => {
      if (words[0] !== "verify-cert") return undefined;
      asked.push(words.map((word) => word.replace(/^.*\/localtls-[0-9a-f]+\//, "")));
      if (words.includes("-v")) return verbose;
      if (refuse === "leaf" && words.includes("-l")) return 0;
      return { code: 1, stderr: "Cert Verify Result: CSSMERR_TP_INVALID_CERTIFICATE\n" };
    };
    return { mac, asked };
  }
  const reason = "CSSMERR_TP_INVALID_CERTIFICATE";
  const errors = (key: string) => ({
    code: 1,
    stdout:
      `---\nCertificate errors\n 0: [Odd] name\n\u001b[31m    Text in any language [${key}]\u001b[0m\n 1: x\n`,
  });

  test("asks for the chain and the name", async () => {
    const mac = fakeKeychains();
    const store = await storeOf(mac);
    assert.deepEqual(await store.verify!(CHAIN, "a.test"), { accepted: true });
    const words = mac.host.commandLines.at(-1)!.map((word) => word.replace(/^.*\//, ""));
    assert.deepEqual(words, [
      ...["security", "verify-cert", "-c", "0.pem", "-c", "1.pem"],
      ...["-L", "-p", "ssl", "-s", "a.test"],
    ]);
  });
  test("name constraints are told by their key", async () => {
    const { mac, asked } = refusing("leaf", errors("NameConstraints"));
    const verdict = await (await storeOf(mac)).verify!(CHAIN, "a.test");
    assert.deepEqual(verdict, { accepted: false, cause: "name-constraints", reason });
    assert.deepEqual(asked[1], ["verify-cert", "-c", "1.pem", "-l", "-L", "-p", "ssl"]);
  });
  test("another key is another reason", async () => {
    const { mac } = refusing("leaf", errors("ValidityPeriodMaximums"));
    assert.deepEqual(await (await storeOf(mac)).verify!(CHAIN, "a.test"), {
      accepted: false,
      cause: "other",
      reason: `${reason}: ValidityPeriodMaximums`,
    });
  });
  test("a version without -v leaves it open", async () => {
    const { mac } = refusing("leaf", { code: 2, stderr: "Usage: verify-cert [<options>]\n" });
    const verdict = await (await storeOf(mac)).verify!(CHAIN, "a.test");
    assert.deepEqual(verdict, { accepted: false, cause: "unknown", reason });
  });
  test("where the issuer is refused too, the leaf is not to blame", async () => {
    const { mac } = refusing("issuer", errors("NameConstraints"));
    const verdict = await (await storeOf(mac)).verify!(CHAIN, "a.test");
    assert.ok(!verdict.accepted && verdict.cause === "other");
    assert.match(verdict.reason, /the issuer is refused as well/);
  });
});
