/**
 * `deno run` of the program with the permissions of the "localtls" task in deno.json: it does what the
 * binary does, and Deno never asks for more.
 */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { makeScratch } from "../support/scratch.ts";

const ROOT = join(import.meta.dirname!, "..", "..");
const DENO = join(ROOT, "node_modules/.bin/deno");
const BUN = join(ROOT, "node_modules/.bin/bun");

function permissions(): string[] {
  const { tasks } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
  return tasks.localtls.split(" ").filter((word: string) => /^--(?:allow|deny)-/.test(word));
}

describe("deno run", () => {
  test("setup, cert, config, status and uninstall work with the listed permissions", {
    timeout: 300_000,
  }, () => {
    const { home, work } = makeScratch();
    const run = (...args: string[]) => {
      const argv = ["run", "--no-prompt", ...permissions(), join(ROOT, "src/main.ts"), ...args];
      const result = spawnSync(DENO, argv, {
        cwd: work,
        encoding: "utf8",
        env: { ...process.env, HOME: home, DENO_DIR: join(home, "deno"), NO_COLOR: "1" },
        timeout: 120_000,
      });
      assert.doesNotMatch(result.stderr, /Requires .* access|NotCapable/, args.join(" "));
      return { code: result.status, stdout: result.stdout, stderr: result.stderr };
    };
    const setup = run("setup", "172.16.99.32", "--json");
    assert.equal(setup.code, 0, setup.stdout + setup.stderr);
    const { stores, certificates } = JSON.parse(setup.stdout);
    for (const store of stores) assert.equal(store.outcome, "added", JSON.stringify(store));
    const { cert } = certificates[0];
    execFileSync("openssl", [
      "verify",
      "-x509_strict",
      "-CAfile",
      "/etc/ssl/certs/ca-certificates.crt",
      "-untrusted",
      cert,
      cert,
    ], { stdio: "ignore" });
    assert.equal(run("cert", "a.test").code, 0);
    assert.equal(run("status").code, 0);
    const config = run("config", "nginx", "172.16.99.32", "--port", "1043");
    assert.match(config.stdout, /listen 172\.16\.99\.32:1043 ssl;/);
    const gone = run("uninstall", "--purge", "--json");
    assert.equal(gone.code, 0, gone.stdout + gone.stderr);
    assert.equal(existsSync(join(home, ".local/share/localtls")), false);
  });

  test("the task runs the program, next to a package whose command is called deno too", () => {
    const result = spawnSync(DENO, ["task", "--quiet", "localtls", "version"], {
      cwd: ROOT,
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.match(result.stdout, /^\d+\.\d+\.\d+\n$/, result.stderr);
  });

  test("the deno build bundles the program, and says clearly when it has no denort", {
    timeout: 180_000,
  }, () => {
    const result = spawnSync(BUN, ["scripts/build.ts", "--runtime", "deno"], {
      cwd: ROOT,
      encoding: "utf8",
      timeout: 170_000,
    });
    const { work } = makeScratch();
    if (result.status === 0) {
      const program = join(ROOT, "dist/localtls-deno");
      const printed = execFileSync(program, ["version"], { cwd: work, encoding: "utf8" });
      assert.match(printed, /^\d+\.\d+\.\d+\n$/);
      return;
    }
    assert.match(result.stderr, /Cannot compile with Deno: it needs its runtime, denort/);
    assert.match(result.stderr, /hint: DENORT_BIN=/);
    const bundled = join(ROOT, ".cache/deno-compile/localtls.mjs");
    const printed = execFileSync(DENO, [
      "run",
      "--no-prompt",
      "--no-config",
      ...permissions(),
      bundled,
      "version",
    ], { cwd: work, encoding: "utf8" });
    assert.match(printed, /^\d+\.\d+\.\d+\n$/);
  });
});
