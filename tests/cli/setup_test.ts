/** setup, status, trust, untrust and uninstall against the real stores of a throw-away machine. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { StoreResult } from "../../src/truststore/change.ts";
import { makeScratch, type Scratch, snapshot } from "../support/scratch.ts";

const SLOW = { timeout: 180_000 };
const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

const outcomes = (stores: StoreResult[]) => new Set(stores.map(({ outcome }) => outcome));

/** Whether OpenSSL accepts a certificate file by the system's own bundle. */
function verifies(cert: string): boolean {
  try {
    execFileSync("openssl", ["verify", "-CAfile", BUNDLE, "-untrusted", cert, cert], {
      stdio: "pipe",
    });
    return true;
  } catch {
    return false;
  }
}

describe("setup and uninstall", () => {
  test(
    "trust comes with setup, stays with a second one, and goes with uninstall",
    SLOW,
    async () => {
      const scratch = makeScratch();
      const etc = snapshot("/etc/ssl/certs").size;
      const bundle = readFileSync(BUNDLE);

      const first = await scratch.run(["setup", "172.16.99.32", "--json"], { timeoutMs: 120_000 });
      assert.equal(first.code, 0, first.stdout + first.stderr);
      const document = first.json();
      assert.deepEqual([document.version, document.command, document.ok], [1, "setup", true]);
      assert.equal(document.ca.root, join(scratch.state, "root.pem"));
      assert.match(document.ca.sha256, /^[0-9a-f]{64}$/);
      assert.ok(document.ca.permitted.includes("home.arpa"));
      assert.deepEqual(outcomes(document.stores), new Set(["added"]));
      const kinds = new Set(document.stores.map(({ kind }: StoreResult) => kind));
      assert.deepEqual(kinds, new Set(["system", "nss", "java"]));
      const [certificate] = document.certificates;
      assert.equal(certificate.cert, join(scratch.work, "172.16.99.32.pem"));
      assert.equal(certificate.key, join(scratch.work, "172.16.99.32-key.pem"));
      assert.ok(verifies(certificate.cert));

      const status = await scratch.run(["status", "--json"]);
      assert.equal(status.code, 0, status.stdout);
      assert.deepEqual(outcomes(status.json().stores), new Set(["trusted"]));

      const files = snapshot(scratch.home);
      const second = await scratch.run(["setup", "172.16.99.32", "--json"]);
      assert.equal(second.code, 0, second.stdout);
      assert.deepEqual(outcomes(second.json().stores), new Set(["unchanged"]));
      assert.equal(second.json().certificates[0].state, "kept");
      assert.equal(second.json().ca.sha256, document.ca.sha256);
      assert.deepEqual(snapshot(scratch.home), files, "a second setup changed something");

      const gone = await scratch.run(["uninstall", "--json"], { timeoutMs: 120_000 });
      assert.equal(gone.code, 0, gone.stdout + gone.stderr);
      assert.deepEqual(outcomes(gone.json().stores), new Set(["removed"]));
      assert.equal(verifies(certificate.cert), false);
      assert.deepEqual(readFileSync(BUNDLE), bundle, "the system's bundle is not as it was");
      assert.equal(snapshot("/etc/ssl/certs").size, etc);
      assert.equal(
        existsSync(join(scratch.home, ".pki")),
        false,
        "databases that setup made are left",
      );
      assert.equal((await scratch.run(["status", "--json"])).code, 1);

      const purged = await scratch.run(["uninstall", "--purge", "--json"], { timeoutMs: 120_000 });
      assert.equal(purged.code, 0, purged.stdout + purged.stderr);
      assert.equal(existsSync(scratch.state), false);
    },
  );

  test("--dry-run says every file and command, and changes nothing", SLOW, async () => {
    const scratch = makeScratch();
    const before = [snapshot(scratch.home), snapshot("/usr/local/share/ca-certificates")];
    const result = await scratch.run(["setup", "172.16.99.32", "--dry-run"]);
    assert.equal(result.code, 0, result.stderr);
    for (
      const part of ["issuer-key.pem", "172.16.99.32-key.pem", "cert9.db", "update-ca-certificates"]
    ) {
      assert.match(result.stdout, new RegExp(part.replaceAll(".", "\\.")));
    }
    const after = [snapshot(scratch.home), snapshot("/usr/local/share/ca-certificates")];
    assert.deepEqual(after, before);
    for (const command of ["trust", "untrust", "uninstall", "cert x.test"]) {
      await scratch.run([...command.split(" "), "--dry-run"]);
      assert.deepEqual(snapshot(scratch.home), before[0], command);
    }
  });

  test(
    "an ordinary user gets needs-root with commands that do it, and exit code 3",
    SLOW,
    async () => {
      const scratch = makeScratch();
      execFileSync("chown", ["-R", "54321:54321", scratch.home]);
      const asUser = {
        prefix: ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"],
        env: { PATH: "/usr/bin:/bin" },
        timeoutMs: 120_000,
      };
      const result = await scratch.run(["setup", "172.16.99.32", "--json"], asUser);
      assert.equal(result.code, 3, result.stdout + result.stderr);
      const { stores, ok, certificates } = result.json();
      assert.equal(ok, false);
      assert.equal(certificates.length, 1);
      const system = stores.find(({ kind }: StoreResult) => kind === "system");
      assert.equal(system.outcome, "needs-root");
      assert.match(
        system.hint,
        /tee .*localtls-.*\.crt < .* && .*chmod 0644 .* && .*update-ca-certificates/,
      );
      const nss = stores.filter(({ kind }: StoreResult) => kind === "nss");
      assert.deepEqual(outcomes(nss), new Set(["added"]));
      assert.equal(verifies(certificates[0].cert), false);

      // Pasted by somebody who may, in a shell where sudo is no more than a word.
      execFileSync("sh", ["-c", system.hint.replaceAll(/\bsudo\b(?: --)?/g, "env")]);
      assert.ok(verifies(certificates[0].cert));
      const again = await scratch.run(["trust", "--stores", "system", "--json"], asUser);
      assert.equal(again.code, 0, again.stdout);
      assert.deepEqual(outcomes(again.json().stores), new Set(["unchanged"]));
      assert.equal((await scratch.run(["untrust", "--stores", "system"])).code, 0);
      assert.equal(verifies(certificates[0].cert), false);
    },
  );

  test("a tool that hangs, lies or is missing fails its own store only", SLOW, async () => {
    const cases = [
      ["answers 0 and does nothing", "#!/bin/sh\nexit 0\n", /update-ca-certificates/],
      ["answers 1", "#!/bin/sh\necho no luck >&2\nexit 1\n", /no luck/],
    ] as const;
    for (const [what, script, reason] of cases) {
      const scratch = makeScratch();
      const tool = join(scratch.home, "update-ca-certificates");
      writeFileSync(tool, script, { mode: 0o755 });
      const result = await scratch.run(["setup", "a.test", "--stores", "system,nss", "--json"], {
        // In the system's own place, for this run alone: root runs no other.
        prefix: [
          ...["unshare", "--mount", "sh", "-c"],
          ...['mount --bind "$0" /usr/sbin/update-ca-certificates && exec "$@"', tool],
        ],
      });
      assert.equal(result.code, 3, `${what}: ${result.stdout}`);
      const { stores } = result.json();
      assert.equal(stores[0].outcome, "failed", what);
      assert.match(stores[0].reason, reason, what);
      assert.deepEqual(outcomes(stores.slice(1)), new Set(["added"]), what);
      assert.equal((await scratch.run(["uninstall", "--purge"])).code, 0, what);
    }
  });

  test("uninstall works when the CA's own files are gone", SLOW, async () => {
    const scratch = makeScratch();
    const only = ["--stores", "system,nss", "--json"];
    const setup = await scratch.run(["setup", "a.test", ...only]);
    assert.equal(setup.code, 0, setup.stdout);
    const { cert } = setup.json().certificates[0];
    assert.ok(verifies(cert));
    for (const name of ["root.pem", "issuer.pem", "issuer-key.pem"]) {
      execFileSync("rm", [join(scratch.state, name)]);
    }
    const gone = await scratch.run(["uninstall", "--purge", "--json"]);
    assert.equal(gone.code, 0, gone.stdout);
    assert.equal(verifies(cert), false);
  });
});

