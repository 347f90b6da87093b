/**
 * `npm run release`: what it prints when everything is right, and what it refuses, in a repository of the test's own
 * with artefacts that are only small.
 */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { sha256OfFile, writeChecksums } from "../../scripts/build/checksums.ts";
import { artefactNames, SBOM } from "../../scripts/build/release_build.ts";
import { TARGETS } from "../../scripts/build/targets.ts";
import { VERSION } from "../../src/version.ts";
import { BUN, copyCheckout, ROOT } from "../support/build_runs.ts";
import { withScratchDirectory } from "../support/scratch_directory.ts";

const NAMES = artefactNames(TARGETS, true);

/** A repository in which a release is ready. */
interface Repository {
  readonly root: string;
  git(...args: readonly string[]): string;
  release(...args: readonly string[]): { code: number | null; stdout: string; stderr: string };
}

async function withRepository(run: (repository: Repository) => void): Promise<void> {
  await withScratchDirectory((scratch) => {
    const root = join(scratch, "checkout");
    const bin = join(scratch, "bin");
    copyCheckout(root);
    symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
    writeFileSync(join(root, ".gitignore"), "dist/\nnode_modules\n.cache/\n");
    writeFileSync(join(root, "CHANGELOG.md"), `# Changelog\n\n## ${VERSION}\n\n- The first.\n`);
    const git = (...args: readonly string[]) =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t.test", ...args], {
        cwd: root,
        encoding: "utf8",
      }).trim();
    git("init", "--quiet");
    git("add", ".");
    git("commit", "--quiet", "--message", "All of it");
    const dist = join(root, "dist");
    mkdirSync(dist);
    for (const name of NAMES) writeFileSync(join(dist, name), name);
    const properties = [{ name: "localtls:commit", value: git("rev-parse", "HEAD") }];
    writeFileSync(join(dist, SBOM), JSON.stringify({ metadata: { properties } }));
    writeChecksums(dist, NAMES);
    // Whoever would talk to the world leaves a trace: the programs for that are the test's own.
    mkdirSync(bin);
    for (const name of ["gh", "curl", "ssh", "npm"]) {
      writeFileSync(join(bin, name), `#!/bin/sh\ntouch "${scratch}/contacted"\n`, { mode: 0o755 });
    }
    const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}` };
    const release = (...args: readonly string[]) => {
      const { status, stdout, stderr } = spawnSync(BUN, ["scripts/release.ts", ...args], {
        cwd: root,
        encoding: "utf8",
        env,
      });
      return { code: status, stdout, stderr };
    };
    run({ root, git, release });
    assert.equal(existsSync(join(scratch, "contacted")), false, "it contacted somebody");
  });
}

describe("npm run release", () => {
  test("--dry-run prints version, tag, every artefact, the changes and the commands", async () => {
    await withRepository(({ root, git, release }) => {
      const { code, stdout, stderr } = release("--dry-run");
      assert.equal(code, 0, stderr);
      assert.equal(stderr, "");
      assert.match(stdout, new RegExp(`^version +${VERSION.replaceAll(".", "\\.")}$`, "m"));
      assert.match(stdout, new RegExp(`^tag +v${VERSION.replaceAll(".", "\\.")}$`, "m"));
      for (const name of [...NAMES, "SHA256SUMS"]) {
        const path = join(root, "dist", name);
        const size = readFileSync(path).length;
        const line = stdout.split("\n").find((each) => each.endsWith(`  ${name}`));
        assert.deepEqual(line?.split(/ +/), [sha256OfFile(path), String(size), name]);
        assert.ok(stdout.includes(`  dist/${name}`), `${name} is not uploaded`);
      }
      assert.match(stdout, /^- The first\.$/m);
      assert.match(stdout, new RegExp(`^git tag .* v${VERSION} ${git("rev-parse", "HEAD")}$`, "m"));
      assert.match(stdout, /^gh release create /m);
      assert.equal(git("tag", "--list"), "", "it made the tag itself");
      assert.equal(existsSync(join(root, `dist/CHANGELOG-${VERSION}.md`)), false);
    });
  });

  test("--publish prints commands alone, and writes the notes that they name", async () => {
    await withRepository(({ root, git, release }) => {
      const { code, stdout } = release("--publish");
      assert.equal(code, 0);
      for (const line of stdout.trim().split("\n")) assert.match(line, /^(?:git| {2}dist\/|gh)/);
      assert.equal(
        readFileSync(join(root, `dist/CHANGELOG-${VERSION}.md`), "utf8"),
        "- The first.\n",
      );
      assert.equal(git("tag", "--list"), "", "it made the tag itself");
    });
  });

  for (const args of [[], ["--dry-run", "--publish"], ["--force"]]) {
    test(`does nothing with ${args.join(" ") || "no option"}`, async () => {
      await withRepository(({ release }) => {
        const { code, stdout, stderr } = release(...args);
        assert.equal(code, 2);
        assert.equal(stdout, "");
        assert.match(stderr, /usage: npm run release/);
      });
    });
  }

  const refused: readonly (readonly [string, (repository: Repository) => void, RegExp])[] = [
    [
      "a dirty tree",
      ({ root }) => appendFileSync(join(root, "LICENSE"), "\n"),
      /not committed:\n {3}M LICENSE/,
    ],
    [
      "a file that git does not know",
      ({ root }) => writeFileSync(join(root, "new.ts"), ""),
      /not committed:\n +\?\? new\.ts/,
    ],
    ["a tag that exists", ({ git }) => git("tag", `v${VERSION}`), /The tag v\S+ exists already/],
    [
      "artefacts of an older commit",
      ({ git }) => git("commit", "--quiet", "--allow-empty", "--message", "Later"),
      /were built from [0-9a-f]{40}, not [0-9a-f]{40}/,
    ],
    [
      "an artefact that has changed",
      ({ root }) => appendFileSync(join(root, "dist", NAMES[0]!), "x"),
      /localtls-linux-x64 does not have the checksum/,
    ],
    [
      "an artefact that is missing",
      ({ root }) => rmSync(join(root, "dist", "localtls-windows-x64.zip")),
      /localtls-windows-x64\.zip is missing/,
    ],
    [
      "a build of some targets alone",
      ({ root }) => writeChecksums(join(root, "dist"), NAMES.slice(1)),
      /SHA256SUMS does not name localtls-linux-x64/,
    ],
    [
      "another version in deno.json",
      ({ root, git }) => {
        const path = join(root, "deno.json");
        const text = readFileSync(path, "utf8");
        writeFileSync(path, text.replace(`"version": "${VERSION}"`, '"version": "9.9.9"'));
        git("commit", "--quiet", "--all", "--message", "Another");
      },
      /deno\.json says 9\.9\.9/,
    ],
    [
      "a changelog without the version",
      ({ root, git }) => {
        writeFileSync(join(root, "CHANGELOG.md"), "# Changelog\n\n## Unreleased\n\n- Something.\n");
        git("commit", "--quiet", "--all", "--message", "Not yet");
      },
      /CHANGELOG\.md has no section/,
    ],
  ];
  for (const [what, change, message] of refused) {
    test(`refuses ${what}`, async () => {
      await withRepository((repository) => {
        change(repository);
        for (const mode of ["--dry-run", "--publish"]) {
          const { code, stdout, stderr } = repository.release(mode);
          assert.equal(code, 1, stderr);
          assert.match(stderr, message);
          assert.doesNotMatch(stdout, /^gh release/m, "it says how to publish nevertheless");
        }
      });
    });
  }
});
