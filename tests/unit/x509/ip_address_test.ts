import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "../../../src/bytes.ts";
import {
  formatIpAddress,
  isIpv4Mapped,
  parseIpv4,
  parseIpv6,
} from "../../../src/x509/ip_address.ts";
import { hex } from "../../support/hex.ts";
import { randomNumbers } from "../../support/mutations.ts";

describe("parseIpv4()", () => {
  const good: [string, string][] = [["0.0.0.0", "00000000"], ["172.16.99.32", "ac106320"], [
    "255.255.255.255",
    "ffffffff",
  ]];
  for (const [text, octets] of good) {
    test(`reads ${text}`, () => assert.equal(toHex(parseIpv4(text)!), octets));
  }
  const bad = [
    "",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.",
    ".1.2.3",
    "1..2.3",
    "01.2.3.4",
    "1.2.3.04",
    "256.1.1.1",
    "1.2.3.-4",
    "1.2.3.+4",
    "0x1.2.3.4",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1.2.3.4/8",
    "１.2.3.4",
    "1.2.3.1000",
    "1e1.2.3.4",
  ];
  for (const text of bad) {
    test(`refuses "${text}"`, () => assert.equal(parseIpv4(text), undefined));
  }
});

describe("parseIpv6() and formatIpAddress() (RFC 4291, 2.2; RFC 5952)", () => {
  const good: [string, string][] = [
    ["::", "::"],
    ["::1", "::1"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["0000:0000:0000:0000:0000:0000:0000:0001", "::1"],
    ["FE80::1", "fe80::1"],
    ["fe80:0::0:1", "fe80::1"],
    ["2001:0db8::0001", "2001:db8::1"], // RFC 5952, 4.1
    ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"], // 4.2.1
    ["2001:db8::0:1", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"], // 4.2.2
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"], // 4.2.3, longest
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"], // 4.2.3, first of equals
    ["1::", "1::"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["::127.0.0.1", "::7f00:1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"], // RFC 6052, 2.4
    ["::ffff:127.0.0.1", "::ffff:127.0.0.1"], // RFC 5952, 5
    ["::ffff:7f00:1", "::ffff:127.0.0.1"],
    ["1:2:3:4:5:6:127.0.0.1", "1:2:3:4:5:6:7f00:1"],
    ["fd12:3456:789a:1::1", "fd12:3456:789a:1::1"],
  ];
  for (const [text, canonical] of good) {
    test(`${text} is ${canonical}`, () => {
      const octets = parseIpv6(text);
      assert.ok(octets);
      assert.equal(formatIpAddress(octets), canonical);
      // WHATWG URL, 3.6: another implementation of the same canonical form, which has no dotted part
      if (!isIpv4Mapped(octets)) {
        assert.equal(new URL(`http://[${text}]/`).hostname, `[${canonical}]`);
      }
    });
  }
  const bad = [
    "",
    ":",
    ":::",
    "1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "12345::",
    "g::",
    ":1::",
    "1:::2",
    "::1:",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4::5:6:7:8",
    "127.0.0.1",
    "127.0.0.1::",
    "::127.0.0.1:1",
    "::127.0.0.01",
    "::127.1",
    "1:2:3:4:5:6:7:127.0.0.1",
    "fe80::1%eth0",
    "[::1]",
    "::1/128",
    " ::1",
    "::-1",
    "::0x1",
    "::１",
  ];
  for (const text of bad) {
    test(`refuses "${text}"`, () => assert.equal(parseIpv6(text), undefined));
  }
  test("what formatIpAddress() writes of any octets is read back", () => {
    const random = randomNumbers(3);
    for (let i = 0; i < 2000; i++) {
      const octets = Uint8Array.from(
        { length: 16 },
        () => random() < 0.6 ? 0 : Math.floor(random() * 256),
      );
      const text = formatIpAddress(octets)!;
      assert.equal(toHex(parseIpv6(text)!), toHex(octets), text);
      if (!isIpv4Mapped(octets)) assert.equal(new URL(`http://[${text}]/`).hostname, `[${text}]`);
    }
  });
  test("formatIpAddress() knows 4 and 16 octets only", () => {
    assert.equal(formatIpAddress(hex("7f000001")), "127.0.0.1");
    for (const length of [0, 3, 5, 8, 15, 17, 32]) {
      assert.equal(formatIpAddress(new Uint8Array(length)), undefined);
    }
  });
});
