import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  formatProfilesIni,
  parseProfilesIni,
} from "../../../../src/truststore/nss/profiles_ini.ts";

/** As Firefox 153 ESR wrote it on its first start. */
const FIREFOX = `[Profile1]
Name=default
IsRelative=1
Path=hb23fo61.default
Default=1

[Profile0]
Name=default-esr
IsRelative=1
Path=v7dwcrid.default-esr

[General]
StartWithLastProfile=1
Version=2

[Install3B6073811A6ABF12]
Default=v7dwcrid.default-esr
Locked=1

`;

describe("parseProfilesIni()", () => {
  test("finds every profile and no installation", () => {
    assert.deepEqual(parseProfilesIni(FIREFOX), [
      { name: "default", path: "hb23fo61.default", relative: true },
      { name: "default-esr", path: "v7dwcrid.default-esr", relative: true },
    ]);
  });

  test("reads CRLF, a byte order mark, comments and blanks", () => {
    const text =
      "\ufeff; list\r\n[Profile0]\r\n# mine\r\nName = a b \r\nIsRelative=1\r\nPath=x.y\r\n";
    assert.deepEqual(parseProfilesIni(text), [{ name: "a b", path: "x.y", relative: true }]);
  });

  test("reads absolute paths, and paths with = and spaces in them", () => {
    const text = "[Profile0]\nName=n\nIsRelative=0\nPath=/srv/my profiles/a=b\n";
    assert.deepEqual(parseProfilesIni(text), [
      { name: "n", path: "/srv/my profiles/a=b", relative: false },
    ]);
  });

  test("takes the directory's name where there is no other", () => {
    const text = "[Profile0]\nIsRelative=1\nPath=Profiles/abc.x/\n";
    assert.equal(parseProfilesIni(text)[0]?.name, "abc.x");
  });

  for (
    const [what, text] of [
      ["an empty text", ""],
      ["no section", "Name=x\nIsRelative=1\nPath=y\n"],
      ["no path", "[Profile0]\nName=x\nIsRelative=1\n"],
      ["an empty path", "[Profile0]\nPath=\nIsRelative=1\n"],
      ["a path with NUL", "[Profile0]\nIsRelative=1\nPath=a\0b\n"],
      ["a relative path that is called absolute", "[Profile0]\nIsRelative=0\nPath=a\n"],
      ["an absolute path that is called relative", "[Profile0]\nIsRelative=1\nPath=/a\n"],
      ["a path in an installation's section", "[Install00]\nIsRelative=1\nPath=a\n"],
      ["a section that only starts like a profile", "[ProfileX]\nIsRelative=1\nPath=a\n"],
      ["a section without its bracket", "[Profile0\nIsRelative=1\nPath=a\n"],
      ["octets that are no text", "\u0000\u0001\u0002[[[===\n\n]]"],
    ] as const
  ) {
    test(`finds no profile in ${what}`, () => assert.deepEqual(parseProfilesIni(text), []));
  }
});

test("formatProfilesIni() writes what parseProfilesIni() reads", () => {
  assert.deepEqual(parseProfilesIni(formatProfilesIni("default", "abcdefgh.default")), [
    { name: "default", path: "abcdefgh.default", relative: true },
  ]);
});
