/** list and renew with the built program, judged by OpenSSL; the timer's units by systemd. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { LOCALTLS } from "../support/localtls.ts";
import { findProgram, mustRun, run, start, waitFor } from "../support/processes.ts";
import { makeScratch, modeOf, type Scratch, snapshot } from "../support/scratch.ts";

const SLOW = { timeout: 120_000 };

async function issue(...args: string[]): Promise<Scratch> {
  const scratch = makeScratch();
  const { code, stderr } = await scratch.run(["cert", ...args]);
  assert.equal(code, 0, stderr);
  return scratch;
}

/** What OpenSSL reads of a certificate. */
function facts(scratch: Scratch, name: string) {
  const cert = join(scratch.work, `${name}.pem`);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { encoding: "utf8" });
  const print = (...args: string[]) => openssl("x509", "-in", cert, "-noout", ...args);
  const root = join(scratch.state, "root.pem");
  return {
    serial: print("-serial"),
    profile: print("-subject", "-ext", "subjectAltName,keyUsage,extendedKeyUsage,basicConstraints"),
    key: print("-pubkey"),
    algorithm: /Public Key Algorithm: .*\n.*/.exec(print("-text"))?.[0],
    verified: openssl("verify", "-CAfile", root, "-untrusted", cert, cert),
  };
}

function publicKeyOf(path: string): string {
  return execFileSync("openssl", ["pkey", "-in", path, "-pubout"], { encoding: "utf8" });
}

