import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  archiveName,
  binaryName,
  programName,
  selectTargets,
  TARGETS,
} from "../../../../scripts/build/targets.ts";

describe("TARGETS", () => {
  test("have the names that are promised for executables and archives", () => {
    assert.deepEqual(TARGETS.map(binaryName), [
      "localtls-linux-x64",
      "localtls-linux-arm64",
      "localtls-linux-x64-musl",
      "localtls-linux-arm64-musl",
      "localtls-darwin-x64",
      "localtls-darwin-arm64",
      "localtls-windows-x64.exe",
      "localtls-windows-arm64.exe",
    ]);
    assert.deepEqual(TARGETS.map(archiveName), [
      "localtls-linux-x64.tar.xz",
      "localtls-linux-arm64.tar.xz",
      "localtls-linux-x64-musl.tar.xz",
      "localtls-linux-arm64-musl.tar.xz",
      "localtls-darwin-x64.tar.xz",
      "localtls-darwin-arm64.tar.xz",
      "localtls-windows-x64.zip",
      "localtls-windows-arm64.zip",
    ]);
  });

  test("are called localtls once they are unpacked", () => {
    const names = new Set(TARGETS.map(programName));
    assert.deepEqual([...names], ["localtls", "localtls.exe"]);
  });
});

describe("selectTargets()", () => {
  test("takes names with commas between them, in the order of the table", () => {
    const names = selectTargets("windows-x64, linux-arm64").map(({ name }) => name);
    assert.deepEqual(names, ["linux-arm64", "windows-x64"]);
  });

  for (const list of ["", " , ", "linux", "linux-x64,plan9-x64", "Linux-x64", "windows-x64.exe"]) {
    test(`refuses "${list}" and names the targets`, () => {
      assert.throws(() => selectTargets(list), /linux-x64, linux-arm64/);
    });
  }
});
