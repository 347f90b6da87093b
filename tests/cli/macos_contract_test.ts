/**
 * What the build for macOS asks of security(1), against a strict stand-in with a memory: a command contract, not macOS.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type FakeMac, makeMac, SYSTEM_KEYCHAIN, UID } from "../support/fake_macos.ts";

const SLOW = { timeout: 180_000 };
const SYSTEM = ["--stores", "system"];

/** The one store in an answer. */
// deno-lint-ignore no-explicit-any
function storeOf({ document }: { readonly document: any }) {
  assert.equal(document.stores.length, 1, JSON.stringify(document));
  return document.stores[0];
}

const sha1Of = (file: string) =>
  execFileSync("openssl", ["x509", "-in", file, "-noout", "-fingerprint", "-sha1"], {
    encoding: "utf8",
  }).split("=")[1]!.trim().replaceAll(":", "");

const rootOf = (mac: FakeMac) => join(mac.state, "root.pem");

/** A self-signed certificate with the subject of another, and another key. */
function makeNamesake(mac: FakeMac): string {
  const subject = execFileSync(
    "openssl",
    ["x509", "-in", rootOf(mac), "-noout", "-subject", "-nameopt", "compat"],
    { encoding: "utf8" },
  ).replace(/^subject=/, "").trim();
  const file = join(mac.home, "namesake.pem");
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  execFileSync("openssl", [
    ...["req", "-x509", ...key, "-keyout", join(mac.home, "namesake.key"), "-out", file],
    ...["-subj", subject.startsWith("/") ? subject : `/CN=${subject}`, "-days", "30"],
  ], { stdio: "pipe" });
  return file;
}

describe("command contract, not macOS: the stand-in is strict", () => {
  const wrong: [number, string[]][] = [
    [1, ["add-trusted-certificate", "x.pem"]],
    [2, ["add-trusted-cert"]],
    [2, ["add-trusted-cert", "-r", "root", "x.pem"]],
    [2, ["add-trusted-cert", "x.pem", "-r", "trustRoot"]],
    [2, ["add-trusted-cert", "-x", "x.pem"]],
    [2, ["verify-cert", "-p", "ssl"]],
    [2, ["delete-certificate", "/x.keychain"]],
    [50, ["find-certificate", "-a", "-p", "/x.keychain"]],
    [1, ["trust-settings-export", "/nonexistent/x.plist"]],
  ];
  for (const [code, words] of wrong) {
    test(`security ${words.join(" ")} ends with ${code}`, SLOW, async () => {
      const result = await makeMac().security(...words);
      assert.equal(result.code, code, result.stderr);
      assert.notEqual(result.stderr, "");
    });
  }
});

