/** The scripts of share and the databases of browsers, as NSS's own certutil shows them. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { findProgram, mustRun, run } from "../support/processes.ts";
import { freshHome, scratchDirectory } from "../support/sandbox.ts";
import { makePackage } from "../support/share_package.ts";

const LIMIT = { timeout: 120_000 };
const skip = findProgram("certutil") === undefined && "certutil is not installed";
const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
const XDG = ".local/share/pki/nssdb";
const FIREFOX = ".mozilla/firefox/a b.default";
const SHELLS = [["dash"], ["bash", "--posix"], ["zsh", "--emulate", "sh"], ["busybox", "sh"], [
  "mksh",
], ["yash"]];

/** A person with databases, and a package at hand. */
async function prepare(databases: readonly string[]) {
  const { directory, document } = await makePackage();
  const home = freshHome();
  for (const database of databases) await makeDatabase(join(home, database));
  const name = `localtls-${document.sha256.slice(0, 16)}`;
  const script = async (
    words: readonly string[],
    shell = ["sh"],
    env: Readonly<Record<string, string | undefined>> = {},
  ) => {
    const [file = "", ...rest] = words;
    const variables = { HOME: home, SUDO_USER: undefined, ...env };
    const { code, stdout, stderr } = await run([...shell, join(directory, file), ...rest], {
      env: variables,
      timeoutMs: 60_000,
    });
    return { code, text: stdout + stderr };
  };
  return { directory, home, name, script };
}

async function makeDatabase(directory: string, ...password: string[]): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const how = password.length === 0 ? ["--empty-password"] : ["-f", ...password];
  await mustRun(["certutil", "-N", "-d", `sql:${directory}`, ...how]);
}

/** The flags of a certificate; undefined where the database does not have it. */
async function flagsOf(directory: string, name: string): Promise<string | undefined> {
  const list = await mustRun(["certutil", "-L", "-d", `sql:${directory}`]);
  return list.split("\n").find((line) => line.startsWith(`${name} `))?.slice(name.length).trim();
}

