import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  baseName,
  beneath,
  fileNameIn,
  isAbsolutePath,
  isWindowsPath,
  joinPath,
  parentOf,
  withBackslashes,
} from "../../../src/host/path_text.ts";

describe("joinPath()", () => {
  const cases: [string, string, string][] = [
    ["/a", "b", "/a/b"],
    ["/", "b", "/b"],
    ["/a/", "b", "/a/b"],
    // A backslash is a character of a name elsewhere than on Windows.
    ["/a\\", "b", "/a\\/b"],
    ["C:\\Users\\ann", "x.pem", "C:\\Users\\ann\\x.pem"],
    ["C:\\", "x.pem", "C:\\x.pem"],
    ["C:/Users", "x.pem", "C:/Users/x.pem"],
    ["\\\\server\\share", "x.pem", "\\\\server\\share\\x.pem"],
    ["\\\\?\\C:\\deep", "x.pem", "\\\\?\\C:\\deep\\x.pem"],
    ["\\\\wsl.localhost\\Debian\\tmp", "x", "\\\\wsl.localhost\\Debian\\tmp\\x"],
  ];
  for (const [directory, name, wanted] of cases) {
    test(`joins ${directory} and ${name}`, () => assert.equal(joinPath(directory, name), wanted));
  }
});

describe("the parts of a path", () => {
  const cases: [string, string, string][] = [
    ["/a/b.pem", "/a", "b.pem"],
    ["/b.pem", "", "b.pem"],
    ["/a/b\\c.pem", "/a", "b\\c.pem"],
    ["C:\\a\\b.pem", "C:\\a", "b.pem"],
    ["C:\\a/b.pem", "C:\\a", "b.pem"],
    ["C:/a\\b.pem", "C:/a", "b.pem"],
    ["\\\\s\\d\\b.pem", "\\\\s\\d", "b.pem"],
    ["b.pem", "", "b.pem"],
  ];
  for (const [path, parent, name] of cases) {
    test(path, () => {
      assert.equal(parentOf(path), parent);
      assert.equal(baseName(path), name);
    });
  }
  test("beneath() takes parts with slashes", () => {
    assert.equal(beneath("C:\\jdk", "lib/security/cacerts"), "C:\\jdk\\lib\\security\\cacerts");
    assert.equal(beneath("/jdk", "lib/security"), "/jdk/lib/security");
    assert.equal(beneath("/jdk", ""), "/jdk");
  });
});

describe("isWindowsPath()", () => {
  for (const path of ["C:\\", "c:/x", "\\\\server\\x", "\\\\?\\C:\\x"]) {
    test(`knows ${path}`, () => {
      assert.ok(isWindowsPath(path));
      assert.ok(isAbsolutePath(path));
    });
  }
  // "C:x" and "\x" start somewhere that only the process knows.
  for (const path of ["C:x", "C:", "\\x", "x", "", ".", "CC:\\x", "1:\\x", "é:\\x"]) {
    test(`is not taken in by "${path}"`, () => {
      assert.ok(!isWindowsPath(path));
      assert.ok(!isAbsolutePath(path));
    });
  }
  test("a path of POSIX is absolute, and not of Windows", () => {
    assert.ok(isAbsolutePath("/x"));
    assert.ok(!isWindowsPath("/x"));
  });
});

describe("fileNameIn()", () => {
  const devices = [
    ...["con.pem", "CON.example.test.pem", "nul-key.pem", "NUL", "aux.pem", "prn.", "com1.pem"],
    ...["lpt9.test.pem", "com¹.pem", "COM0"],
  ];
  for (const name of devices) {
    const isDevice = name !== "nul-key.pem"; // no dot after the name: an ordinary file
    test(`${isDevice ? "renames" : "keeps"} ${name} on Windows`, () => {
      assert.equal(fileNameIn("C:\\out", name), isDevice ? `_${name}` : name);
      assert.equal(fileNameIn("/out", name), name);
    });
  }
  for (
    const name of ["console.pem", "com10.pem", "_con.pem", "a.con", "localhost.pem", "lptx.pem"]
  ) {
    test(`keeps ${name}`, () => assert.equal(fileNameIn("C:\\out", name), name));
  }
});

test("withBackslashes() leaves no slash that could begin an option", () => {
  assert.equal(withBackslashes("C:/a b/c"), "C:\\a b\\c");
});
