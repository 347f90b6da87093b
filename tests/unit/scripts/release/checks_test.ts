import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  changelogSection,
  publishCommands,
  type ReleaseFacts,
  releaseProblems,
} from "../../../../scripts/release/checks.ts";

const CHANGELOG = `# Changelog

## Unreleased

- later

## 1.2.3 - 2026-11-25

### Added

- this

## [1.2.2]

- before
`;

const GOOD: ReleaseFacts = {
  version: "1.2.3",
  versions: { "package.json": "1.2.3", "deno.json": "1.2.3" },
  status: "",
  head: "c0ffee",
  builtFrom: "c0ffee",
  tags: ["v1.2.2", "v1.2.30"],
  changelog: CHANGELOG,
  checksumProblems: [],
};

describe("changelogSection()", () => {
  test("is what stands between a version's heading and the next", () => {
    assert.equal(changelogSection(CHANGELOG, "1.2.3"), "### Added\n\n- this");
    assert.equal(changelogSection(CHANGELOG, "1.2.2"), "- before");
  });

  for (const version of ["1.2", "1.2.33", "1x2x3", "0.1.2.3"]) {
    test(`does not take another's for that of ${version}`, () => {
      assert.equal(changelogSection(CHANGELOG, version), undefined);
    });
  }
});

describe("releaseProblems()", () => {
  test("finds nothing where nothing is wrong", () => {
    assert.deepEqual(releaseProblems(GOOD), []);
  });

  const refused: readonly (readonly [string, Partial<ReleaseFacts>, RegExp])[] = [
    ["a dirty tree", { status: " M src/main.ts" }, /not committed:\n M src\/main\.ts/],
    [
      "another version elsewhere",
      { versions: { "deno.json": "1.2.2" } },
      /deno\.json says 1\.2\.2/,
    ],
    ["no version elsewhere", { versions: { "deno.json": undefined } }, /deno\.json says nothing/],
    ["a tag that exists", { tags: ["v1.2.3"] }, /tag v1\.2\.3 exists/],
    ["a changelog without the version", { changelog: "## Unreleased\n" }, /no section for 1\.2\.3/],
    ["an empty section", { changelog: "## 1.2.3\n\n## 1.2.2\n" }, /no section for 1\.2\.3/],
    ["a wrong checksum", { checksumProblems: ["a is missing"] }, /^a is missing$/],
    ["artefacts of another commit", { builtFrom: "c0ffee-dirty" }, /built from c0ffee-dirty/],
    ["artefacts of no commit", { builtFrom: undefined }, /built from an unknown commit/],
  ];
  for (const [what, change, message] of refused) {
    test(`refuses ${what}`, () => {
      const problems = releaseProblems({ ...GOOD, ...change });
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0]!, message);
    });
  }

  test("refuses what is no version, which would end up in commands", () => {
    const version = "1.2.3; reboot";
    const changelog = `## ${version}\n\nx\n`;
    const problems = releaseProblems({ ...GOOD, version, versions: {}, changelog });
    assert.deepEqual(problems, ['"1.2.3; reboot" is no version']);
  });

  test("names everything that is wrong at once", () => {
    assert.equal(releaseProblems({ ...GOOD, status: "?? x", tags: ["v1.2.3"] }).length, 2);
  });
});

describe("publishCommands()", () => {
  test("tag the commit, push the tag, and upload every file", () => {
    assert.deepEqual(publishCommands("1.2.3", "c0ffee", ["dist/a", "dist/b"]), [
      "git tag --annotate --message 'localtls 1.2.3' v1.2.3 c0ffee",
      "git push origin v1.2.3",
      "gh release create v1.2.3 --verify-tag --title 'localtls 1.2.3' " +
      "--notes-file dist/CHANGELOG-1.2.3.md \\\n  dist/a \\\n  dist/b",
    ]);
  });

  test("mark a pre-release as one", () => {
    assert.match(publishCommands("1.2.3-rc.1", "c0ffee", ["dist/a"])[2]!, / --prerelease /);
  });
});
