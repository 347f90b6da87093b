import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { unzipSync } from "fflate";
import { type ArchiveFile, packTar, packZip } from "../../../../scripts/build/archives.ts";

const text = new TextEncoder();
const FILES: readonly ArchiveFile[] = [
  { name: "localtls", content: text.encode("program"), executable: true },
  { name: "LICENSE", content: text.encode("license") },
];
// 2026-03-29 02:30:00 UTC: an hour that clocks in Europe leave out.
const OPTIONS = { directory: "localtls-1", time: 1_774_751_400 };

/** A field of a tar header, of the file with this index. */
function field(tar: Uint8Array, index: number, offset: number, size: number): string {
  const start = index * 1024 + offset;
  return new TextDecoder().decode(tar.subarray(start, start + size)).replaceAll("\0", "");
}

describe("packTar()", () => {
  const tar = packTar(FILES, OPTIONS);

  test("sorts names and puts them into a directory", () => {
    assert.equal(field(tar, 0, 0, 100), "localtls-1/LICENSE");
    assert.equal(field(tar, 1, 0, 100), "localtls-1/localtls");
    assert.deepEqual(packTar([...FILES].reverse(), OPTIONS), tar);
  });

  test("writes permissions, nobody's name, and the time given", () => {
    assert.equal(field(tar, 0, 100, 8), "0000644");
    assert.equal(field(tar, 1, 100, 8), "0000755");
    for (const index of [0, 1]) {
      assert.equal(field(tar, index, 108, 8) + field(tar, index, 116, 8), "0".repeat(14));
      assert.equal(field(tar, index, 265, 64), "");
      assert.equal(parseInt(field(tar, index, 136, 12), 8), OPTIONS.time);
    }
  });

  test("is another archive for another time", () => {
    assert.notDeepEqual(packTar(FILES, { ...OPTIONS, time: OPTIONS.time + 1 }), tar);
  });
});

describe("packZip()", () => {
  const zip = packZip(FILES, OPTIONS);
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);

  test("holds the files", () => {
    const files = unzipSync(zip);
    assert.deepEqual(Object.keys(files), ["localtls-1/LICENSE", "localtls-1/localtls"]);
    assert.deepEqual(files["localtls-1/localtls"], FILES[0]!.content);
  });

  test("says the day in UTC, whatever zone it is made in", () => {
    // Local file header (APPNOTE 4.3.7): time at 10, date at 12; (year - 1980) << 9 | month << 5 | day.
    assert.equal(view.getUint16(12, true), (46 << 9) | (3 << 5) | 29);
    assert.equal(view.getUint16(10, true), 12 << 11);
  });

  test("carries Unix permissions in its directory", () => {
    const modes: number[] = [];
    for (let at = 0; at + 46 < zip.length; at++) {
      if (view.getUint32(at, true) !== 0x02014b50) continue;
      assert.equal(view.getUint8(at + 5), 3, "made on Unix");
      modes.push(view.getUint32(at + 38, true) >>> 16);
    }
    assert.deepEqual(modes, [0o100644, 0o100755]);
  });

  test("does not depend on the order that files are given in", () => {
    assert.deepEqual(packZip([...FILES].reverse(), OPTIONS), zip);
  });
});
