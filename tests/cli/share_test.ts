/** share with the built program: the archive for another reader, and its scripts on machines that only have what a system ships. */

import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { decodePem } from "../../src/der/pem.ts";
import { LINUX_SYSTEMS } from "../../src/truststore/system/systems.ts";
import { debianImage, inImage } from "../support/debian_image.ts";
import { localtls } from "../support/localtls.ts";
import { findProgram, mustRun, run } from "../support/processes.ts";
import { freshHome } from "../support/sandbox.ts";
import { makePackage } from "../support/share_package.ts";

const LIMIT = { timeout: 300_000 };

describe("the package", () => {
  test("has the root in every form, sums that fit, and no key", async () => {
    const { home, directory, document, state } = await makePackage();
    assert.deepEqual(readdirSync(directory).sort(), [...document.files].sort());
    await mustRun(["sha256sum", "-c", "SHA256SUMS"], { cwd: directory });
    const root = readFileSync(join(state, "root.pem"), "utf8");
    const wanted = await mustRun(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], {
      input: root,
    });
    const forms = [["root.pem", "PEM"], ["root.crt", "PEM"], ["root.der", "DER"]] as const;
    for (const [name, form] of forms) {
      const argv = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-inform", form];
      assert.equal(await mustRun([...argv, "-in", join(directory, name)]), wanted, name);
    }
    const shown = wanted.trim().split("=")[1]!;
    assert.ok(readFileSync(join(directory, "README.txt"), "utf8").includes(shown));
    const key = decodePem(readFileSync(join(state, "issuer-key.pem"), "utf8"))[0]!.der;
    for (
      const name of [
        ...readdirSync(directory).map((each) => join(directory, each)),
        join(home, "p.zip"),
      ]
    ) {
      const content = readFileSync(name);
      assert.equal(content.indexOf(Buffer.from(key)), -1, name);
      assert.doesNotMatch(content.toString("latin1"), /PRIVATE KEY/, name);
    }
  });

  test("is made without the key of the CA", async () => {
    const { home, env, state, directory } = await makePackage();
    rmSync(join(state, "issuer-key.pem"));
    const { code, stderr } = await localtls(["share", "--out", "again.zip"], { env, cwd: home });
    assert.equal(code, 0, stderr);
    rmSync(directory, { recursive: true });
    await mustRun(["python3", "-m", "zipfile", "-e", "again.zip", "."], { cwd: home });
    await mustRun(["sha256sum", "-c", "SHA256SUMS"], { cwd: directory });
  });

  test("carries programs along, and is refused without a CA, a .zip or a program", async () => {
    const programs = freshHome();
    writeFileSync(join(programs, "localtls-linux-x64"), "a program", { mode: 0o755 });
    writeFileSync(join(programs, "other"), "no program of ours");
    const { home, env, directory } = await makePackage("--with-binaries", programs);
    assert.deepEqual(readdirSync(join(directory, "bin")), ["localtls-linux-x64"]);
    await mustRun(["sha256sum", "-c", "SHA256SUMS"], { cwd: directory });
    const cases: [args: string[], words: RegExp, code: number, home?: string][] = [
      [["--out", "p.tar"], /it is a ZIP archive/, 2],
      [["--with-binaries", directory], /none is called localtls/, 1],
      [[], /there is none at .*\n.*setup/, 1, freshHome()],
    ];
    for (const [args, words, code, other = home] of cases) {
      const result = await localtls(["share", ...args], {
        env: { ...env, HOME: other },
        cwd: other,
      });
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, words);
    }
    await localtls(["share", "--dry-run", "--out", "dry.zip"], { env, cwd: home });
    assert.equal(existsSync(join(home, "dry.zip")), false);
  });
});

/** A machine: how to run a program on it, and where its files are from here. */
interface Machine {
  readonly root: string;
  run(...argv: string[]): ReturnType<typeof run>;
}