describe("command contract, not macOS: the login keychain", () => {
  test("setup trusts, status sees it, uninstall takes it back", SLOW, async () => {
    const mac = makeMac();
    const first = await mac.run(["setup", "app.test", "127.0.0.1", ...SYSTEM]);
    assert.equal(first.code, 0, first.stdout);
    const { kind, label, path, outcome, reason } = storeOf(first);
    assert.deepEqual([kind, label, path, outcome, reason], [
      "system",
      "login keychain",
      mac.loginKeychain,
      "added",
      undefined,
    ]);
    assert.equal(mac.dialogs(), 1);
    const { sha256 } = first.document.ca;
    assert.deepEqual(mac.takeChanges(), [[
      ...["add-trusted-cert", "-r", "trustRoot", "-p", "ssl", "-p", "basic"],
      ...["-k", mac.loginKeychain, join(mac.state, "anchors", `${sha256}.pem`)],
    ]]);
    assert.deepEqual(mac.held().keychains[mac.loginKeychain], [sha256]);
    // The independent judge of the stand-in: openssl, with what is trusted and nothing else.
    const [certificate] = first.document.certificates;
    const judge = ["verify-cert", "-c", certificate.cert, "-c", join(mac.state, "issuer.pem")];
    assert.equal((await mac.security(...judge, "-L", "-p", "ssl", "-s", "app.test")).code, 0);
    assert.equal((await mac.security(...judge, "-L", "-p", "ssl", "-s", "www.test")).code, 1);

    const status = await mac.run(["status", ...SYSTEM]);
    assert.equal(status.code, 0, status.stdout);
    assert.equal(storeOf(status).outcome, "trusted");

    const again = await mac.run(["setup", "app.test", "127.0.0.1", ...SYSTEM]);
    assert.equal(again.code, 0, again.stdout);
    assert.equal(storeOf(again).outcome, "unchanged");
    assert.deepEqual(mac.takeChanges(), []);
    assert.equal(mac.dialogs(), 1, "nobody is asked for what is trusted already");

    const sha1 = sha1Of(rootOf(mac));
    const gone = await mac.run(["uninstall", ...SYSTEM]);
    assert.equal(gone.code, 0, gone.stdout);
    assert.equal(storeOf(gone).outcome, "removed");
    const changes = mac.takeChanges();
    assert.deepEqual(changes.map(([command]) => command), [
      "remove-trusted-cert",
      "delete-certificate",
    ]);
    assert.deepEqual(changes[1], ["delete-certificate", "-Z", sha1, mac.loginKeychain]);
    assert.deepEqual(mac.held(), {
      keychains: { [mac.loginKeychain]: [], [SYSTEM_KEYCHAIN]: [] },
      settings: { [UID]: {}, admin: {} },
    });
    assert.equal((await mac.security(...judge, "-L", "-p", "ssl", "-s", "app.test")).code, 1);
    const after = await mac.run(["status", ...SYSTEM]);
    assert.equal(after.code, 1);
    assert.equal(storeOf(after).outcome, "untrusted");
    const left = readdirSync(process.env["TMPDIR"] ?? "/tmp").filter((name) =>
      /^localtls-[0-9a-f]{32}$/.test(name)
    );
    assert.deepEqual(left, [], "scratch directories are left");
  });

  const failures = [
    { mode: "cancel", says: /window of macOS was cancelled/ },
    { mode: "cancel", language: "de", says: /window of macOS was cancelled/ },
    { mode: "fail", says: /"security" ended with exit code 1: .*internal error/ },
    { mode: "no-gui", session: "Background", says: /this session has no screen/, profile: true },
    { mode: "locked", says: /keychain is locked/, profile: true },
    { mode: "lie", says: /Cannot confirm the change: "security" reported no error/ },
  ];
  for (const { mode, language = "en", session = "Aqua", says, profile = false } of failures) {
    test(`${mode} (${language}): said, with what to do, and nothing is left`, SLOW, async () => {
      const mac = makeMac();
      mac.set("mode", mode);
      mac.set("language", language);
      mac.set("session", session);
      const result = await mac.run(["setup", "app.test", ...SYSTEM]);
      assert.equal(result.code, 3, result.stdout);
      const { outcome, reason, hint } = storeOf(result);
      assert.equal(outcome, "failed");
      assert.match(reason, says);
      assert.match(hint, profile ? /setup --profile/ : /security add-trusted-cert -r trustRoot/);
      assert.ok(
        existsSync(result.document.certificates[0].cert),
        "the certificate is there anyway",
      );
      const { keychains, settings } = mac.held();
      assert.deepEqual(keychains[mac.loginKeychain], []);
      assert.deepEqual(settings[UID], {});

      mac.set("mode", "");
      mac.set("session", "Aqua");
      assert.equal((await mac.run(["setup", "app.test", ...SYSTEM])).code, 0);
    });
  }

  test("a window that nobody answers ends at the time limit", SLOW, async () => {
    const mac = makeMac();
    mac.set("mode", "hang");
    const result = await mac.run(["trust", ...SYSTEM]);
    assert.equal(result.code, 1, "there is no CA yet");
    const setup = await mac.run(["setup", "app.test", ...SYSTEM]);
    assert.equal(setup.code, 3, setup.stdout);
    assert.match(storeOf(setup).reason, /"security" did not end within 60 s/);
    assert.match(storeOf(setup).hint, /security add-trusted-cert/);
    assert.deepEqual(mac.held().keychains[mac.loginKeychain], []);
  });

  test("a removal that is cancelled leaves everything as it was", SLOW, async () => {
    const mac = makeMac();
    assert.equal((await mac.run(["setup", "app.test", ...SYSTEM])).code, 0);
    const before = mac.held();
    mac.set("mode", "cancel");
    const result = await mac.run(["uninstall", ...SYSTEM]);
    assert.equal(result.code, 3, result.stdout);
    assert.match(storeOf(result).reason, /window of macOS was cancelled/);
    assert.match(storeOf(result).hint, /security remove-trusted-cert/);
    assert.deepEqual(mac.held().settings[UID], before.settings[UID]);
    mac.set("mode", "lie");
    const lie = await mac.run(["uninstall", ...SYSTEM]);
    assert.equal(lie.code, 3);
    assert.match(storeOf(lie).reason, /the store still holds the certificate/);
  });

  test(
    "in the keychain and not trusted, or denied, is broken, and setup mends it",
    SLOW,
    async () => {
      const mac = makeMac();
      assert.equal((await mac.run(["setup", "app.test", ...SYSTEM])).code, 0);
      const root = rootOf(mac);
      assert.equal((await mac.security("remove-trusted-cert", root)).code, 0);
      const untrusted = await mac.run(["status", ...SYSTEM]);
      assert.equal(untrusted.code, 1);
      assert.match(storeOf(untrusted).reason, /nothing says that it is to be trusted/);

      assert.equal((await mac.security("add-trusted-cert", "-r", "deny", root)).code, 0);
      const denied = await mac.run(["status", ...SYSTEM]);
      assert.equal(storeOf(denied).outcome, "untrusted");
      assert.match(storeOf(denied).reason, /never to trust it/);

      const mended = await mac.run(["setup", "app.test", ...SYSTEM]);
      assert.equal(mended.code, 0, mended.stdout);
      assert.equal(storeOf(mended).outcome, "added");

      const other = ["add-trusted-cert", "-r", "trustRoot", "-p", "smime", root];
      assert.equal((await mac.security(...other)).code, 0);
      const mail = await mac.run(["status", ...SYSTEM]);
      assert.equal(
        storeOf(mail).outcome,
        "untrusted",
        "trusted for mail is not trusted for servers",
      );
    },
  );

  test("a certificate of the same name is told apart and left alone", SLOW, async () => {
    const mac = makeMac();
    assert.equal((await mac.run(["setup", "app.test", ...SYSTEM])).code, 0);
    assert.equal((await mac.run(["uninstall", ...SYSTEM])).code, 0);
    const namesake = makeNamesake(mac);
    const trusted = ["add-trusted-cert", "-r", "trustRoot", "-k", mac.loginKeychain, namesake];
    assert.equal((await mac.security(...trusted)).code, 0);
    const only = await mac.run(["status", ...SYSTEM]);
    assert.equal(storeOf(only).outcome, "untrusted", "the other one was taken for ours");

    assert.equal((await mac.run(["trust", ...SYSTEM])).code, 0);
    assert.equal(mac.held().keychains[mac.loginKeychain]!.length, 2);
    const gone = await mac.run(["uninstall", ...SYSTEM]);
    assert.equal(gone.code, 0, gone.stdout);
    const { keychains, settings } = mac.held();
    assert.equal(keychains[mac.loginKeychain]!.length, 1);
    assert.deepEqual(Object.keys(settings[UID]!), [sha1Of(namesake).toLowerCase()]);
  });

  test("a server's own certificate is trusted as what it is", SLOW, async () => {
    const mac = makeMac();
    const file = join(mac.home, "server.pem");
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    execFileSync("openssl", [
      ...["req", "-x509", ...key, "-keyout", join(mac.home, "server.key"), "-out", file],
      ...["-subj", "/CN=server.test", "-addext", "subjectAltName=DNS:server.test", "-days", "30"],
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ], { stdio: "pipe" });
    const result = await mac.run(["trust", file, "--yes", ...SYSTEM]);
    assert.equal(result.code, 0, result.stdout);
    assert.equal(result.document.anchor.role, "peer");
    // Self-signed: trustAsRoot would be refused.
    assert.deepEqual(mac.takeChanges()[0]?.slice(0, 3), ["add-trusted-cert", "-r", "trustRoot"]);
    assert.equal((await mac.run(["untrust", file, ...SYSTEM])).code, 0);
    assert.deepEqual(mac.held().settings[UID], {});
  });
});

