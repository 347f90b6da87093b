/** The rows of facts/abuse-cases.md that no other file tests (abuse_table_test.ts lists them all). */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { encodePem } from "../../src/der/pem.ts";
import { createHierarchy } from "../../src/pki/hierarchy.ts";
import type { StoreResult } from "../../src/truststore/change.ts";
import type { LocaltlsResult } from "../support/localtls.ts";
import { waitFor } from "../support/processes.ts";
import { makeScratch, type Scratch, snapshot } from "../support/scratch.ts";

const SLOW = { timeout: 120_000 };
const SLOW_RUN = { timeoutMs: 90_000 };
const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** Starts a store tool that never ends; its store's limit is a minute, so that the other tests run meanwhile. */
function startHanging(): { scratch: Scratch; pidFile: string; result: Promise<LocaltlsResult> } {
  const scratch = makeScratch();
  const tool = join(scratch.home, "update-ca-certificates");
  const pidFile = join(scratch.home, "pids");
  const script = `#!/bin/sh\nsleep 600 &\necho $$ $! > '${pidFile}'\nwait\n`;
  writeFileSync(tool, script, { mode: 0o755 });
  const result = scratch.run(["setup", "a.test", "--stores", "system,nss", "--json"], {
    // In the system's own place, for this run alone: root runs no other.
    prefix: [
      ...["unshare", "--mount", "sh", "-c"],
      ...['mount --bind "$0" /usr/sbin/update-ca-certificates && exec "$@"', tool],
    ],
    timeoutMs: 150_000,
  });
  return { scratch, pidFile, result };
}

/** A state directory as if it had been made at another time. */
async function withAuthorityOf(made: string): Promise<Scratch> {
  const scratch = makeScratch();
  const { root, issuer, issuerKey } = await createHierarchy({
    description: "test",
    permitted: { any: false, domains: ["test"] },
    now: new Date(made),
  });
  mkdirSync(scratch.state, { recursive: true, mode: 0o700 });
  writeFileSync(join(scratch.state, "root.pem"), encodePem("CERTIFICATE", root));
  writeFileSync(join(scratch.state, "issuer.pem"), encodePem("CERTIFICATE", issuer));
  const key = encodePem("PRIVATE KEY", issuerKey);
  writeFileSync(join(scratch.state, "issuer-key.pem"), key, { mode: 0o600 });
  return scratch;
}

const DAY_MS = 86_400_000;
const daysFromNow = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();