/** Puts a package on the machine, and tries everything that can be tried there. */
async function tryOut(machine: Machine, shell: readonly string[]): Promise<void> {
  const { home, directory } = await makePackage();
  const place = "/opt/package";
  const here = join(machine.root, place);
  rmSync(here, { recursive: true, force: true });
  cpSync(directory, here, { recursive: true });
  cpSync(join(home, "app.test.pem"), join(here, "leaf.pem"));
  // What OpenSSL trusts by itself; the issuer comes with the leaf, as from a server.
  const accepts = async () => {
    const files = ["-untrusted", `${place}/leaf.pem`, `${place}/leaf.pem`];
    const { code, stdout, stderr } = await machine.run(
      ...["openssl", "verify", "-CAfile", "/etc/ssl/certs/ca-certificates.crt", ...files],
    );
    if (code !== 0) assert.match(stdout + stderr, /unable to get (local )?issuer certificate/);
    return code === 0;
  };
  const script = async (name: string, ...words: string[]) => {
    const { code, stdout, stderr } = await machine.run(...shell, `${place}/${name}`, ...words);
    return { code, text: stdout + stderr };
  };
  assert.equal(await accepts(), false);
  assert.match((await script("uninstall.sh")).text, /not trusted here/);
  const unasked = await script("install.sh");
  assert.equal(unasked.code, 1, unasked.text);
  assert.match(unasked.text, /nobody to ask/);
  const pem = readFileSync(join(here, "root.pem"));
  writeFileSync(join(here, "root.pem"), readFileSync(join(here, "leaf.pem")));
  const wrong = await script("install.sh", "--yes");
  assert.equal(wrong.code, 1, wrong.text);
  assert.match(wrong.text, /is not the certificate that this script is for/);
  writeFileSync(join(here, "root.pem"), pem);
  assert.equal(await accepts(), false);

  const installed = await script("install.sh", "--yes");
  assert.equal(installed.code, 0, installed.text);
  assert.equal(await accepts(), true);
  const again = await script("install.sh");
  assert.equal(again.code, 0);
  assert.match(again.text, /trusted already/);

  const removed = await script("uninstall.sh");
  assert.equal(removed.code, 0, removed.text);
  assert.equal(await accepts(), false);
}

const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

describe("the scripts", () => {
  const shells = [["sh"], ["bash", "--posix"], ["zsh", "--emulate", "sh"], ["busybox", "sh"], [
    "mksh",
  ], ["yash"]];
  for (const shell of shells) {
    const skip = findProgram(shell[0]!) === undefined && `${shell[0]} is not installed`;
    test(
      `in ${shell[0]}: refused before, accepted after, refused again`,
      { ...LIMIT, skip },
      async () => {
        await tryOut({ root: "/", run: (...argv) => run(argv, { timeoutMs: 120_000 }) }, shell);
      },
    );
  }

  test("on a machine that has what Debian ships and no more", LIMIT, async (t) => {
    const root = await debianImage();
    if (typeof root !== "string") return t.skip(root.missing);
    const machine = { root, run: (...argv: string[]) => inImage(root, ...argv) };
    const before = readFileSync(join(root, BUNDLE), "utf8");
    await tryOut(machine, ["sh"]);
    assert.equal(readFileSync(join(root, BUNDLE), "utf8"), before);
    // Without its tool: the bundle alone.
    rmSync(join(root, "usr/sbin/update-ca-certificates"));
    await tryOut(machine, ["sh"]);
    assert.equal(readFileSync(join(root, BUNDLE), "utf8"), before);
  });

  // A stand-in for the tool shows which directory and command are chosen: what the real one does is for its own machine.
  for (const { id, tool, anchorDirectory, bundles } of LINUX_SYSTEMS.slice(0, 3)) {
    test(`where the tool of ${id} is, its directory is used`, LIMIT, async (t) => {
      const root = await debianImage();
      if (typeof root !== "string") return t.skip(root.missing);
      const machine = { root, run: (...argv: string[]) => inImage(root, ...argv) };
      rmSync(join(root, "usr/sbin/update-ca-certificates"));
      mkdirSync(join(root, anchorDirectory), { recursive: true });
      cpSync(join(root, BUNDLE), join(root, "/opt/public.pem"));
      const bundle = bundles[0]!;
      const command = join(root, "usr/sbin", tool);
      writeFileSync(
        command,
        `#!/bin/sh\nmkdir -p "$(dirname ${bundle})"\n` +
          `cat /opt/public.pem ${anchorDirectory}/* > ${bundle} 2>/dev/null\n` +
          `[ ${bundle} = ${BUNDLE} ] || cp ${bundle} ${BUNDLE}\n`,
      );
      chmodSync(command, 0o755);
      await tryOut(machine, ["sh"]);
      assert.deepEqual(readdirSync(join(root, anchorDirectory)), []);
    });
  }

  test("a store that is changed and does not have the root is an error", LIMIT, async (t) => {
    const root = await debianImage();
    if (typeof root !== "string") return t.skip(root.missing);
    const { directory } = await makePackage();
    cpSync(directory, join(root, "opt/package"), { recursive: true });
    writeFileSync(join(root, "usr/sbin/update-ca-certificates"), "#!/bin/sh\nexit 0\n");
    const { code, stderr } = await inImage(root, "sh", "/opt/package/install.sh", "--yes");
    assert.equal(code, 1);
    assert.match(stderr, /changed, and the certificate is not in it/);
  });
});
