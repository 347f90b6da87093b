import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { thirdPartyNotices } from "../../../../scripts/build/notices.ts";
import { withScratchDirectory } from "../../../support/scratch_directory.ts";

function metafile(...files: readonly string[]): string {
  const inputs = Object.fromEntries(files.map((file) => [file, { bytesInOutput: 1 }]));
  return JSON.stringify({ outputs: { "./a.js": { inputs } } });
}

function addPackage(root: string, name: string, files: Readonly<Record<string, string>>): void {
  const directory = join(root, "node_modules", name);
  mkdirSync(directory, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
}

describe("thirdPartyNotices()", () => {
  test("holds the licence of every bundled package, and of the runtime", async () => {
    await withScratchDirectory((root) => {
      addPackage(root, "plain", { "LICENSE.md": "Copyright Plain\n", "package.json": "{}" });
      addPackage(root, "@scope/bare", {
        "package.json": JSON.stringify({ license: "ISC", author: { name: "Ann" } }),
      });
      addPackage(root, "unused", { LICENSE: "Copyright Unused" });
      const text = thirdPartyNotices(
        [metafile("node_modules/plain/a.js"), metafile("node_modules/@scope/bare/a.js")],
        root,
      );
      assert.match(text, /^plain\n=+\n\nCopyright Plain\n$/m);
      assert.match(text, /^@scope\/bare\n=+\n\nISC, by Ann\n$/m);
      assert.match(text, /^Bun\n=+\n/m);
      assert.doesNotMatch(text, /Unused/);
    });
  });

  test("refuses a package that says nothing of its licence", async () => {
    await withScratchDirectory((root) => {
      addPackage(root, "silent", { "package.json": "{}" });
      assert.throws(
        () => thirdPartyNotices([metafile("node_modules/silent/a.js")], root),
        /^Error: Cannot name the licence of silent: /,
      );
    });
  });

  test("says that the public suffix list is under the MPL 2.0, and where its source is", () => {
    const text = thirdPartyNotices([metafile("node_modules/tldts/dist/es6/src/data/trie.js")]);
    assert.match(text, /^tldts\n=+\n[^]*Mozilla Public\nLicense 2\.0 [^]*publicsuffix\.org\/list/m);
    assert.doesNotMatch(
      thirdPartyNotices([metafile("node_modules/uqr/index.js")]),
      /Mozilla Public/,
    );
  });

  test("names the licence of everything that this checkout depends on", () => {
    const names = ["@stricli/core", "deno-std", "tldts", "@peculiar/x509", "@peculiar/webcrypto"];
    const text = thirdPartyNotices([
      metafile(...names.map((name) => `node_modules/${name}/index.js`)),
    ]);
    for (const name of names) assert.match(text, new RegExp(`^${name}\n=+\n\n.{3,}`, "m"));
  });
});