describe("renew in place", () => {
  const kinds: readonly (readonly [string, string, string[]])[] = [
    ["a server", "a.test+2", ["a.test", "10.0.0.7", "*.b.test"]],
    ["P-384", "a.test", ["a.test", "--key", "p384"]],
    ["RSA", "a.test", ["a.test", "--key", "rsa2048", "--days", "90"]],
    ["a client", "ann-client", ["--client", "ann"]],
    ["both sides", "a.test+1-client", ["--client", "a.test", "ann@example.com"]],
    ["more than 825 days", "a.test", ["a.test", "--days", "1000", "--force"]],
  ];
  for (const [what, name, args] of kinds) {
    test(`keeps names, usage and type of key for ${what}, with a new key`, SLOW, async () => {
      const scratch = await issue(...args);
      const before = facts(scratch, name);
      const result = await scratch.run(["renew", "--all", "--json"]);
      assert.equal(result.code, 0, result.stdout + result.stderr);
      const document = result.json();
      assert.deepEqual([document.version, document.command, document.ok], [1, "renew", true]);
      assert.equal(document.certificates[0].state, "renewed");
      const after = facts(scratch, name);
      assert.notEqual(after.serial, before.serial);
      assert.notEqual(after.key, before.key);
      assert.equal(after.profile, before.profile);
      assert.equal(after.algorithm, before.algorithm);
      assert.match(after.verified, /: OK/);
      assert.equal(publicKeyOf(join(scratch.work, `${name}-key.pem`)), after.key);
      assert.equal(modeOf(join(scratch.work, `${name}-key.pem`)), 0o600);

      const kept = await scratch.run(["renew", "--all", "--reuse-key", "--json"]);
      assert.equal(kept.code, 0, kept.stdout);
      const last = facts(scratch, name);
      assert.notEqual(last.serial, after.serial);
      assert.equal(last.key, after.key);
      assert.equal(last.profile, before.profile);
      assert.match(last.verified, /: OK/);
    });
  }

  test("answers a request again from the public key in the certificate", SLOW, async () => {
    const scratch = makeScratch();
    const [key, csr] = ["device.key", "device.csr"].map((name) => join(scratch.work, name));
    await mustRun([
      ...["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
      ...["-nodes", "-subj", "/", "-addext", "subjectAltName=DNS:device.test"],
      ...["-keyout", key!, "-out", csr!],
    ]);
    assert.equal((await scratch.run(["cert", "--csr", "device.csr"])).code, 0);
    const before = facts(scratch, "device.test");
    const result = await scratch.run(["renew", "--all", "--json"]);
    assert.equal(result.code, 0, result.stdout);
    assert.equal(result.json().certificates[0].key, undefined);
    const after = facts(scratch, "device.test");
    assert.notEqual(after.serial, before.serial);
    assert.equal(after.key, publicKeyOf(key!));
    assert.match(after.verified, /: OK/);
  });

  test("writes PKCS#12 with a password, and warns without", SLOW, async () => {
    const scratch = makeScratch();
    writeFileSync(join(scratch.work, "secret"), "correct horse\n");
    const password = ["--password-file", "secret"];
    const { code } = await scratch.run(["cert", "a.test", "--pkcs12", ...password]);
    assert.equal(code, 0);
    const p12 = join(scratch.work, "a.test.p12");
    const before = readFileSync(p12);
    const without = await scratch.run(["renew", "--all", "--json"]);
    assert.equal(without.code, 0);
    assert.equal(without.json().warnings[0].code, "PKCS12_NOT_RENEWED");
    assert.deepEqual(readFileSync(p12), before);
    const with_ = await scratch.run(["renew", "--all", ...password, "--json"]);
    assert.equal(with_.code, 0, with_.stdout);
    const pem = await mustRun([
      ...["openssl", "pkcs12", "-in", p12, "-passin", "pass:correct horse", "-nokeys", "-clcerts"],
    ]);
    const leaf = await mustRun(["openssl", "x509", "-noout", "-serial"], { input: pem });
    assert.equal(leaf, facts(scratch, "a.test").serial);
    assert.equal(modeOf(p12), 0o600);
  });

  test("touches nothing when nothing is due, and nothing with --dry-run", SLOW, async () => {
    const scratch = await issue("a.test");
    const before = snapshot(scratch.home);
    for (const args of [["renew"], ["renew", "--all", "--dry-run"], ["list"], ["list", "--all"]]) {
      assert.equal((await scratch.run(args)).code, 0);
      assert.deepEqual(snapshot(scratch.home), before, args.join(" "));
    }
  });

  test("leaves a certificate alone that somebody else put there", SLOW, async () => {
    const scratch = await issue("a.test");
    await scratch.run(["cert", "b.test"]);
    const [a, b] = ["a.test.pem", "b.test.pem"].map((name) => join(scratch.work, name));
    writeFileSync(a!, readFileSync(b!));
    const result = await scratch.run(["renew", "--all", "--json"]);
    assert.equal(result.code, 0, result.stdout);
    assert.equal(result.json().warnings[0].code, "CHANGED_BY_HAND");
    assert.notEqual(readFileSync(a!, "utf8"), readFileSync(b!, "utf8"));
    const states = result.json().certificates.map(({ state }: { state: string }) => state);
    assert.deepEqual(states, ["kept", "renewed"]);
  });

  test("goes on after one that cannot be written: 3, and 1 where none could", SLOW, async () => {
    const scratch = makeScratch();
    mkdirSync(join(scratch.work, "sub"));
    await scratch.run(["cert", "a.test", "--out", "sub"]);
    await scratch.run(["cert", "b.test"]);
    const moved = join(scratch.work, "real.pem");
    renameSync(join(scratch.work, "sub/a.test.pem"), moved);
    execFileSync("ln", ["-s", moved, join(scratch.work, "sub/a.test.pem")]);
    const some = await scratch.run(["renew", "--all", "--json"]);
    assert.equal(some.code, 3, some.stdout);
    assert.equal(some.json().certificates[0].state, "failed");
    assert.match(some.json().certificates[0].reason, /Cannot write/);
    assert.equal((await scratch.run(["renew", "--all", "sub/a.test.pem"])).code, 1);
  });

  test("is done once by several processes at once", SLOW, async () => {
    const scratch = await issue("a.test");
    await scratch.run(["cert", "b.test"]);
    const runs = await Promise.all(
      Array.from({ length: 6 }, () => scratch.run(["renew", "--due", "500d", "--json"])),
    );
    for (const { code, stdout } of runs) assert.equal(code, 0, stdout);
    for (const name of ["a.test", "b.test"]) {
      const { verified, key } = facts(scratch, name);
      assert.match(verified, /: OK/);
      assert.equal(publicKeyOf(join(scratch.work, `${name}-key.pem`)), key);
    }
    const list = await scratch.run(["list", "--json"]);
    const states = list.json().certificates.map(({ state }: { state: string }) => state);
    assert.deepEqual(states, ["valid", "valid"]);
    assert.deepEqual(readdirSync(scratch.work).filter((name) => name.startsWith(".")), []);
  });
});

describe("--exec", () => {
  function counter(scratch: Scratch): { path: string; count: () => number } {
    const path = join(scratch.work, "count it");
    const log = join(scratch.work, "log");
    writeFileSync(path, `#!/bin/sh\necho "$#:$1" >> '${log}'\n`);
    chmodSync(path, 0o755);
    return {
      path,
      count: () => existsSync(log) ? readFileSync(log, "utf8").split("\n").length - 1 : 0,
    };
  }

  test("runs once for several certificates, and not when nothing is due", SLOW, async () => {
    const scratch = await issue("a.test");
    await scratch.run(["cert", "b.test"]);
    const { count } = counter(scratch);
    const exec = ["--exec", "'./count it' \"$HOME; x\""];
    assert.equal((await scratch.run(["renew", ...exec])).code, 0);
    assert.equal(count(), 0);
    const result = await scratch.run(["renew", "--all", ...exec, "--json"]);
    assert.equal(result.code, 0, result.stdout);
    assert.equal(count(), 1);
    assert.equal(readFileSync(join(scratch.work, "log"), "utf8"), "1:$HOME; x\n");
    assert.equal(result.json().exec.code, 0);
  });

  test("goes through a shell with --shell alone", SLOW, async () => {
    const scratch = await issue("a.test");
    const exec = ["--exec", "echo one > out && echo two >> out", "--shell"];
    assert.equal((await scratch.run(["renew", "--all", ...exec])).code, 0);
    assert.equal(readFileSync(join(scratch.work, "out"), "utf8"), "one\ntwo\n");
  });

  test("that fails is exit code 1 and named; the certificates are renewed", SLOW, async () => {
    const scratch = await issue("a.test");
    const { serial } = facts(scratch, "a.test");
    for (const exec of ["sh -c 'echo broken >&2; exit 9'", "no-such-program", "/etc/passwd"]) {
      const result = await scratch.run(["renew", "--all", "--exec", exec, "--json"]);
      assert.equal(result.code, 1, result.stdout);
      assert.equal(result.json().ok, false);
      const warning = result.json().warnings.at(-1);
      assert.equal(warning.code, "EXEC_FAILED");
      if (exec.startsWith("sh")) assert.match(warning.message, /exit code 9\nbroken/);
    }
    assert.notEqual(facts(scratch, "a.test").serial, serial);
  });
});

describe("--watch", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`renews what is due, stays, and ends with 0 at ${signal}`, SLOW, async () => {
      const scratch = await issue("a.test");
      const { serial } = facts(scratch, "a.test");
      const argv = [LOCALTLS, "renew", "--watch", "--due", "396d", "--json"];
      const env = { HOME: scratch.home };
      // Of a life of 397 days the first third is never due, or every round would renew.
      const idle = start(argv, { cwd: scratch.work, env, timeoutMs: 60_000 });
      await new Promise((resolve) => setTimeout(resolve, 700));
      assert.equal(idle.output(), "");
      process.kill(idle.pid, signal);
      assert.equal((await idle.ended).code, 0);
      assert.equal(facts(scratch, "a.test").serial, serial);

      await scratch.run(["cert", "b.test"]);
      const ledger = join(scratch.state, "issued.jsonl");
      const lines = readFileSync(ledger, "utf8").trim().split("\n").map((line) => JSON.parse(line));
      assert.equal(lines.length, 2);
      // The clock of the test is the machine's: the ledger says another end instead.
      lines[1].notAfter = new Date(Date.now() - 1000).toISOString();
      writeFileSync(ledger, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      const busy = start(
        [LOCALTLS, "renew", "--watch", "--exec", "touch ran", "--json"],
        { cwd: scratch.work, env, timeoutMs: 60_000 },
      );
      await waitFor("the command", () => existsSync(join(scratch.work, "ran")) || undefined);
      await new Promise((resolve) => setTimeout(resolve, 300));
      process.kill(busy.pid, signal);
      const { code, stdout } = await busy.ended;
      assert.equal(code, 0, stdout);
      const documents = stdout.trim().split("\n").map((line) => JSON.parse(line));
      assert.equal(documents[0].certificate.state, "renewed");
      assert.deepEqual(documents[0].certificate.names, ["b.test"]);
      assert.deepEqual([documents.at(-1).renewed, documents.at(-1).ok], [1, true]);
      assert.equal(documents.length, 2);
    });
  }
});