describe("abuse", () => {
  let hanging: ReturnType<typeof startHanging> | undefined;

  test("a store tool that hangs is started", SLOW, () => {
    hanging = startHanging();
    hanging.result.catch(() => {}); // judged below
  });

  test("octets that are no UTF-8, as a name", SLOW, async () => {
    const scratch = makeScratch();
    const result = await scratch.run([], {
      // The octets cannot come through a JavaScript string.
      prefix: ["sh", "-c", `"$0" cert "$(printf 'a\\377b.test')" --json`],
    });
    assert.equal(result.code, 2, result.stdout + result.stderr);
    assert.equal(result.json().error.code, "NAME_INVALID");
    assert.deepEqual(readdirSync(scratch.home), ["work"]);
    assert.deepEqual(readdirSync(scratch.work), []);
  });

  for (const command of ["cert", "setup"]) {
    test(`3,000 names for ${command}: refused before anything is made`, SLOW, async () => {
      const scratch = makeScratch();
      const names = Array.from({ length: 3000 }, (_, i) => `n${i}.test`);
      const stores = command === "setup" ? ["--stores", "nss"] : [];
      const result = await scratch.run([command, ...names, ...stores, "--json"]);
      assert.equal(result.code, 2, result.stdout);
      assert.match(result.json().error.message, /^Cannot .*3000 names are more than 1000/);
      assert.deepEqual(readdirSync(scratch.home), ["work"]);
      assert.deepEqual(readdirSync(scratch.work), []);
    });
  }

  test("1,000 names are issued, and OpenSSL reads them all", SLOW, async () => {
    const scratch = makeScratch();
    const names = Array.from({ length: 1000 }, (_, i) => `n${i}.test`);
    assert.equal((await scratch.run(["cert", ...names])).code, 0);
    const cert = join(scratch.work, "n0.test+999.pem");
    const text = execFileSync(
      "openssl",
      ["x509", "-in", cert, "-noout", "-ext", "subjectAltName"],
      {
        encoding: "utf8",
      },
    );
    assert.equal(text.match(/DNS:n\d+\.test/g)?.length, 1000);
  });

  const large: readonly (readonly [string, (scratch: Scratch) => [string, string[]]])[] = [
    ["root.pem", ({ state }) => [join(state, "root.pem"), ["cert", "b.test"]]],
    ["issuer-key.pem", ({ state }) => [join(state, "issuer-key.pem"), ["cert", "b.test"]]],
    ["the file to trust", ({ work }) => [join(work, "big.pem"), ["trust", "big.pem", "--yes"]]],
  ];
  for (const [what, choose] of large) {
    test(`200 MB as ${what}: refused without reading it`, SLOW, async () => {
      const scratch = makeScratch();
      assert.equal((await scratch.run(["cert", "a.test"])).code, 0);
      const [file, args] = choose(scratch);
      if (!existsSync(file)) writeFileSync(file, "");
      truncateSync(file, 200 * 1024 * 1024);
      // The last line on stderr: the most memory that any child has had, in kilobytes.
      const measure = "import resource, subprocess, sys\n" +
        "code = subprocess.call(sys.argv[1:])\n" +
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n" +
        "sys.exit(code)";
      const result = await scratch.run([...args, "--json"], { prefix: ["python3", "-c", measure] });
      assert.equal(result.code, 1, result.stdout);
      assert.equal(result.json().error.code, "FILE_TOO_LARGE");
      const kilobytes = Number(result.stderr.trim().split("\n").at(-1));
      assert.ok(kilobytes > 1_000 && kilobytes < 150_000, `${kilobytes} kB of memory`);
    });
  }

  test("200 MB on stdin to trust are refused", SLOW, async () => {
    const scratch = makeScratch();
    const shell = 'head -c 200M /dev/zero | exec "$@"';
    const result = await scratch.run(["trust", "-", "--yes", "--json"], {
      prefix: ["sh", "-c", shell, "sh"],
    });
    assert.equal(result.code, 1, result.stdout);
    assert.equal(result.json().error.code, "FILE_TOO_LARGE");
  });

  test("a clock set back: the CA is not valid yet, and nothing is issued", SLOW, async () => {
    const scratch = await withAuthorityOf(daysFromNow(30));
    const before = snapshot(scratch.home);
    for (const command of [["cert", "b.test"], ["setup", "b.test", "--stores", "java"]]) {
      const result = await scratch.run([...command, "--json"]);
      assert.equal(result.code, 1, result.stdout);
      assert.equal(result.json().error.code, "CA_EXPIRED");
      assert.match(result.json().error.hints.join("\n"), /clock: date/);
    }
    assert.deepEqual(readdirSync(scratch.work), []);
    assert.deepEqual(snapshot(scratch.home), before);
  });

  test(
    "a clock set back: by an hour less than a CA's allowance is no hindrance",
    SLOW,
    async () => {
      const scratch = await withAuthorityOf(new Date(Date.now() + 50 * 60_000).toISOString());
      assert.equal((await scratch.run(["cert", "b.test"])).code, 0);
    },
  );

  test(
    "a clock set forward: no certificate outlives its CA, and status says so",
    SLOW,
    async () => {
      const scratch = await withAuthorityOf(daysFromNow(-3652 + 20));
      const result = await scratch.run(["cert", "b.test", "--json"]);
      assert.equal(result.code, 0, result.stdout);
      const { notAfter } = result.json().certificates[0];
      const end = execFileSync("openssl", ["x509", "-enddate", "-noout", "-dateopt", "iso_8601"], {
        encoding: "utf8",
        input: readFileSync(join(scratch.state, "root.pem")),
      });
      assert.ok(
        Date.parse(notAfter) <= Date.parse(end.trim().split("=")[1]!),
        `${notAfter} ${end}`,
      );
      assert.equal((await scratch.run(["status", "--stores", "nss"])).code, 1);
    },
  );

  test("root with another user's HOME leaves no file of root's there", SLOW, async () => {
    const scratch = makeScratch();
    execFileSync("chown", ["-R", "4711:4712", scratch.home]);
    const result = await scratch.run(["setup", "b.test", "--stores", "nss", "--json"], {
      env: { SUDO_UID: undefined, SUDO_USER: undefined },
    });
    assert.equal(result.code, 0, result.stdout);
    for (const path of snapshot(scratch.home).keys()) {
      const { uid, gid } = lstatSync(path);
      assert.deepEqual([uid, gid], [4711, 4712], path);
    }
  });

  /** Runs without these programs: a device has no execute permission, so that they are not there. */
  const without = (programs: readonly string[]) => {
    const mounts = programs.map((program) => `mount --bind /dev/null ${program} && `).join("");
    return { prefix: ["unshare", "--mount", "sh", "-c", `${mounts}exec "$@"`, "sh"] };
  };

  test(
    "a store tool that is missing: the system's bundle is written without it",
    SLOW,
    async () => {
      const scratch = makeScratch();
      const bundle = readFileSync(BUNDLE);
      const hidden = without(["/usr/sbin/update-ca-certificates"]);
      const only = ["--stores", "system", "--json"];
      const result = await scratch.run(["setup", "a.test", ...only], hidden);
      assert.equal(result.code, 0, result.stdout + result.stderr);
      const { cert } = result.json().certificates[0];
      execFileSync("openssl", ["verify", "-CAfile", BUNDLE, "-untrusted", cert, cert], {
        stdio: "pipe",
      });
      assert.equal((await scratch.run(["uninstall", ...only], hidden)).code, 0);
      assert.deepEqual(readFileSync(BUNDLE), bundle);
    },
  );

  test(
    "a store tool that is missing: without keytool, Java's store is changed all the same",
    SLOW,
    async (t) => {
      const keytools = execFileSync(
        "sh",
        ["-c", "ls /usr/lib/jvm/*/bin/keytool 2>/dev/null; true"],
        {
          encoding: "utf8",
        },
      ).trim().split("\n").filter((path) => path !== "");
      if (keytools.length === 0) return t.skip("no Java is installed");
      const scratch = makeScratch();
      const args = ["setup", "a.test", "--stores", "java,nss", "--json"];
      const result = await scratch.run(args, without(keytools));
      assert.equal(result.code, 0, result.stdout + result.stderr);
      const { stores, certificates } = result.json();
      assert.ok(stores.some(({ kind }: StoreResult) => kind === "java"));
      for (const { outcome } of stores) assert.equal(outcome, "added");
      assert.equal(certificates.length, 1);
      const undone = await scratch.run(["uninstall", "--json"], without(keytools));
      assert.equal(undone.code, 0, undone.stdout + undone.stderr);
    },
  );

  test(
    "a database that a running browser has locked: said, left alone, done later",
    SLOW,
    async () => {
      const scratch = makeScratch();
      const directory = join(scratch.home, ".pki/nssdb");
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      execFileSync("certutil", ["-N", "-d", `sql:${directory}`, "--empty-password"]);
      // Before the lock: a process that closes a file loses its locks on it.
      const before = readFileSync(join(directory, "cert9.db"));
      const browser = new DatabaseSync(join(directory, "cert9.db"));
      browser.exec("BEGIN EXCLUSIVE");
      const setup = ["setup", "b.test", "--stores", "nss", "--json"];
      const result = await scratch.run(setup, { timeoutMs: 90_000 });
      assert.equal(result.code, 3, result.stdout + result.stderr);
      const locked = result.json().stores.find(({ path }: StoreResult) => path === directory);
      assert.equal(locked.outcome, "failed");
      assert.match(locked.reason, /^Cannot .*locked/);
      assert.match(locked.hint, /Close the browser/);
      browser.exec("ROLLBACK");
      browser.close();
      assert.deepEqual(readFileSync(join(directory, "cert9.db")), before);
      const again = await scratch.run(setup);
      assert.equal(again.code, 0, again.stdout);
    },
  );

  test("a store tool that hangs is ended, with its children, and only its store fails", {
    timeout: 170_000,
  }, async () => {
    const { scratch, pidFile, result } = hanging!;
    const { code, stdout, timedOut, json } = await result;
    assert.equal(timedOut, false);
    assert.equal(code, 3, stdout);
    const [system, ...others] = json().stores as StoreResult[];
    assert.equal(system!.outcome, "failed");
    assert.match(system!.reason ?? "", /^Cannot .*update-ca-certificates/);
    for (const { outcome } of others) assert.equal(outcome, "added");
    assert.ok(existsSync(join(scratch.work, "a.test.pem")));
    for (const pid of readFileSync(pidFile, "utf8").trim().split(" ")) {
      await waitFor(`the end of process ${pid}`, () => !isRunning(pid));
    }
    // What the tool left half-done is the next run's to mend.
    assert.equal((await scratch.run(["uninstall", "--purge", "--yes"], SLOW_RUN)).code, 0);
  });
});

/** A zombie has ended: who should collect it is not here any more. */
function isRunning(pid: string): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/^\d+ \(.*\) Z/.test(readFileSync(stat, "utf8"));
}
