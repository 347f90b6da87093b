/** Temporary files with keys that a kill left: who finds them, and who sweeps them. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { LOCALTLS } from "../support/localtls.ts";
import { makeScratch, type Scratch } from "../support/scratch.ts";
import { strace, traced } from "../support/strace.ts";

const SLOW = { timeout: 180_000 };

const isTemporary = (name: string) => name.startsWith(".localtls-");

function temporaries(directory: string): string[] {
  return readdirSync(directory).filter(isTemporary);
}

async function must(scratch: Scratch, ...args: string[]) {
  const result = await scratch.run([...args, "--json"]);
  assert.equal(result.code, 0, `${args.join(" ")}: ${result.stdout}${result.stderr}`);
  return result.json();
}

/** Kills a run right before its key takes its place. */
async function killed(scratch: Scratch, ...args: string[]): Promise<string[]> {
  const inject = { fault: "KILL", call: { name: "rename", when: 1 } } as const;
  const options = { cwd: scratch.work, env: { HOME: scratch.home }, timeoutMs: 60_000 };
  const { code } = await traced(args, scratch.home, options, inject);
  assert.equal(code, 137);
  return temporaries(scratch.work);
}

describe("temporary files of a killed run", { skip: strace() ?? false }, () => {
  test("status and doctor find them, at once and from anywhere", SLOW, async () => {
    const scratch = makeScratch();
    await must(scratch, "cert", "a.test");
    const left = await killed(scratch, "cert", "b.test");
    assert.equal(left.length, 2);
    const cwd = join(scratch.home, "elsewhere");
    mkdirSync(cwd);
    const run = async (...args: string[]) =>
      (await scratch.run([...args, "--stores", "nss", "--json"], { cwd })).json();
    const todo = (await run("status")).todo.map(({ command }: { command: string }) => command);
    const check = (await run("doctor")).checks.find(({ id }: { id: string }) => id === "leftovers");
    assert.equal(check?.status, "warn");
    for (const name of left) {
      const path = join(scratch.work, name);
      assert.ok(
        todo.some((command: string) => command.startsWith("rm ") && command.includes(path)),
      );
      assert.ok(check.fix.includes(path));
    }
    assert.deepEqual(temporaries(scratch.work), left, "reading changes nothing");
  });

  for (
    const [what, args] of [
      ["the same command", ["cert", "b.test"]],
      ["another certificate", ["cert", "c.test"]],
      ["a certificate that is kept", ["cert", "a.test"]],
      ["a list", ["cert", "--from", "list"]],
      ["renew", ["renew"]],
      ["setup", ["setup", "d.test", "--stores", "nss"]],
      ["mkcert's command line", ["mkcert", "e.test"]],
      ["uninstall --purge", ["uninstall", "--purge", "--yes", "--stores", "nss"]],
    ] as const
  ) {
    test(`${what} sweeps them`, SLOW, async () => {
      const scratch = makeScratch();
      await must(scratch, "cert", "a.test");
      writeFileSync(join(scratch.work, "list"), "x.test\n");
      assert.equal((await killed(scratch, "cert", "b.test")).length, 2);
      const { code, stderr } = await scratch.run(args);
      assert.ok(code === 0 || code === 3, stderr);
      assert.deepEqual(temporaries(scratch.work), []);
    });
  }

  test("a key whose certificate was still on its way is ours", SLOW, async () => {
    const scratch = makeScratch();
    await must(scratch, "cert", "a.test");
    const inject = { fault: "KILL", call: { name: "rename", when: 2 } } as const;
    const options = { cwd: scratch.work, env: { HOME: scratch.home }, timeoutMs: 60_000 };
    assert.equal((await traced(["cert", "b.test"], scratch.home, options, inject)).code, 137);
    assert.ok(existsSync(join(scratch.work, "b.test-key.pem")));
    assert.equal(existsSync(join(scratch.work, "b.test.pem")), false);
    await must(scratch, "cert", "b.test");
    assert.deepEqual(temporaries(scratch.work), []);
  });
});