describe("command contract, not macOS: the System keychain", () => {
  test("--machine without root: the commands to paste; with it: for everybody", SLOW, async () => {
    const mac = makeMac();
    const refused = await mac.run(["setup", "app.test", "--machine", ...SYSTEM]);
    assert.equal(refused.code, 3, refused.stdout);
    assert.equal(storeOf(refused).outcome, "needs-root");
    assert.match(
      storeOf(refused).hint,
      /^sudo security add-trusted-cert -d -r trustRoot -p ssl -p basic -k \/Library\/Keychains\/System\.keychain /,
    );
    assert.deepEqual(mac.takeChanges(), []);

    mac.set("sudo", "yes");
    const done = await mac.run(["setup", "app.test", "--machine", ...SYSTEM]);
    assert.equal(done.code, 0, done.stdout);
    assert.deepEqual(
      [storeOf(done).label, storeOf(done).path, storeOf(done).outcome],
      ["System keychain", SYSTEM_KEYCHAIN, "added"],
    );
    assert.deepEqual(Object.keys(mac.held().settings["admin"]!).length, 1);
    assert.deepEqual(mac.held().settings[UID], {});

    // The user's own view: trusted, and nobody is asked once more.
    const status = await mac.run(["status", ...SYSTEM]);
    assert.equal(status.code, 0, status.stdout);
    assert.match(storeOf(status).reason, /the System keychain holds it/);

    const gone = await mac.run(["uninstall", ...SYSTEM]);
    assert.equal(gone.code, 0, gone.stdout);
    assert.deepEqual(mac.held().settings["admin"], {});
    assert.deepEqual(mac.held().keychains[SYSTEM_KEYCHAIN], []);
    assert.equal((await mac.run(["status", "--machine", ...SYSTEM])).code, 1);
  });

  test("cancelled by the administrator", SLOW, async () => {
    const mac = makeMac();
    mac.set("sudo", "yes");
    mac.set("mode", "cancel");
    const result = await mac.run(["setup", "app.test", "--machine", ...SYSTEM]);
    assert.equal(result.code, 3, result.stdout);
    assert.match(storeOf(result).reason, /window of macOS was cancelled/);
    assert.match(storeOf(result).hint, /^sudo security add-trusted-cert -d/);
    assert.deepEqual(mac.held().keychains[SYSTEM_KEYCHAIN], []);
  });

  test("root of its own means the machine", SLOW, async () => {
    const mac = makeMac();
    const result = await mac.runAsRoot([
      "setup",
      "app.test",
      "--dir",
      join(mac.home, "ca"),
      ...SYSTEM,
    ], false);
    // The home belongs to the user: root with somebody's HOME works for them.
    assert.equal(storeOf(result).label, "login keychain");
    const own = makeMac();
    own.set("user", `root 0 0 ${own.home}\n`);
    execFileSync("chown", ["-R", "0:0", own.home]);
    const machine = await own.runAsRoot(["setup", "app.test", ...SYSTEM], false);
    assert.equal(machine.code, 0, machine.stdout);
    assert.equal(storeOf(machine).label, "System keychain");
  });

  test("sudo localtls changes the user's keychain, as the user", SLOW, async () => {
    const mac = makeMac();
    const result = await mac.runAsRoot(["setup", "app.test", ...SYSTEM], true);
    assert.equal(result.code, 0, result.stdout);
    assert.equal(storeOf(result).path, mac.loginKeychain);
    assert.equal(mac.held().settings["0"], undefined, "root's own settings were changed");
    assert.equal(Object.keys(mac.held().settings[UID]!).length, 1);
    assert.deepEqual(mac.held().settings["admin"], {});
    assert.equal(statSync(join(mac.state, "root.pem")).uid, UID);
    const status = await mac.run(["status", ...SYSTEM]);
    assert.equal(status.code, 0, "the user's own program sees the same");
    const gone = await mac.runAsRoot(["uninstall", ...SYSTEM], true);
    assert.equal(gone.code, 0, gone.stdout);
    assert.deepEqual(mac.held().settings[UID], {});
  });
});

