import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseOsRelease } from "../../../../src/truststore/system/os_release.ts";

describe("parseOsRelease()", () => {
  const cases: [string, string, { id: string; idLike: string[]; name: string }][] = [
    ["Debian", 'NAME="Debian GNU/Linux"\nID=debian\n', {
      id: "debian",
      idLike: [],
      name: "Debian",
    }],
    ["Fedora", 'NAME="Fedora Linux"\nID=fedora\n', { id: "fedora", idLike: [], name: "Fedora" }],
    ["Rocky", 'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\n', {
      id: "rocky",
      idLike: ["rhel", "centos", "fedora"],
      name: "Rocky",
    }],
    ["single quotes and CR", "NAME='Alpine Linux'\r\nID='alpine'\r\n", {
      id: "alpine",
      idLike: [],
      name: "Alpine",
    }],
    ["Mint", 'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"', {
      id: "linuxmint",
      idLike: ["ubuntu", "debian"],
      name: "Linux Mint",
    }],
    ["nothing", "", { id: "", idLike: [], name: "Linux" }],
    ["noise", "# NAME=x\nNAME\n=y\nID=\n\u0000", { id: "", idLike: [], name: "Linux" }],
    ["escape sequences", 'NAME="\u001b[31mEvil\u0007"\nID=evil', {
      id: "evil",
      idLike: [],
      name: "31mEvil",
    }],
  ];
  for (const [name, text, expected] of cases) {
    test(`reads ${name}`, () => assert.deepEqual(parseOsRelease(text), expected));
  }
});
