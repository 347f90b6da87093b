/**
 * What `npm run build` refuses: words that it does not know, and runtimes that are not those that the lock file pins.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, test } from "node:test";
import { installFiles, pinOf, readLock, runtimeDirectory } from "../../scripts/build/runtimes.ts";
import { copyCheckout, ROOT, runBuild, targetOf } from "../support/build_runs.ts";
import { withScratchDirectory } from "../support/scratch_directory.ts";

describe("npm run build refuses", () => {
  const usage: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["an unknown target", ["--target", "linux-x64,amiga"], /Cannot build for "amiga"/],
    ["--all together with --target", ["--all", "--target", "linux-x64"], /exclude each other/],
    ["an unknown runtime", ["--runtime", "node"], /"node" is no runtime/],
    ["an unknown option", ["--al"], /--al/],
  ];
  for (const [what, args, message] of usage) {
    test(what, () => {
      const { code, stderr } = runBuild(ROOT, args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    });
  }

  test("a runtime that has changed since it was fetched", async () => {
    await withScratchDirectory((scratch) => {
      const copy = join(scratch, "checkout");
      copyCheckout(copy);
      symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
      const linux = targetOf("linux-x64");
      const kept = basename(runtimeDirectory(linux, pinOf(readLock(), linux)));
      const directory = join(copy, ".cache/runtimes", kept);
      const executable = join(directory, "node_modules", linux.runtime, linux.runtimeFile);
      mkdirSync(dirname(executable), { recursive: true });
      writeFileSync(executable, "changed");
      const sum = createHash("sha256").update("fetched").digest("hex");
      writeFileSync(join(directory, "sha256"), sum);
      const out = join(scratch, "out");
      const { code, stderr } = runBuild(copy, ["--target", "linux-x64", "--out", out]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /it has changed since it was fetched\nbuild: hint: rm -r /);
      assert.deepEqual(readdirSync(out), []);
    });
  });

  test("a package that does not have the hash of the lock file", async () => {
    await withScratchDirectory((directory) => {
      const target = targetOf("darwin-arm64");
      const { version } = pinOf(readLock(), target);
      const integrity = `sha512-${"A".repeat(86)}==`;
      const files = installFiles(target.runtime, { version, integrity });
      for (const [name, content] of Object.entries(files)) {
        writeFileSync(join(directory, name), content);
      }
      const argv = ["ci", "--ignore-scripts", "--no-audit"];
      const { status, stderr } = spawnSync("npm", argv, { cwd: directory, encoding: "utf8" });
      assert.notEqual(status, 0);
      assert.match(stderr, /EINTEGRITY/);
    });
  });

  test("to build where neither git nor SOURCE_DATE_EPOCH tells the time", async () => {
    await withScratchDirectory((scratch) => {
      const copy = join(scratch, "checkout");
      copyCheckout(copy);
      symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
      const env = { SOURCE_DATE_EPOCH: "" };
      const { code, stderr } = runBuild(copy, ["--target", "linux-x64"], env);
      assert.equal(code, 1);
      assert.match(stderr, /hint: SOURCE_DATE_EPOCH=/);
    });
  });
});