const UNIT_FILES = ["localtls-renew.service", "localtls-renew.timer"];
const EXEC = "sh -c 'echo \"100% $HOME\"'";

describe("the timer", () => {
  test("units are written, and removed by uninstall", SLOW, async (t) => {
    if (findProgram("systemctl") === undefined) return t.skip("systemctl is missing");
    const scratch = await issue("a.test");
    const args = ["renew", "--install-timer", "--exec", EXEC, "--json"];
    const result = await scratch.run(args, { env: { XDG_CONFIG_HOME: "" } });
    const { timer } = result.json();
    assert.equal(timer.action, "installed");
    // Where no manager of this user runs, as in a container, its commands are left to the user.
    assert.equal(result.code, timer.commands.length === 0 ? 0 : 3, result.stdout);
    const units = join(scratch.home, ".config/systemd/user");
    const present = () => readdirSync(units).filter((name) => !name.endsWith(".wants")).sort();
    assert.deepEqual(present(), UNIT_FILES);
    const service = readFileSync(join(units, UNIT_FILES[0]!), "utf8");
    assert.ok(service.includes(`ExecStart="${LOCALTLS}" "renew"`), service);
    const gone = await scratch.run(["uninstall", "--json"], { timeoutMs: 100_000 });
    assert.equal(gone.json().timer.action, "removed", gone.stdout);
    assert.deepEqual(present(), []);
    const again = await scratch.run(["renew", "--uninstall-timer", "--json"]);
    assert.deepEqual([again.code, again.json().timer.action], [0, "absent"]);
  });

  test("units pass systemd-analyze verify", SLOW, async (t) => {
    for (const tool of ["systemctl", "systemd-analyze"]) {
      if (findProgram(tool) === undefined) return t.skip(`${tool} is missing`);
    }
    const scratch = await issue("a.test");
    const args = ["renew", "--install-timer", "--due", "2w", "--exec", EXEC];
    const result = await scratch.run(args, { env: { XDG_CONFIG_HOME: "" } });
    assert.ok([0, 3].includes(result.code), result.stderr);
    const files = UNIT_FILES.map((name) => join(scratch.home, ".config/systemd/user", name));
    const runtime = join(scratch.home, "run");
    mkdirSync(runtime, { mode: 0o700 });
    const env = { HOME: scratch.home, XDG_RUNTIME_DIR: runtime };
    const verify = ["systemd-analyze", "--user", "verify"];
    const verified = await run([...verify, ...files], { env });
    assert.deepEqual([verified.code, verified.stderr], [0, ""]);
    // The check does see what is wrong.
    writeFileSync(files[0]!, readFileSync(files[0]!, "utf8").replace(LOCALTLS, "/nowhere"));
    assert.notEqual((await run([...verify, ...files], { env })).stderr, "");
  });
});

describe("wrong command lines end with 2 and change nothing", () => {
  const wrong: readonly (readonly string[])[] = [
    ["renew", "--due", "30"],
    ["renew", "--due", "1y"],
    ["renew", "--due", "0d"],
    ["renew", "--all", "--due", "3d"],
    ["renew", "--shell"],
    ["renew", "--exec", "'open"],
    ["renew", "--exec", ""],
    ["renew", "--watch", "--all"],
    ["renew", "--watch", "--install-timer"],
    ["renew", "--install-timer", "a.test"],
    ["list", "a.test"],
  ];
  for (const args of wrong) {
    test(args.join(" "), SLOW, async () => {
      const scratch = makeScratch();
      const result = await scratch.run([...args, "--json"]);
      assert.equal(result.code, 2, result.stdout + result.stderr);
      assert.equal(result.json().error.code, "USAGE");
      assert.deepEqual(readdirSync(scratch.home), ["work"]);
    });
  }
});