describe("trust and untrust of somebody's certificate", () => {
  function selfSigned(scratch: Scratch): { file: string; sha256: string } {
    const file = join(scratch.work, "theirs.pem");
    execFileSync("openssl", [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      join(scratch.work, "theirs.key"),
      "-out",
      file,
      "-days",
      "30",
      "-subj",
      "/CN=Their CA",
      "-addext",
      "basicConstraints=critical,CA:TRUE",
    ], { stdio: "ignore" });
    const printed = execFileSync("openssl", [
      "x509",
      "-in",
      file,
      "-noout",
      "-fingerprint",
      "-sha256",
    ], {
      encoding: "utf8",
    });
    return { file, sha256: printed.split("=")[1]!.trim().replaceAll(":", "").toLowerCase() };
  }
  const only = ["--stores", "system,nss", "--json"];

  test("needs its fingerprint, is trusted with it, and goes again", SLOW, async () => {
    const scratch = makeScratch();
    const { file, sha256 } = selfSigned(scratch);
    const asked = await scratch.run(["trust", file, ...only]);
    assert.equal(asked.code, 1);
    assert.equal(asked.json().error.code, "CONFIRMATION_NEEDED");
    assert.match(asked.json().error.hints[0], new RegExp(`--fingerprint ${sha256}`));
    assert.equal(verifies(file), false);

    const wrong = await scratch.run(["trust", file, "--fingerprint", "00".repeat(32), ...only]);
    assert.equal(wrong.code, 1);
    assert.equal(wrong.json().error.code, "FINGERPRINT_MISMATCH");
    assert.equal(verifies(file), false);

    const trusted = await scratch.run(["trust", file, "--fingerprint", sha256, ...only]);
    assert.equal(trusted.code, 0, trusted.stdout);
    assert.equal(trusted.json().anchor.role, "ca");
    assert.ok(verifies(file));

    execFileSync("rm", [file]);
    const gone = await scratch.run(["untrust", sha256.slice(0, 16), ...only]);
    assert.equal(gone.code, 0, gone.stdout);
    assert.deepEqual(outcomes(gone.json().stores), new Set(["removed"]));
  });

  test("comes from stdin, and uninstall takes it back too", SLOW, async () => {
    const scratch = makeScratch();
    const { file } = selfSigned(scratch);
    const input = readFileSync(file, "utf8");
    const trusted = await scratch.run(["trust", "-", "--yes", ...only], { input });
    assert.equal(trusted.code, 0, trusted.stdout);
    assert.ok(verifies(file));
    assert.equal((await scratch.run(["uninstall", ...only])).code, 0);
    assert.equal(verifies(file), false);
  });

  const bad: readonly (readonly [string, string | undefined])[] = [
    ["a file that is not there", undefined],
    ["an empty file", ""],
    ["a file without a certificate", "hello\n"],
    ["a truncated certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"],
    ["a key", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"],
  ];
  for (const [what, content] of bad) {
    test(`refuses ${what} with one sentence`, SLOW, async () => {
      const scratch = makeScratch();
      if (content !== undefined) writeFileSync(join(scratch.work, "x.pem"), content);
      const before = readdirSync(scratch.home);
      const result = await scratch.run(["trust", "x.pem", "--yes", "--json"]);
      assert.equal(result.code, 1, result.stdout);
      assert.notEqual(result.json().error.code, "INTERNAL");
      assert.match(result.json().error.message, /^Cannot [^\n]+$/);
      assert.deepEqual(readdirSync(scratch.home), before);
    });
  }
});

test("uninstall cleans a database that another one hides by now", SLOW, async () => {
  const scratch = makeScratch();
  const only = ["--stores", "nss", "--json"];
  const xdg = join(scratch.home, ".local/share/pki/nssdb");
  mkdirSync(xdg, { recursive: true, mode: 0o700 });
  const setup = await scratch.run(["setup", "a.test", ...only]);
  assert.equal(setup.code, 0, setup.stdout);
  const paths = setup.json().stores.map(({ path }: StoreResult) => path);
  assert.ok(paths.includes(xdg), paths.join());
  // Once this directory is there, Chromium and a search look at nothing else.
  mkdirSync(join(scratch.home, ".pki/nssdb"), { recursive: true, mode: 0o700 });
  const gone = await scratch.run(["uninstall", ...only]);
  assert.equal(gone.code, 0, gone.stdout);
  const hidden = gone.json().stores.find(({ path }: StoreResult) => path === xdg);
  assert.equal(hidden?.outcome, "removed", gone.stdout);
});