describe("what is not ours, or in use, stays", () => {
  test("other names, links, directories, files of a run that lives", SLOW, async () => {
    const scratch = makeScratch();
    await must(scratch, "cert", "a.test");
    const old = new Date(Date.now() - 3_600_000);
    const path = (name: string) => join(scratch.work, name);
    const pid = process.pid.toString(16).padStart(8, "0");
    const stays = [".localtls-notes", ".localtls-0123456789abcde", ".localtls-0123456789ABCDEF"];
    for (const name of stays) writeFileSync(path(name), "mine");
    for (const name of stays) utimesSync(path(name), old, old);
    const living = `.localtls-${pid}00000001`;
    writeFileSync(path(living), "being written");
    writeFileSync(join(scratch.home, "victim"), "mine");
    const link = ".localtls-0123456789abcdef";
    symlinkSync(join(scratch.home, "victim"), path(link));
    lutimesSync(path(link), old, old);
    mkdirSync(path(".localtls-fedcba9876543210"));
    const stale = ".localtls-ffffffff00000001";
    writeFileSync(path(stale), "old");
    utimesSync(path(stale), old, old);
    const young = ".localtls-ffffffff00000002";
    writeFileSync(path(young), "of a version without process ids, perhaps");
    await must(scratch, "cert", "b.test");
    const expected = [...stays, living, link, ".localtls-fedcba9876543210", young].sort();
    assert.deepEqual(temporaries(scratch.work).sort(), expected);
    assert.equal(readFileSync(join(scratch.home, "victim"), "utf8"), "mine");
  });

  test("many runs at once in one directory lose nothing", SLOW, async () => {
    const scratch = makeScratch();
    await must(scratch, "cert", "a.test");
    const names = Array.from({ length: 24 }, (_, i) => `n${i}.test`);
    const results = await Promise.all(names.map((name) => scratch.run(["cert", name])));
    for (const { code, stderr } of results) assert.equal(code, 0, stderr);
    for (const name of names) {
      const cert = new X509Certificate(readFileSync(join(scratch.work, `${name}.pem`)));
      const key = createPrivateKey(readFileSync(join(scratch.work, `${name}-key.pem`)));
      assert.ok(cert.checkPrivateKey(key));
    }
  });
});

test(
  "a new CA that was never put into place: status finds it, renew and setup sweep it",
  SLOW,
  async () => {
    for (const args of [["renew"], ["setup", "b.test", "--stores", "nss"]]) {
      const scratch = makeScratch();
      await must(scratch, "cert", "a.test");
      const left = join(scratch.state, ".new-0123456789abcdef");
      mkdirSync(left, { mode: 0o700 });
      const key = readFileSync(join(scratch.state, "issuer-key.pem"));
      writeFileSync(join(left, "issuer-key.pem"), key, { mode: 0o600 });
      const old = new Date(Date.now() - 3_600_000);
      utimesSync(left, old, old);
      const { todo } = (await scratch.run(["status", "--stores", "nss", "--json"])).json();
      assert.ok(todo.some(({ command }: { command: string }) => command === `rm -r ${left}`));
      await must(scratch, ...args);
      assert.equal(existsSync(left), false);
    }
  },
);

test("kills at many moments leave nothing that the next run does not sweep", SLOW, async () => {
  const scratch = makeScratch();
  await must(scratch, "cert", "a.test");
  let left = 0;
  for (let i = 0; i < 60; i++) {
    const child = spawn(LOCALTLS, ["cert", `k${i}.test`, "--key", "p256"], {
      cwd: scratch.work,
      env: { HOME: scratch.home, PATH: process.env["PATH"] },
      stdio: "ignore",
    });
    await new Promise((resolve) => setTimeout(resolve, 4 + i % 30));
    child.kill("SIGKILL");
    await ended(child);
    left += temporaries(scratch.work).length;
  }
  await must(scratch, "cert", "last.test");
  assert.deepEqual(temporaries(scratch.work), []);
  console.log(`60 kills left ${left} temporary files`);
});

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.on("exit", () => resolve());
  });
}