describe("the scripts and browsers", { skip }, () => {
  for (const shell of SHELLS) {
    const missing = findProgram(shell[0]!) === undefined && `${shell[0]} is not installed`;
    test(
      `in ${shell[0]}: into every database, and out again`,
      { ...LIMIT, skip: missing },
      async () => {
        const { home, name, script } = await prepare([XDG, FIREFOX]);
        const both = () => Promise.all([XDG, FIREFOX].map((one) => flagsOf(join(home, one), name)));
        assert.match(
          (await script(["uninstall.sh", "--browsers"], shell)).text,
          /not trusted here/,
        );
        const unasked = await script(["install.sh", "--browsers"], shell);
        assert.equal(unasked.code, 1);
        assert.match(unasked.text, /nobody to ask/);
        assert.deepEqual(await both(), [undefined, undefined]);
        const installed = await script(["install.sh", "--browsers", "--yes"], shell);
        assert.equal(installed.code, 0, installed.text);
        assert.deepEqual(await both(), ["C,,", "C,,"]);
        // An existing ~/.pki/nssdb would hide the other one from Chromium.
        assert.equal(existsSync(join(home, ".pki")), false);
        const again = await script(["install.sh", "--browsers"], shell);
        assert.equal(again.code, 0);
        assert.match(again.text, /trusted already/);
        const removed = await script(["uninstall.sh", "--browsers"], shell);
        assert.equal(removed.code, 0, removed.text);
        assert.deepEqual(await both(), [undefined, undefined]);
        const wrong = await script(["install.sh", "--everything"], shell);
        assert.equal(wrong.code, 1);
        assert.match(wrong.text, /there is no option --everything/);
      },
    );
  }

  test("--system leaves the databases, and the other way round", LIMIT, async () => {
    const { directory, home, name, script } = await prepare([XDG]);
    const root = (await mustRun(["sed", "-n", "2p", join(directory, "root.pem")])).trim();
    const inBundle = async () => (await run(["grep", "-qF", root, BUNDLE])).code === 0;
    await script(["install.sh", "--browsers", "--yes"]);
    assert.equal(await inBundle(), false);
    await script(["uninstall.sh", "--browsers"]);
    await script(["install.sh", "--system", "--yes"]);
    assert.equal(await inBundle(), true);
    assert.equal(await flagsOf(join(home, XDG), name), undefined);
    await script(["install.sh", "--yes"]);
    assert.equal(await flagsOf(join(home, XDG), name), "C,,");
    await script(["uninstall.sh", "--system"]);
    assert.equal(await inBundle(), false);
    assert.equal(await flagsOf(join(home, XDG), name), "C,,");
  });

  test("a database with a password is left as it was, and the others are done", LIMIT, async () => {
    const { home, name, script } = await prepare([XDG]);
    const locked = join(home, FIREFOX);
    const password = join(home, "password");
    writeFileSync(password, "secret\n");
    await makeDatabase(locked, password);
    const { code, text } = await script(["install.sh", "--browsers", "--yes"]);
    assert.equal(code, 3, text);
    assert.match(text, /a b\.default does not trust it: .*SEC_ERROR_BAD_PASSWORD/s);
    assert.equal(await flagsOf(locked, name), undefined);
    assert.equal(await flagsOf(join(home, XDG), name), "C,,");
  });

  test(
    "trusted under another name: nothing to add, and taken back only by who added it",
    LIMIT,
    async () => {
      const { directory, home, name, script } = await prepare([XDG]);
      const database = `sql:${join(home, XDG)}`;
      const root = join(directory, "root.pem");
      await mustRun(["certutil", "-A", "-d", database, "-n", "by hand", "-t", "C,,", "-i", root]);
      assert.match((await script(["install.sh", "--browsers"])).text, /trusted already/);
      assert.equal(await flagsOf(join(home, XDG), name), undefined);
      const { code, text } = await script(["uninstall.sh", "--browsers"]);
      assert.equal(code, 3);
      assert.match(text, /still trusts it, as by hand/);
      assert.equal(await flagsOf(join(home, XDG), "by hand"), "C,,");
    },
  );

  test("known without trust: trusted then", LIMIT, async () => {
    const { directory, home, script } = await prepare([XDG]);
    const database = `sql:${join(home, XDG)}`;
    const root = join(directory, "root.pem");
    await mustRun(["certutil", "-A", "-d", database, "-n", "seen", "-t", ",,", "-i", root]);
    const { code, text } = await script(["install.sh", "--browsers", "--yes"]);
    assert.equal(code, 0, text);
    assert.equal(await flagsOf(join(home, XDG), "seen"), "C,,");
  });

  test(
    "root leaves a home that is somebody else's, and an account without a browser is told",
    LIMIT,
    async () => {
      const { home, name, script } = await prepare([XDG]);
      await mustRun(["chown", "-R", "nobody", home]);
      const { code, text } = await script(["install.sh", "--browsers", "--yes"]);
      assert.equal(code, 0, text);
      assert.match(text, /no browser with a store of its own/);
      assert.equal(await flagsOf(join(home, XDG), name), undefined);
      await mustRun(["chown", "-R", "root", home]);
      assert.equal((await script(["install.sh", "--browsers", "--yes"])).code, 0);
      assert.equal(await flagsOf(join(home, XDG), name), "C,,");
      const homeless = await script(["install.sh", "--browsers", "--yes"], ["sh"], {
        HOME: undefined,
      });
      assert.match(homeless.text, /no browser with a store of its own/);
    },
  );

  test("without certutil it is said, and the system store is done", LIMIT, async () => {
    const { home, name, script } = await prepare([XDG]);
    const programs = scratchDirectory("programs");
    // Everything but certutil.
    await mustRun(["cp", "-asf", ...["/usr/bin/.", "/usr/sbin/."], programs]);
    rmSync(join(programs, "certutil"));
    symlinkSync("/bin/true", join(programs, "chromium-browser"));
    const env = { PATH: programs };
    const { code, text } = await script(["install.sh", "--yes"], ["/bin/sh"], env);
    assert.equal(code, 0, text);
    assert.match(text, /trusted: SHA-256/);
    assert.match(text, /do not trust it yet: .*libnss3-tools/);
    assert.equal(await flagsOf(join(home, XDG), name), undefined);
    const alone = await script(["install.sh", "--browsers", "--yes"], ["/bin/sh"], env);
    assert.equal(alone.code, 1);
    assert.match(alone.text, /there is no certutil: install libnss3-tools/);
    const removed = await script(["uninstall.sh"], ["/bin/sh"], env);
    assert.equal(removed.code, 0, removed.text);
  });
});
