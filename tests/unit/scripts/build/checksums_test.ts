import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  checksumProblems,
  CHECKSUMS,
  parseChecksums,
  writeChecksums,
} from "../../../../scripts/build/checksums.ts";
import { withScratchDirectory } from "../../../support/scratch_directory.ts";

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

describe("parseChecksums()", () => {
  test("reads text and binary lines", () => {
    const sums = parseChecksums(`${EMPTY}  a\n${ABC} *b.exe\n`);
    assert.deepEqual([...sums], [["a", EMPTY], ["b.exe", ABC]]);
  });

  for (
    const [what, text] of [
      ["a path", `${EMPTY}  ../a\n`],
      ["a path of Windows", `${EMPTY}  ..\\a\n`],
      ["a short sum", `${EMPTY.slice(1)}  a\n`],
      ["capitals", `${EMPTY.toUpperCase()}  a\n`],
      ["a name twice", `${EMPTY}  a\n${ABC}  a\n`],
      ["an empty line", `${EMPTY}  a\n\n`],
      ["a last line that is cut off", `${EMPTY}  a\n${ABC}  b`],
      ["nothing", ""],
    ] as const
  ) {
    test(`refuses ${what}`, () => {
      assert.throws(() => parseChecksums(text), /Cannot read SHA256SUMS/);
    });
  }
});

/** A directory with "empty" and "abc" and their list, changed by `change`. */
async function problemsAfter(
  change: (directory: string) => void,
  expected: readonly string[] = ["empty", "abc"],
): Promise<string[]> {
  let problems: string[] = [];
  await withScratchDirectory((directory) => {
    writeFileSync(join(directory, "empty"), "");
    writeFileSync(join(directory, "abc"), "abc");
    writeChecksums(directory, ["empty", "abc"]);
    change(directory);
    problems = checksumProblems(directory, expected);
  });
  return problems;
}

describe("checksumProblems()", () => {
  test("finds nothing in what writeChecksums() wrote, which is sorted", async () => {
    let list = "";
    const read = (directory: string) => {
      list = readFileSync(join(directory, CHECKSUMS), "utf8");
    };
    assert.deepEqual(await problemsAfter(read), []);
    assert.equal(list, `${ABC}  abc\n${EMPTY}  empty\n`);
  });

  test("finds a changed file", async () => {
    const problems = await problemsAfter((directory) =>
      writeFileSync(join(directory, "abc"), "abd")
    );
    assert.deepEqual(problems, ["abc does not have the checksum that SHA256SUMS gives"]);
  });

  test("finds a missing file", async () => {
    const problems = await problemsAfter((directory) => rmSync(join(directory, "abc")));
    assert.deepEqual(problems, ["abc is missing"]);
  });

  test("finds a missing list", async () => {
    const problems = await problemsAfter((directory) => rmSync(join(directory, CHECKSUMS)));
    assert.deepEqual(problems, ["SHA256SUMS is missing"]);
  });

  test("finds a list that cannot be read", async () => {
    const problems = await problemsAfter((directory) =>
      writeFileSync(join(directory, CHECKSUMS), "?\n")
    );
    assert.match(problems.join(), /Cannot read SHA256SUMS/);
  });

  test("finds what is not listed, and what should not be", async () => {
    const problems = await problemsAfter(() => {}, ["empty", "sbom"]);
    assert.deepEqual(problems, [
      "SHA256SUMS does not name sbom",
      "SHA256SUMS names abc, which is not released",
    ]);
  });
});
