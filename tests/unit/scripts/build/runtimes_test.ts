import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { installFiles, type Lock, pinOf, readLock } from "../../../../scripts/build/runtimes.ts";
import { TARGETS } from "../../../../scripts/build/targets.ts";

const [TARGET] = TARGETS;
const PATH = `node_modules/${TARGET!.runtime}`;
const INTEGRITY = `sha512-${"A".repeat(86)}==`;
const BUN = { version: "1.2.3", integrity: INTEGRITY };

describe("pinOf()", () => {
  test("finds every target's runtime in package-lock.json, in the version of bun", () => {
    const lock = readLock();
    for (const target of TARGETS) {
      const { version, integrity } = pinOf(lock, target);
      assert.equal(version, lock["node_modules/bun"]!.version);
      assert.equal(integrity, lock[`node_modules/${target.runtime}`]!.integrity);
    }
  });

  const refused: readonly (readonly [string, Lock, RegExp])[] = [
    ["a runtime without a pin", { "node_modules/bun": BUN }, /does not pin it/],
    ["a lock file without bun", { [PATH]: BUN }, /does not pin it/],
    [
      "another version than that which builds",
      { "node_modules/bun": BUN, [PATH]: { ...BUN, version: "1.2.4" } },
      /pins 1\.2\.4, and bun 1\.2\.3 builds/,
    ],
    [
      "a weaker hash",
      { "node_modules/bun": BUN, [PATH]: { ...BUN, integrity: "sha1-AAAA" } },
      /no SHA-512/,
    ],
    [
      "no hash",
      { "node_modules/bun": BUN, [PATH]: { version: "1.2.3" } as typeof BUN },
      /no SHA-512/,
    ],
  ];
  for (const [what, lock, message] of refused) {
    test(`refuses ${what}`, () => {
      assert.throws(() => pinOf(lock, TARGET!), message);
    });
  }
});

describe("installFiles()", () => {
  test("pin one package, and do not say what it runs on", () => {
    const files = installFiles("@oven/bun-x", BUN);
    const lock = JSON.parse(files["package-lock.json"]!);
    assert.deepEqual(lock.packages["node_modules/@oven/bun-x"], BUN);
    assert.deepEqual(Object.keys(lock.packages), ["", "node_modules/@oven/bun-x"]);
    assert.deepEqual(JSON.parse(files["package.json"]!).dependencies, { "@oven/bun-x": "1.2.3" });
  });
});