describe("command contract, not macOS: the probe", () => {
  test("a verifier that refuses name constraints: said, and the way out works", SLOW, async () => {
    const mac = makeMac();
    mac.set("mode", "constraints");
    const refused = await mac.run(["setup", "app.test", "127.0.0.1", ...SYSTEM]);
    assert.equal(refused.code, 3, refused.stdout);
    assert.equal(refused.document.ok, false);
    const { outcome, reason, hint } = storeOf(refused);
    assert.equal(outcome, "added", "the root itself is trusted");
    assert.match(reason, /certificate for "app\.test" is refused because of the name constraints/);
    assert.match(reason, /gives up their protection/);
    assert.match(hint, /ca permit any$/);
    const trust = await mac.run(["trust", ...SYSTEM]);
    assert.equal(trust.code, 3);
    assert.match(storeOf(trust).reason, /because of the name constraints/);

    const free = await mac.run(["ca", "permit", "any", "--yes", ...SYSTEM]);
    assert.equal(free.code, 0, free.stdout);
    assert.equal((await mac.run(["setup", "app.test", "127.0.0.1", ...SYSTEM])).code, 0);
  });

  test("a verifier without -v leaves the reason open, and says so", SLOW, async () => {
    const mac = makeMac();
    mac.set("mode", "constraints-old");
    const refused = await mac.run(["setup", "app.test", ...SYSTEM]);
    assert.equal(refused.code, 3, refused.stdout);
    assert.match(storeOf(refused).reason, /without a reason; the name constraints .* likely/);
  });

  test("another reason is not blamed on the name constraints", SLOW, async () => {
    const mac = makeMac();
    mac.set("mode", "expired");
    const refused = await mac.run(["setup", "app.test", ...SYSTEM]);
    assert.equal(refused.code, 3, refused.stdout);
    const { reason, hint } = storeOf(refused);
    assert.match(reason, /CSSMERR_TP_CERT_EXPIRED: TemporalValidity/);
    assert.doesNotMatch(reason, /name constraints/);
    assert.equal(hint, undefined);
  });

  test("an encrypted key without a password at hand is not asked for", SLOW, async () => {
    const mac = makeMac();
    assert.equal((await mac.run(["setup", "app.test", ...SYSTEM])).code, 0);
    const password = join(mac.home, "password");
    writeFileSync(password, "correct horse battery staple\n");
    execFileSync("chown", [`${UID}:${UID}`, password]);
    const encrypted = await mac.run(["ca", "encrypt", "--password-file", password]);
    assert.equal(encrypted.code, 0, encrypted.stdout);
    mac.set("mode", "constraints");
    const skipped = await mac.run(["trust", ...SYSTEM]);
    assert.equal(skipped.code, 0, skipped.stdout);
    const given = await mac.run(["trust", ...SYSTEM], { LOCALTLS_PASSWORD_FILE: password });
    assert.equal(given.code, 3, "with the password the probe is made");
  });
});

