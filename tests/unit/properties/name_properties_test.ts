/** What holds for every name and address that is taken. */

import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { describe, test } from "node:test";
import fc from "fast-check";
import { toBytes } from "../../../src/bytes.ts";
import { baseName } from "../../../src/commands/output_files.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import { isPlainName, toDnsName } from "../../../src/pki/dns_name.ts";
import { parseRequestedName, type RequestedName } from "../../../src/pki/requested_name.ts";
import { formatIpAddress, parseIpv4, parseIpv6 } from "../../../src/x509/ip_address.ts";

fc.configureGlobal({ seed: 20261124, numRuns: 1_000 });

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(toBytes);
/** Zeros are what IPv6 texts are difficult about. */
const group = fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
const ipv6 = fc.array(group, { minLength: 8, maxLength: 8 });
const octetsOf = (groups: readonly number[]) =>
  Uint8Array.from(groups.flatMap((value) => [value >> 8, value & 0xff]));

function parse(text: string): RequestedName | undefined {
  try {
    return parseRequestedName(text).name;
  } catch (error) {
    if (error instanceof LocalTlsError && error.code === "NAME_INVALID") return undefined;
    throw error;
  }
}

/** Texts near to names: what is really random is refused at the first character. */
const label = fc.string({ unit: fc.constantFrom(..."abz09-xn_*.\u00fc\u00df"), maxLength: 8 });
const nameLike = fc.oneof(
  fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join(".")),
  fc.array(label, { maxLength: 3 }).map((labels) => [...labels, "test"].join(".")),
  fc.array(label, { maxLength: 3 }).map((labels) => `*.${labels.join(".")}.test`),
  fc.webUrl(),
  fc.domain(),
  fc.ipV4Extended(),
  fc.ipV6(),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.emailAddress(),
);

describe("for every text", () => {
  test("a name that is plain is one that the rules leave as it is", () => {
    let plain = 0;
    fc.assert(fc.property(nameLike, (text) => {
      if (!isPlainName(text)) return;
      plain++;
      assert.equal(toDnsName(text), text);
      assert.equal(parseIpv4(text), undefined);
    }));
    assert.ok(plain > 20, `${plain} of the names were plain`);
  });

  for (const text of ["localhost", "app.test", "a1-b2.test", "1.test", "x--y.test"]) {
    test(`"${text}" is plain`, () => assert.ok(isPlainName(text)));
  }

  const others = [
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "-a.b",
    "a-.b",
    "a.b-",
    "xn--bcher-kva.test",
    "A.test",
  ];
  for (
    const text of [
      ...others,
      "127.0.0.1",
      "a.1",
      "a.0x1",
      "a_b.test",
      "*.a.test",
      "a b",
      "\u00fc.test",
    ]
  ) {
    test(`"${text}" is left to the rules`, () => assert.equal(isPlainName(text), false));
  }

  test("nothing longer than DNS allows is plain", () => {
    assert.ok(isPlainName("a".repeat(63)));
    assert.equal(isPlainName("a".repeat(64)), false);
    assert.ok(isPlainName("a.".repeat(126) + "a"));
    assert.equal(isPlainName("a.".repeat(126) + "aa"), false);
  });
});

describe("for every address", () => {
  test("IPv4 is what arithmetic makes of it, both ways", () => {
    fc.assert(fc.property(ipv4, (octets) => {
      const number = octets.reduce((sum, octet) => sum * 256 + octet, 0);
      const text = [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
      assert.equal(formatIpAddress(octets), text);
      assert.deepEqual(parseIpv4(text), octets);
    }));
  });

  test("IPv6 is read in full form, and its short form is the URL parser's", () => {
    fc.assert(fc.property(ipv6, fc.boolean(), (groups, upper) => {
      const octets = octetsOf(groups);
      const full = groups.map((value) => value.toString(16).padStart(4, "0")).join(":");
      assert.deepEqual(parseIpv6(upper ? full.toUpperCase() : full), octets);
      const short = formatIpAddress(octets)!;
      assert.deepEqual(parseIpv6(short), octets);
      // WHATWG URL, 3.5 serializes by RFC 5952, but for the dotted form of mapped addresses.
      if (!short.includes(".")) assert.equal(`[${short}]`, new URL(`http://[${full}]/`).hostname);
    }));
  });

  test("what is taken for an address is one for node:net too", () => {
    const text = fc.string({ unit: fc.constantFrom(..."0123456789abfF:.%[]"), maxLength: 24 });
    fc.assert(
      fc.property(fc.oneof(text, fc.ipV4Extended(), fc.ipV6()), (address) => {
        assert.equal(parseIpv4(address) !== undefined, isIPv4(address), address);
        // Zone ids, which no certificate can hold, are refused before.
        const wanted = isIPv6(address) && !address.includes("%");
        assert.equal(parseIpv6(address) !== undefined, wanted, address);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("for every name that is taken", () => {
  test("its form is final: reading it again changes nothing, and warns of nothing", () => {
    let taken = 0;
    fc.assert(
      fc.property(nameLike, (text) => {
        const name = parse(text);
        if (name === undefined) return;
        taken++;
        const again = parseRequestedName(name.value);
        assert.deepEqual(again.name, name);
        assert.deepEqual(again.warnings, []);
      }),
      { numRuns: 5_000 },
    );
    assert.ok(taken > 1_000, `only ${taken} of 5,000 were taken`);
  });

  test("its file name stays in its directory, and is one word for a shell", () => {
    fc.assert(
      fc.property(nameLike, fc.integer({ min: 1, max: 5 }), (text, count) => {
        const name = parse(text);
        if (name === undefined) return;
        const base = baseName(Array.from({ length: count }, () => name));
        assert.match(base, /^[a-z0-9_][a-z0-9._+-]*$/);
        assert.doesNotMatch(base, /\.\./);
      }),
      { numRuns: 5_000 },
    );
  });

  test("it is of letters, digits, hyphens and dots, within DNS's lengths, or an address", () => {
    fc.assert(
      fc.property(nameLike, (text) => {
        const name = parse(text);
        if (name === undefined) return;
        if (name.type === "ip") {
          assert.ok(isIPv4(name.value) || isIPv6(name.value));
          assert.equal(formatIpAddress(name.octets), name.value);
          return;
        }
        assert.ok(name.value.length <= 253);
        const labels = name.value.replace(/^\*\./, "").split(".");
        for (const part of labels) assert.match(part, /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
        assert.equal(isIPv4(name.value) || isIPv6(name.value), false);
      }),
      { numRuns: 5_000 },
    );
  });
});
