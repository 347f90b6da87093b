/** ca show, permit, rotate, export, import, encrypt and decrypt, against real stores and OpenSSL. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { decodePem } from "../../src/der/pem.ts";
import { toBytes } from "../../src/bytes.ts";
import { openAuthority } from "../../src/pki/authority.ts";
import { issueUnchecked } from "../../src/pki/issue.ts";
import { parseRequestedName } from "../../src/pki/requested_name.ts";
import { findProgram } from "../support/processes.ts";
import { makeScratch, modeOf, type Scratch, snapshot } from "../support/scratch.ts";

const SLOW = { timeout: 180_000 };
const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
const STORES = ["--stores", "nss,system"];

/** Whether OpenSSL accepts a chain by these roots and no others. */
function verifies(roots: string, cert: string, strict = true): boolean {
  const args = ["verify", "-no-CApath", "-no-CAstore", "-CAfile", roots, "-untrusted", cert, cert];
  if (strict) args.splice(1, 0, "-x509_strict");
  try {
    execFileSync("openssl", args, { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
}

/** Runs a command that has to work. */
async function works(
  scratch: Scratch,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const result = await scratch.run([...args, "--json"], { env, timeoutMs: 120_000 });
  assert.equal(result.code, 0, `${args.join(" ")}: ${result.stdout}${result.stderr}`);
  return result.json();
}

/** Runs a command that has to be refused. @returns its error. */
async function refuses(
  scratch: Scratch,
  args: readonly string[],
  code: string,
  env: Readonly<Record<string, string>> = {},
) {
  const result = await scratch.run([...args, "--json"], { env, timeoutMs: 120_000 });
  const { error } = result.json();
  assert.equal(error?.code, code, result.stdout + result.stderr);
  assert.ok(result.code === 1 || result.code === 2, `${result.code}`);
  return error as { message: string; hints: string[] };
}

/** The files of a CA as a thief copies them. */
function copyCa(scratch: Scratch, name: string): string {
  const copy = join(scratch.home, name);
  cpSync(scratch.state, copy, { recursive: true });
  return copy;
}

async function stolen(directory: string, name: string, path: string): Promise<void> {
  const read = (file: string) =>
    toBytes(decodePem(readFileSync(join(directory, file), "utf8"))[0]!.der);
  const authority = await openAuthority({
    root: read("root.pem"),
    issuer: read("issuer.pem"),
    issuerKey: read("issuer-key.pem"),
  });
  const names = [parseRequestedName(name).name];
  writeFileSync(path, (await issueUnchecked(authority, { names, now: new Date() })).fullchainPem);
}

describe("ca show", () => {
  test("shows root and issuer, and prints the root as it is", SLOW, async () => {
    const scratch = makeScratch();
    const missing = await refuses(scratch, ["ca", "show"], "CA_MISSING");
    assert.deepEqual(missing.hints, ["localtls setup"]);
    assert.equal(existsSync(scratch.state), false);
    await works(scratch, ["cert", "a.test"]);
    const before = snapshot(scratch.home);
    const { ca, directory } = await works(scratch, ["ca", "show"]);
    assert.equal(directory, scratch.state);
    assert.equal(ca.root, join(scratch.state, "root.pem"));
    assert.match(ca.rootCertificate.subject, /^CN=localtls root CA/);
    assert.match(ca.issuer.subject, /^CN=localtls issuer CA/);
    assert.equal(ca.key.encrypted, false);
    const der = execFileSync("openssl", ["x509", "-in", ca.issuer.path, "-outform", "der"]);
    const { createHash } = await import("node:crypto");
    assert.equal(ca.issuer.sha256, createHash("sha256").update(der).digest("hex"));
    const { stdout } = await scratch.run(["ca", "show", "--pem"]);
    assert.equal(stdout, readFileSync(ca.root, "utf8"));
    const other = await scratch.run(["--dir", scratch.state, "ca", "show"], { cwd: "/" });
    assert.equal(other.code, 0, other.stderr);
    assert.match(other.stdout, /not encrypted/);
    assert.deepEqual(snapshot(scratch.home), before, "looking changed something");
  });

  test("the help of ca names every command, and a wrong one is refused", SLOW, async () => {
    const scratch = makeScratch();
    const { stdout, code } = await scratch.run(["ca", "--help"]);
    assert.equal(code, 0);
    for (const word of ["show", "permit", "rotate", "export", "import", "encrypt", "decrypt"]) {
      assert.match(stdout, new RegExp(`\\b${word}\\b`));
    }
    assert.equal((await scratch.run(["ca", "destroy"])).code, 2);
    assert.equal((await scratch.run(["help", "ca", "permit"])).code, 0);
  });
});

describe("ca permit", () => {
  test(
    "a name is refused before and accepted after; everything moves, keys stay",
    SLOW,
    async () => {
      const scratch = makeScratch();
      const setup = await works(scratch, ["setup", "a.test", "172.16.99.32", ...STORES]);
      await works(scratch, ["cert", "--client", "ann@example.com"]);
      const [{ cert, key }] = setup.certificates;
      const keyBefore = readFileSync(key, "utf8");
      const old = copyCa(scratch, "stolen");
      await stolen(old, "a.test", join(scratch.work, "thief-before.pem"));
      assert.ok(verifies(BUNDLE, cert));
      assert.ok(verifies(BUNDLE, join(scratch.work, "thief-before.pem")), "the control fails");

      const refused = await refuses(scratch, ["cert", "shop.example.com"], "NAME_NOT_PERMITTED");
      assert.ok(refused.hints.includes("localtls ca permit example.com"), refused.hints.join());
      const pointed = await refuses(
        scratch,
        ["setup", "shop.example.com", "--permit", "example.com", ...STORES],
        "NAME_NOT_PERMITTED",
      );
      assert.equal(pointed.hints[0], "localtls ca permit example.com");

      const before = snapshot(scratch.home);
      const dry = await scratch.run(["ca", "permit", "example.com", "--dry-run", ...STORES]);
      assert.match(dry.stdout, /issuer-key\.pem/);
      assert.match(dry.stdout, /update-ca-certificates/);
      assert.deepEqual(snapshot(scratch.home), before, "--dry-run changed something");

      const document = await works(scratch, ["ca", "permit", "example.com", ...STORES]);
      assert.equal(document.changed, true);
      assert.equal(document.former, setup.ca.sha256);
      assert.ok(document.ca.permitted.includes("example.com"));
      assert.ok(document.ca.permitted.includes("home.arpa"));
      assert.equal(document.certificates.length, 2);
      const { stores, formerStores } = document;
      assert.deepEqual(
        new Set(stores.map((s: { outcome: string }) => s.outcome)),
        new Set(["added"]),
      );
      assert.deepEqual(
        new Set(formerStores.map((s: { outcome: string }) => s.outcome)),
        new Set(["removed"]),
      );

      assert.equal(readFileSync(key, "utf8"), keyBefore, "the key was changed");
      assert.ok(verifies(BUNDLE, cert), "the certificate issued again does not verify");
      assert.ok(verifies(join(scratch.state, "root.pem"), cert));
      assert.equal(verifies(join(old, "root.pem"), cert), false, "it verifies by the old root");
      assert.equal(verifies(BUNDLE, join(scratch.work, "thief-before.pem")), false);
      await stolen(old, "a.test", join(scratch.work, "thief-after.pem"));
      assert.equal(verifies(BUNDLE, join(scratch.work, "thief-after.pem")), false);
      assert.ok(verifies(join(old, "root.pem"), join(scratch.work, "thief-after.pem")), "control");

      await works(scratch, ["cert", "shop.example.com"]);
      assert.ok(verifies(BUNDLE, join(scratch.work, "shop.example.com.pem")));
      await refuses(scratch, ["cert", "example.org"], "NAME_NOT_PERMITTED");
      await works(scratch, ["status", ...STORES]);
      const litter = [...snapshot(scratch.home).keys()].filter((path) =>
        /\/\.(?:localtls-|replacing|new-|creating)/.test(path)
      );
      assert.deepEqual(litter, []);

      const again = await works(scratch, ["ca", "permit", "www.example.com"]);
      assert.equal(again.changed, false);
      await works(scratch, ["uninstall", ...STORES]);
      assert.equal(verifies(BUNDLE, cert), false);
      assert.equal(existsSync(join(scratch.home, ".pki")), false, "setup's databases are left");
      assert.equal(existsSync(join(scratch.home, ".mozilla")), false, "setup's profile is left");
    },
  );

  test("Java trusts the new root and not the old one", SLOW, async () => {
    const scratch = makeScratch();
    const made = await works(scratch, ["setup", "a.test", "--stores", "java"]);
    const document = await works(scratch, ["ca", "permit", "example.com", "--stores", "java"]);
    assert.ok(document.stores.length > 0);
    const status = await works(scratch, ["status", "--stores", "java"]);
    assert.equal(status.ca.sha256, document.ca.sha256);
    const colons = made.ca.sha256.toUpperCase().replace(/..(?=.)/g, "$&:");
    for (const { path } of document.stores) {
      const listed = execFileSync(
        "keytool",
        ["-list", "-keystore", path, "-storepass", "changeit"],
        { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
      );
      assert.equal(listed.includes(colons), false, `${path} still holds the old root`);
    }
    await works(scratch, ["uninstall", "--purge", "--yes", "--stores", "java"]);
  });

  test("two at once come one after the other, and both domains are permitted", SLOW, async () => {
    const scratch = makeScratch();
    await works(scratch, ["setup", "a.test", "--stores", "nss"]);
    const words = ["one.example.org", "two.example.net", "three.example.com"];
    const results = await Promise.all(
      words.map((word) =>
        scratch.run(["ca", "permit", word, "--stores", "nss"], { timeoutMs: 120_000 })
      ),
    );
    assert.deepEqual(
      results.map(({ code }) => code),
      [0, 0, 0],
      results.map((r) => r.stderr).join(),
    );
    const { ca } = await works(scratch, ["status", "--stores", "nss"]);
    for (const word of words) assert.ok(ca.permitted.includes(word), `${word} is lost`);
    assert.ok(verifies(ca.root, join(scratch.work, "a.test.pem")));
    await works(scratch, ["uninstall", "--stores", "nss"]);
  });

  test("what is no domain is refused, and nothing is changed", SLOW, async () => {
    const scratch = makeScratch();
    await refuses(scratch, ["ca", "permit", "example.com"], "CA_MISSING");
    await refuses(scratch, ["ca", "rotate"], "CA_MISSING");
    await works(scratch, ["cert", "a.test"]);
    const before = snapshot(scratch.home);
    for (const word of ["com", "*.example.com", "10.0.0.1", "a b", "", "-x", "a..b"]) {
      const result = await scratch.run(["ca", "permit", "--json", "--", word]);
      assert.equal(result.code, 2, `"${word}": ${result.stdout}`);
    }
    assert.equal((await scratch.run(["ca", "permit"])).code, 2);
    assert.deepEqual(snapshot(scratch.home), before);
  });

  test('"any" takes every limit away, and says so', SLOW, async () => {
    const scratch = makeScratch();
    await works(scratch, ["cert", "a.test"]);
    const document = await works(scratch, ["ca", "permit", "any", "--yes", ...STORES]);
    assert.deepEqual(document.ca.permitted, ["any"]);
    assert.equal(document.warnings[0].code, "CA_UNCONSTRAINED");
    await works(scratch, ["cert", "google.com"]);
    assert.ok(verifies(join(scratch.state, "root.pem"), join(scratch.work, "google.com.pem")));
    const rotated = await works(scratch, ["ca", "rotate", ...STORES]);
    assert.deepEqual(rotated.ca.permitted, ["any"]);
  });

  test("without root for the system store everything stays, and sudo is named", SLOW, async () => {
    const scratch = makeScratch();
    execFileSync("chown", ["-R", "54321:54321", scratch.home]);
    const setup = await works(scratch, ["setup", "a.test", ...STORES]);
    const [{ cert }] = setup.certificates;
    const before = readFileSync(cert, "utf8");
    const result = await scratch.run(["ca", "permit", "example.com", "--json", ...STORES], {
      prefix: ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"],
      env: { PATH: "/usr/bin:/bin" },
      timeoutMs: 120_000,
    });
    assert.equal(result.code, 1, result.stdout + result.stderr);
    const { error } = result.json();
    assert.equal(error.code, "NEEDS_ROOT");
    assert.deepEqual(error.hints, ["sudo localtls ca permit example.com"]);
    assert.equal(readFileSync(cert, "utf8"), before);
    const status = await works(scratch, ["status", ...STORES]);
    assert.equal(status.ca.sha256, setup.ca.sha256);
    assert.ok(verifies(BUNDLE, cert));
    await works(scratch, ["uninstall", "--purge", "--yes", ...STORES]);
  });

  test("a read-only place of a certificate takes everything back", SLOW, async () => {
    const scratch = makeScratch();
    const setup = await works(scratch, ["setup", "a.test", ...STORES]);
    const sub = join(scratch.work, "sub");
    mkdirSync(sub);
    await works(scratch, ["cert", "b.test", "--out", sub]);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "full", sub]);
    try {
      await works(scratch, ["cert", "b.test", "--out", sub]);
      execFileSync("mount", ["-o", "remount,ro", sub]);
      const document = await refuses(scratch, ["ca", "rotate", ...STORES], "FILE_WRITE");
      assert.match(document.message, /sub/);
      const status = await works(scratch, ["status", ...STORES]);
      assert.equal(status.ca.sha256, setup.ca.sha256);
      assert.ok(verifies(BUNDLE, setup.certificates[0].cert));
      assert.ok(verifies(BUNDLE, join(sub, "b.test.pem")));
      const held = readFileSync(join(scratch.state, "root.pem"), "utf8").replaceAll(/\s/g, "");
      const bundled = readFileSync(BUNDLE, "utf8").replaceAll(/\s/g, "");
      assert.ok(bundled.includes(held.slice(60, 400)));
      assert.deepEqual(
        execFileSync("sh", ["-c", "ls /usr/local/share/ca-certificates | grep -c localtls"], {
          encoding: "utf8",
        }).trim(),
        "1",
        "the new root is left in the system store",
      );
    } finally {
      execFileSync("umount", [sub]);
    }
    await works(scratch, ["uninstall", "--purge", "--yes", ...STORES]);
  });
});

describe("ca encrypt and decrypt", () => {
  async function encrypted(): Promise<Scratch> {
    const scratch = makeScratch();
    writeFileSync(join(scratch.home, "password"), "correct horse \u00e9\n");
    writeFileSync(join(scratch.home, "wrong"), "battery staple\n");
    await works(scratch, ["cert", "a.test"]);
    await works(scratch, ["ca", "encrypt", "--password-file", join(scratch.home, "password")]);
    return scratch;
  }

  test("the key is encrypted as OpenSSL reads it, for the owner alone", SLOW, async () => {
    const scratch = await encrypted();
    const path = join(scratch.state, "issuer-key.pem");
    assert.match(readFileSync(path, "utf8"), /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    assert.equal(modeOf(path), 0o600);
    const parse = execFileSync("openssl", ["asn1parse", "-in", path], { encoding: "utf8" });
    assert.match(parse, /PBES2/);
    assert.match(parse, /INTEGER +:0927C0/); // 600,000
    assert.match(parse, /hmacWithSHA256/);
    const password = `file:${join(scratch.home, "password")}`;
    execFileSync("openssl", ["pkey", "-in", path, "-passin", password, "-noout"]);
    assert.equal((await works(scratch, ["ca", "show"])).ca.key.encrypted, true);
  });

  test("what does not issue does not ask", SLOW, async () => {
    const scratch = await encrypted();
    await works(scratch, ["trust", "--stores", "nss"]);
    await works(scratch, ["status", "--stores", "nss"]);
    await works(scratch, ["config", "nginx", "a.test"]);
    await works(scratch, ["cert", "b.test", "--dry-run"]);
    await works(scratch, ["ca", "export", "--out", "public"]);
    await works(scratch, ["untrust", "--stores", "nss"]);
    await works(scratch, ["uninstall", "--stores", "nss"]);
  });

  test("what issues takes the password from a file or a command", SLOW, async () => {
    const scratch = await encrypted();
    const file = join(scratch.home, "password");
    const nobody = await refuses(scratch, ["cert", "b.test"], "CONFIRMATION_NEEDED");
    assert.match(nobody.hints.join("\n"), /terminal/);
    assert.match(nobody.hints.join("\n"), /LOCALTLS_PASSWORD_FILE/);
    assert.match(nobody.hints.join("\n"), /LOCALTLS_PASSWORD_COMMAND/);
    const wrong = { LOCALTLS_PASSWORD_FILE: join(scratch.home, "wrong") };
    await refuses(scratch, ["cert", "b.test"], "PASSWORD_WRONG", wrong);
    await refuses(scratch, ["cert", "b.test"], "FILE_NOT_FOUND", {
      LOCALTLS_PASSWORD_FILE: "/nowhere",
    });
    assert.equal(existsSync(join(scratch.work, "b.test.pem")), false);
    assert.equal(existsSync(join(scratch.work, "b.test-key.pem")), false);
    await works(scratch, ["cert", "b.test"], { LOCALTLS_PASSWORD_FILE: file });
    const spaced = join(scratch.home, "pass word");
    copyFileSync(file, spaced);
    const command = { LOCALTLS_PASSWORD_COMMAND: `cat "${spaced}"` };
    await works(scratch, ["setup", "c.test", "--stores", "nss"], command);
    assert.ok(verifies(join(scratch.state, "root.pem"), join(scratch.work, "c.test.pem")));
  });

  test("a command is run without a shell, and its failure is told", SLOW, async () => {
    const scratch = await encrypted();
    const marker = join(scratch.home, "marker");
    for (
      const [command, code] of [
        [`echo x; touch ${marker}`, "PASSWORD_WRONG"],
        [`echo $(touch ${marker})`, "PASSWORD_WRONG"],
        [`cat < /dev/null | touch ${marker}`, "TOOL_FAILED"],
        ["false", "TOOL_FAILED"],
        ["no-such-program-here", "TOOL_MISSING"],
        ["cat 'unbalanced", "USAGE"],
      ] as const
    ) {
      await refuses(scratch, ["cert", "b.test"], code, { LOCALTLS_PASSWORD_COMMAND: command });
      assert.equal(existsSync(marker), false, `${command} went through a shell`);
    }
  });

  test("decrypt asks for the password, checks it, and restores the plain key", SLOW, async () => {
    const scratch = await encrypted();
    const path = join(scratch.state, "issuer-key.pem");
    const held = readFileSync(path, "utf8");
    const wrong = join(scratch.home, "wrong");
    await refuses(scratch, ["ca", "decrypt", "--password-file", wrong], "PASSWORD_WRONG");
    await refuses(scratch, ["ca", "decrypt"], "CONFIRMATION_NEEDED");
    await refuses(scratch, ["ca", "encrypt", "--password-file", wrong], "KEY_INVALID");
    assert.equal(readFileSync(path, "utf8"), held);
    const file = join(scratch.home, "password");
    assert.equal((await works(scratch, ["ca", "decrypt", "--password-file", file])).changed, true);
    assert.match(readFileSync(path, "utf8"), /^-----BEGIN PRIVATE KEY-----\n/);
    assert.equal(modeOf(path), 0o600);
    assert.equal((await works(scratch, ["ca", "decrypt"])).changed, false);
    await works(scratch, ["cert", "b.test"]);
  });

  test("a new CA keeps the password, which has to be right", SLOW, async () => {
    const scratch = await encrypted();
    const before = readFileSync(join(scratch.state, "root.pem"), "utf8");
    await refuses(scratch, ["ca", "rotate", "--stores", "nss"], "CONFIRMATION_NEEDED");
    const wrong = join(scratch.home, "wrong");
    const flags = ["--stores", "nss", "--password-file"];
    await refuses(scratch, ["ca", "rotate", ...flags, wrong], "PASSWORD_WRONG");
    assert.equal(readFileSync(join(scratch.state, "root.pem"), "utf8"), before);
    const file = join(scratch.home, "password");
    await works(scratch, ["ca", "rotate", ...flags, file]);
    assert.notEqual(readFileSync(join(scratch.state, "root.pem"), "utf8"), before);
    const { ca } = await works(scratch, ["ca", "show"]);
    assert.equal(ca.key.encrypted, true);
    await works(scratch, ["cert", "b.test"], { LOCALTLS_PASSWORD_FILE: file });
    assert.ok(verifies(ca.root, join(scratch.work, "a.test.pem")));
  });

  test("an empty password is refused", SLOW, async () => {
    const scratch = makeScratch();
    await works(scratch, ["cert", "a.test"]);
    writeFileSync(join(scratch.home, "empty"), "\n");
    const empty = join(scratch.home, "empty");
    await refuses(scratch, ["ca", "encrypt", "--password-file", empty], "PASSWORD_INVALID");
    assert.match(readFileSync(join(scratch.state, "issuer-key.pem"), "utf8"), /BEGIN PRIVATE KEY/);
  });
});

describe("ca export and import", () => {
  test("the public parts are what they say, and the key is not among them", SLOW, async () => {
    const scratch = makeScratch();
    await works(scratch, ["cert", "a.test"]);
    const { files } = await works(scratch, ["ca", "export", "--out", "public"]);
    assert.deepEqual(files.map((path: string) => path.split("/").at(-1)), [
      "root.pem",
      "root.crt",
      "issuer.pem",
    ]);
    for (const path of files) {
      assert.equal(modeOf(path), 0o644);
      assert.equal(readFileSync(path).includes("PRIVATE"), false);
    }
    execFileSync("openssl", ["x509", "-inform", "der", "-in", files[1], "-noout"]);
    assert.ok(verifies(files[0], join(scratch.work, "a.test.pem")));
  });

  for (const name of ["ca.pem", "ca.p12"]) {
    test(`the whole CA goes through ${name}, under a password alone`, SLOW, async () => {
      const scratch = makeScratch();
      await works(scratch, ["cert", "a.test"]);
      const password = join(scratch.home, "password");
      writeFileSync(password, "secret\n");
      await refuses(scratch, ["ca", "export", "--with-key", name], "CONFIRMATION_NEEDED");
      assert.equal(existsSync(join(scratch.work, name)), false);
      const flags = ["--with-key", name, "--password-file", password];
      await works(scratch, ["ca", "export", "--out", "public", ...flags]);
      const file = join(scratch.work, name);
      assert.equal(modeOf(file), 0o600);
      assert.equal(readFileSync(file).includes("BEGIN PRIVATE KEY"), false);

      const other = makeScratch();
      writeFileSync(join(other.home, "wrong"), "guess\n");
      const wrong = ["--password-file", join(other.home, "wrong")];
      await refuses(other, ["ca", "import", file, ...wrong], "PASSWORD_WRONG");
      await refuses(other, ["ca", "import", file], "CONFIRMATION_NEEDED");
      assert.equal(existsSync(join(other.state, "root.pem")), false);
      await works(other, ["ca", "import", file, "--password-file", password]);
      await works(other, ["cert", "b.test"]);
      assert.ok(verifies(join(scratch.state, "root.pem"), join(other.work, "b.test.pem")));
      assert.equal(modeOf(join(other.state, "issuer-key.pem")), 0o600);
      const again = await refuses(
        other,
        ["ca", "import", file, "--password-file", password],
        "CA_MISMATCH",
      );
      assert.match(again.hints.join("\n"), /ca rotate/);
    });
  }

  test("what is no CA is refused, and nothing is left", SLOW, async () => {
    const scratch = makeScratch();
    const from = makeScratch();
    await works(from, ["cert", "a.test"]);
    const leaf = join(from.work, "a.test.pem");
    const at = (name: string) => join(from.state, name);
    const join3 = (name: string, ...paths: string[]) => {
      const path = join(scratch.work, name);
      writeFileSync(path, paths.map((file) => readFileSync(file, "utf8")).join(""));
      return path;
    };
    const cases: [string[], string][] = [
      [[at("root.pem"), "--key", at("issuer-key.pem")], "CA_MISMATCH"],
      [[at("issuer.pem"), "--key", at("issuer-key.pem")], "CA_MISMATCH"],
      [[at("root.pem")], "CA_MISMATCH"],
      [[leaf, "--key", join(from.work, "a.test-key.pem")], "CA_MISMATCH"],
      [[join(scratch.work, "nowhere.pem")], "FILE_NOT_FOUND"],
      [
        [join3(
          "two-keys.pem",
          at("root.pem"),
          at("issuer-key.pem"),
          join(from.work, "a.test-key.pem"),
        )],
        "CA_MISMATCH",
      ],
      [[], "USAGE"],
      [["--mkcert", join(scratch.work, "nowhere")], "FILE_NOT_FOUND"],
    ];
    for (const [args, code] of cases) await refuses(scratch, ["ca", "import", ...args], code);
    writeFileSync(join(scratch.work, "empty.pem"), "");
    await refuses(scratch, ["ca", "import", join(scratch.work, "empty.pem")], "CA_MISMATCH");
    writeFileSync(
      join(scratch.work, "cut.p12"),
      Uint8Array.of(0x30, 0x82, 0x05, 0x00, 0x02, 0x01, 3),
    );
    const cut = await scratch.run([
      ...["ca", "import", join(scratch.work, "cut.p12"), "--json"],
      ...["--password-file", leaf],
    ]);
    assert.notEqual(cut.json().error.code, "INTERNAL");
    for (const name of ["root.pem", "issuer.pem", "issuer-key.pem"]) {
      assert.equal(existsSync(join(scratch.state, name)), false, name);
    }
  });

  test("a CA of OpenSSL is taken over, from PEM and from its PKCS#12", SLOW, async () => {
    const dir = makeScratch();
    const at = (name: string) => join(dir.work, name);
    const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
    openssl(
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", "/CN=corp CA"],
      ...["-keyout", at("ca.key"), "-out", at("ca.crt")],
      ...["-addext", "keyUsage=critical,keyCertSign,cRLSign"],
    );
    openssl("rsa", "-traditional", "-in", at("ca.key"), "-out", at("pkcs1.key"));
    openssl(
      ...["pkcs12", "-export", "-inkey", at("ca.key"), "-in", at("ca.crt")],
      ...["-out", at("ca.p12"), "-passout", "pass:secret"],
    );
    writeFileSync(at("password"), "secret");
    for (
      const args of [
        [at("ca.crt"), "--key", at("ca.key")],
        [at("ca.crt"), "--key", at("pkcs1.key")],
        [at("ca.p12"), "--password-file", at("password")],
      ]
    ) {
      const scratch = makeScratch();
      const document = await works(scratch, ["ca", "import", ...args]);
      assert.deepEqual(document.ca.permitted, ["any"]);
      assert.match(document.warnings[0].message, /ca rotate/);
      await works(scratch, ["cert", "a.test", "10.0.0.1"]);
      assert.ok(verifies(at("ca.crt"), join(scratch.work, "a.test+1.pem")));
      assert.equal(
        readFileSync(join(scratch.work, "a.test+1.pem"), "utf8").match(/BEGIN/g)?.length,
        1,
      );
    }
  });

  test("mkcert's CA is adopted as mkcert trusts it, and one command leads out", SLOW, async (t) => {
    if (findProgram("mkcert") === undefined) return t.skip("mkcert is not installed");
    const scratch = makeScratch();
    const root = join(scratch.home, "mkcert");
    const env = { ...process.env, HOME: scratch.home, CAROOT: root, TRUST_STORES: "system,nss" };
    execFileSync("mkcert", ["-install"], { env, stdio: "pipe" });
    const rootCa = join(root, "rootCA.pem");
    const document = await works(scratch, ["ca", "import", "--mkcert"], { CAROOT: root });
    assert.equal(document.warnings[0].code, "CA_UNCONSTRAINED");
    assert.equal(document.ca.issuer, undefined);
    assert.equal(document.ca.rootCertificate.key, "RSA 3072");
    await works(scratch, ["cert", "a.test"]);
    const cert = join(scratch.work, "a.test.pem");
    assert.ok(verifies(rootCa, cert));
    assert.ok(verifies(BUNDLE, cert), "mkcert -install trusts it");

    await works(scratch, ["trust", ...STORES]); // the databases that mkcert does not make
    const rotated = await works(scratch, ["ca", "rotate", ...STORES]);
    assert.ok(rotated.ca.permitted.includes("home.arpa"));
    assert.ok(rotated.stores.length > 0);
    assert.ok(verifies(BUNDLE, cert));
    assert.equal(verifies(rootCa, cert), false);
    // mkcert's own key is out of force for this machine.
    execFileSync("mkcert", ["-cert-file", "m.pem", "-key-file", "m-key.pem", "m.test"], {
      env,
      stdio: "pipe",
      cwd: scratch.work,
    });
    assert.ok(verifies(rootCa, join(scratch.work, "m.pem")), "control");
    assert.equal(verifies(BUNDLE, join(scratch.work, "m.pem")), false);
    await refuses(scratch, ["cert", "google.com"], "NAME_NOT_PERMITTED");
    await works(scratch, ["status", ...STORES]);
    await works(scratch, ["uninstall", "--purge", "--yes", ...STORES]);
  });

  test(
    "exports never go through a symbolic link, nor into a key that others read",
    SLOW,
    async () => {
      const scratch = makeScratch();
      await works(scratch, ["cert", "a.test"]);
      writeFileSync(join(scratch.home, "password"), "secret\n");
      const password = ["--password-file", join(scratch.home, "password")];
      writeFileSync(join(scratch.home, "victim"), "mine");
      symlinkSync(join(scratch.home, "victim"), join(scratch.work, "ca.pem"));
      await refuses(scratch, ["ca", "export", "--with-key", "ca.pem", ...password], "FILE_UNSAFE");
      assert.equal(readFileSync(join(scratch.home, "victim"), "utf8"), "mine");
      rmSync(join(scratch.work, "ca.pem"));
      writeFileSync(join(scratch.work, "ca.pem"), "old");
      chmodSync(join(scratch.work, "ca.pem"), 0o644);
      await works(scratch, ["ca", "export", "--with-key", "ca.pem", ...password]);
      assert.equal(modeOf(join(scratch.work, "ca.pem")), 0o600);
    },
  );
});
