import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { thinExecutable, thinIcuData } from "../../../../scripts/build/icu_data.ts";

/** Where the package begins in the file: at no round number. */
const START = 48;
const HEADER = 32;

/** A file with ICU data in it, of which each item's content is its own name. */
function fileWith(names: readonly string[]): Buffer {
  const header = Buffer.alloc(HEADER);
  header.set([HEADER, 0, 0xda, 0x27, 20, 0, 0, 0, 0, 0, 2, 0]);
  header.write("CmnD", 12);
  const table = Buffer.alloc(4 + 8 * names.length);
  table.writeUInt32LE(names.length);
  const paths = names.map((name) => `icudt78l/${name}\0`);
  let nameOffset = table.length;
  let dataOffset = table.length + paths.join("").length;
  names.forEach((name, index) => {
    table.writeUInt32LE(nameOffset, 4 + 8 * index);
    table.writeUInt32LE(dataOffset, 8 + 8 * index);
    nameOffset += paths[index]!.length;
    dataOffset += name.length;
  });
  const text = Buffer.from(paths.join("") + names.join("") + "what follows");
  return Buffer.concat([Buffer.alloc(START, "x"), header, table, text]);
}

/** What the table of contents says: a name, and the first bytes of its data. */
function contents(file: Buffer): Record<string, string> {
  const toc = START + HEADER;
  const items: Record<string, string> = {};
  for (let index = 0; index < file.readUInt32LE(toc); index++) {
    const name = toc + file.readUInt32LE(toc + 4 + 8 * index);
    const data = toc + file.readUInt32LE(toc + 8 + 8 * index);
    const path = file.toString("latin1", name, file.indexOf(0, name)).replace("icudt78l/", "");
    items[path] = file.toString("latin1", data, data + path.length);
  }
  return items;
}

const NEUTRAL = ["coll/root.res", "coll/ucadata.icu", "nfkc.nrm", "res_index.res", "units.res"];
const ENGLISH = ["coll/en.res", "en_001.res", "en_US_POSIX.res"];
const OTHERS = ["brkitr/thaidict.dict", "coll/de__PHONEBOOK.res", "ha_NE.res", "zh_Hant_TW.res"];
const ALL = [...NEUTRAL, ...ENGLISH, ...OTHERS, "zoneinfo64.res"].sort();

describe("thinIcuData()", () => {
  test("leaves English and what is of no language, each with its data", () => {
    const file = fileWith(ALL);
    const all = [...OTHERS].join("").length;
    assert.equal(thinIcuData(file), all);
    const kept = ALL.filter((name) => !OTHERS.includes(name));
    assert.deepEqual(contents(file), Object.fromEntries(kept.map((name) => [name, name])));
  });

  test("leaves no byte of the other languages, moves none, and touches none outside", () => {
    const before = fileWith(ALL);
    const file = Buffer.from(before);
    thinIcuData(file);
    for (const name of OTHERS) assert.equal(file.indexOf(name), -1, name);
    assert.equal(file.length, before.length);
    assert.deepEqual(file.subarray(0, START + HEADER), before.subarray(0, START + HEADER));
    assert.ok(file.toString("latin1").endsWith("zoneinfo64.reswhat follows"));
  });

  test("finds nothing to do in a file without ICU data, and in one that is thin already", () => {
    assert.equal(thinIcuData(Buffer.from("no package")), 0);
    const file = fileWith(ALL);
    thinIcuData(file);
    const thin = Buffer.from(file);
    assert.equal(thinIcuData(file), 0);
    assert.deepEqual(file, thin);
  });

  test("refuses two packages, and a table of contents that leads out of the file", () => {
    const two = Buffer.concat([fileWith(ALL), fileWith(ALL)]);
    assert.throws(() => thinIcuData(two), /several packages/);
    const outside = fileWith(ALL);
    outside.writeUInt32LE(1 << 24, START + HEADER + 16);
    const before = Buffer.from(outside);
    assert.throws(() => thinIcuData(outside), /unknown form/);
    assert.deepEqual(outside, before);
  });
});

describe("thinExecutable()", () => {
  test("insists on ICU data for Linux and Windows, which macOS has in the system", () => {
    for (const system of ["linux", "bun-linux-x64-musl", "win32", "bun-windows-arm64"]) {
      assert.equal(thinExecutable(fileWith(ALL), system), true, system);
      assert.throws(() => thinExecutable(Buffer.from("no package"), system), /there is none/);
    }
    assert.equal(thinExecutable(Buffer.from("no package"), "darwin"), false);
    assert.equal(thinExecutable(Buffer.from("no package"), "bun-darwin-arm64"), false);
  });
});