describe("command contract, not macOS: setup --profile", () => {
  test("writes the profile, changes no keychain and asks nobody", SLOW, async () => {
    const mac = makeMac();
    const result = await mac.run(["setup", "app.test", "--profile", "x.mobileconfig", ...SYSTEM]);
    assert.equal(result.code, 0, result.stdout);
    assert.deepEqual(result.document.stores, []);
    assert.equal(result.document.profile, join(mac.home, "work/x.mobileconfig"));
    assert.match(readFileSync(result.document.profile, "utf8"), /com\.apple\.security\.root/);
    assert.equal(statSync(result.document.profile).mode & 0o777, 0o644);
    assert.equal(mac.dialogs(), 0);
    assert.deepEqual(mac.takeChanges(), []);
    assert.equal((await mac.run(["status", ...SYSTEM])).code, 1, "it is not installed yet");
    const again = await mac.text(["setup", "app.test", "--profile", "x.mobileconfig", ...SYSTEM]);
    assert.match(again.stdout, /trust comes with the profile/);
    assert.match(again.stdout, /x\.mobileconfig/);
    assert.equal(mac.dialogs(), 0);
  });
  test("without it, the window is announced before it opens", SLOW, async () => {
    const mac = makeMac();
    const { stderr, code } = await mac.text(["setup", "app.test", ...SYSTEM]);
    assert.equal(code, 0);
    assert.match(stderr, /macOS asks for a password or Touch ID in a window .* login keychain/);
    assert.equal(mac.dialogs(), 1);
    const again = await mac.text(["setup", "app.test", ...SYSTEM]);
    assert.doesNotMatch(again.stderr, /macOS asks/);
  });
  test("refuses another ending before anything is done", SLOW, async () => {
    const mac = makeMac();
    const result = await mac.run(["setup", "app.test", "--profile", "x.xml", ...SYSTEM]);
    assert.equal(result.code, 2);
    assert.equal(existsSync(mac.state), false);
  });
});
