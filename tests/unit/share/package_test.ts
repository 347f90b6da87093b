import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { unzipSync } from "fflate";
import { toBytes } from "../../../src/bytes.ts";
import { type PackageFile, packageFiles, zipPackage } from "../../../src/share/package.ts";
import { downloads, terminalCode } from "../../../src/share/page.ts";
import { sha256, sharedRoot } from "./shared_root.ts";

const text = (content: Uint8Array) => new TextDecoder().decode(content);
const WHEN = new Date(2026, 10, 25, 12);

describe("packageFiles()", () => {
  test("has every file once, and SHA256SUMS with the sum of each other", async () => {
    const more = { name: "bin/localtls-linux-x64", content: toBytes(new Uint8Array([1, 2])) };
    const files = await packageFiles(await sharedRoot(), [more]);
    const names = files.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.equal(names.at(-1), "SHA256SUMS");
    const lines = await Promise.all(
      files.slice(0, -1).map(async ({ name, content }) => `${await sha256(content)}  ${name}\n`),
    );
    assert.equal(text(files.at(-1)!.content), lines.join(""));
    assert.ok(names.includes(more.name));
  });

  test("no label leaves its place in what other programs read", async () => {
    const label = `a'; rm -rf / #\n$(id)\`id\` <dict/>&amp;`;
    const files = await packageFiles(await sharedRoot(label));
    for (const { name, content } of files) {
      if (!/\.(?:sh|ps1)$/.test(name)) continue;
      assert.doesNotMatch(text(content), /rm -rf \/|\$\(id\)/, name);
    }
    const profile = text(files.find(({ name }) => name.endsWith(".mobileconfig"))!.content);
    assert.doesNotMatch(profile, /<dict\/>&amp;(?!amp;)/);
  });
});

describe("zipPackage()", () => {
  test("keeps names, contents and the permission to execute", async () => {
    const files = await packageFiles(await sharedRoot());
    const archive = zipPackage("localtls-abc", files, WHEN);
    const entries = unzipSync(archive);
    assert.deepEqual(
      Object.keys(entries).sort(),
      files.map(({ name }) => `localtls-abc/${name}`).sort(),
    );
    for (const { name, content } of files) {
      assert.deepEqual([...entries[`localtls-abc/${name}`]!], [...content], name);
    }
    // The central directory: "made by" is Unix, the upper half of the attributes a mode (APPNOTE 4.4.2, 4.4.15).
    const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
    const modes = new Map<string, number>();
    for (let at = 0; at + 46 < archive.length; at++) {
      if (view.getUint32(at, true) !== 0x02014b50) continue;
      assert.equal(view.getUint8(at + 5), 3);
      const name = text(archive.subarray(at + 46, at + 46 + view.getUint16(at + 28, true)));
      modes.set(name, view.getUint16(at + 40, true));
    }
    assert.equal(modes.get("localtls-abc/install.sh"), 0o100755);
    assert.equal(modes.get("localtls-abc/root.pem"), 0o100644);
  });
});

describe("downloads()", () => {
  test("has nothing but the files and the archive, and no name that leads elsewhere", async () => {
    const bin: PackageFile = { name: "bin/localtls", content: toBytes(new Uint8Array([1])) };
    const files = await packageFiles(await sharedRoot(), [bin]);
    const pages = downloads(files, new Uint8Array([9]));
    assert.deepEqual(
      [...pages.keys()].sort(),
      [...files.map(({ name }) => `/${name}`), "/localtls-share.zip"].sort(),
    );
    const seen = (path: string) => [pages.get(path)?.type, pages.get(path)?.download];
    assert.deepEqual(seen("/bin/localtls"), ["application/octet-stream", "localtls"]);
    assert.deepEqual(seen("/root.crt"), ["application/x-x509-ca-cert", "root.crt"]);
    // Shown and not saved: what is to be read before it is run, and what the system opens.
    assert.deepEqual(seen("/install.sh"), ["text/plain; charset=utf-8", undefined]);
    assert.deepEqual(seen("/install.ps1"), ["text/plain; charset=utf-8", undefined]);
    assert.deepEqual(seen("/localtls.mobileconfig"), [
      "application/x-apple-aspen-config",
      undefined,
    ]);
  });
});

describe("terminalCode()", () => {
  test("is a square of blocks with a margin", () => {
    const lines = terminalCode("http://172.16.99.32:8088/").split("\n");
    const widths = new Set(lines.map((line) => [...line].length));
    assert.equal(widths.size, 1);
    const [width = 0] = widths;
    assert.ok(width >= 25 && Math.abs(lines.length * 2 - width) <= 1, `${width}x${lines.length}`);
    assert.match(lines.join(""), /^[ ▀▄█]+$/);
  });
});
