import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  bundledPackages,
  commitOf,
  cycloneDx,
  type SbomSource,
} from "../../../../scripts/build/sbom.ts";
import { TARGETS } from "../../../../scripts/build/targets.ts";

const DIGEST = "ab".repeat(64);
const INTEGRITY = `sha512-${Buffer.from(DIGEST, "hex").toString("base64")}`;
const PACKAGE = { version: "1.0.0", integrity: INTEGRITY, license: "MIT" };

function metafile(inputs: Readonly<Record<string, number>>): string {
  const entries = Object.entries(inputs).map(([file, bytesInOutput]) => [file, { bytesInOutput }]);
  return JSON.stringify({
    inputs: {},
    outputs: { "./a.js": { inputs: Object.fromEntries(entries) } },
  });
}

const SOURCE: SbomSource = {
  version: "0.1.0",
  time: 1_700_000_000,
  commit: "c0ffee",
  lock: {
    "node_modules/plain": PACKAGE,
    "node_modules/@scope/name": { ...PACKAGE, version: "2.0.0", license: "MIT OR Apache-2.0" },
    "node_modules/plain/node_modules/@scope/name": PACKAGE,
    "node_modules/typescript": PACKAGE,
    "node_modules/@oven/bun-linux-x64": PACKAGE,
  },
  metafiles: [
    metafile({
      "src/main.ts": 10,
      "node_modules/plain/index.js": 5,
      "node_modules/shaken/a.js": 0,
    }),
    metafile({
      "node_modules/@scope/name/dist/index.js": 1,
      "node_modules/plain/node_modules/@scope/name/dist/index.js": 1,
    }),
  ],
  targets: TARGETS.slice(0, 1),
};

describe("bundledPackages()", () => {
  test("finds packages, scopes and nested ones, of which code was kept", () => {
    assert.deepEqual(bundledPackages(SOURCE.metafiles), [
      "node_modules/@scope/name",
      "node_modules/plain",
      "node_modules/plain/node_modules/@scope/name",
    ]);
  });
});

describe("cycloneDx()", () => {
  const document = JSON.parse(cycloneDx(SOURCE));

  test("lists what is in the bundle and the runtime, and nothing that only builds", () => {
    assert.deepEqual(
      document.components.map(({ type, purl }: { type: string; purl: string }) => [type, purl]),
      [
        ["platform", "pkg:npm/%40oven/bun-linux-x64@1.0.0"],
        ["library", "pkg:npm/%40scope/name@1.0.0"],
        ["library", "pkg:npm/%40scope/name@2.0.0"],
        ["library", "pkg:npm/plain@1.0.0"],
      ],
    );
  });

  test("knows that the data of a package is under another licence than its code", () => {
    const listed = JSON.parse(cycloneDx({
      ...SOURCE,
      lock: { ...SOURCE.lock, "node_modules/tldts": PACKAGE },
      metafiles: [metafile({ "node_modules/tldts/dist/es6/src/data/trie.js": 9 })],
    })).components.find(({ name }: { name: string }) => name === "tldts");
    assert.deepEqual(listed.licenses, [{ expression: "MIT AND MPL-2.0" }]);
  });

  test("gives hashes in hexadecimal, and licenses as identifiers or expressions", () => {
    const [, , scoped, plain] = document.components;
    assert.deepEqual(plain.hashes, [{ alg: "SHA-512", content: DIGEST }]);
    assert.deepEqual(plain.licenses, [{ license: { id: "MIT" } }]);
    assert.deepEqual(scoped.licenses, [{ expression: "MIT OR Apache-2.0" }]);
    assert.equal(scoped.group, "@scope");
  });

  test("is the same for the same source, and has another serial number for another", () => {
    assert.equal(cycloneDx(SOURCE), cycloneDx(SOURCE));
    assert.equal(document.metadata.timestamp, "2023-11-14T22:13:20.000Z");
    assert.match(
      document.serialNumber,
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    const other = JSON.parse(cycloneDx({ ...SOURCE, time: SOURCE.time + 1 }));
    assert.notEqual(other.serialNumber, document.serialNumber);
  });

  test("says the commit, where there is one", () => {
    assert.equal(commitOf(cycloneDx(SOURCE)), "c0ffee");
    assert.equal(commitOf(cycloneDx({ ...SOURCE, commit: undefined })), undefined);
  });

  test("says what was taken out of a runtime, and nothing of Apple's, that lost nothing", () => {
    const [runtime, ...libraries] = document.components;
    assert.match(runtime.pedigree.notes, /Without ICU's data/);
    for (const library of libraries) assert.equal(library.pedigree, undefined);
    const targets = TARGETS.filter(({ name }) => name === "darwin-arm64");
    const name = targets[0]!.runtime;
    const lock = { ...SOURCE.lock, [`node_modules/${name}`]: SOURCE.lock["node_modules/plain"]! };
    const [apple] = JSON.parse(cycloneDx({ ...SOURCE, targets, lock })).components;
    assert.equal(apple.type, "platform");
    assert.equal(apple.pedigree, undefined);
  });

  test("refuses a package that the lock file does not pin", () => {
    const metafiles = [metafile({ "node_modules/unknown/index.js": 1 })];
    assert.throws(() => cycloneDx({ ...SOURCE, metafiles }), /does not pin it/);
  });
});
