import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "../../../src/bytes.ts";
import {
  asciiOctets,
  bitString,
  boolean,
  encodeTime,
  encodeTlv,
  explicit,
  ia5String,
  implicit,
  integer,
  integerBytes,
  nullValue,
  octetString,
  oid,
  printableString,
  sequence,
  set,
  utf8String,
} from "../../../src/der/encode.ts";
import { hex } from "../../support/hex.ts";

function same(actual: Uint8Array, expected: string): void {
  assert.equal(toHex(actual), expected.replaceAll(" ", ""));
}

describe("lengths are minimal", () => {
  const cases: [length: number, header: string][] = [
    [0, "0400"],
    [0x7f, "047f"],
    [0x80, "048180"],
    [0xff, "0481ff"],
    [0x100, "04820100"],
    [0xffff, "0482ffff"],
    [0x10000, "0483010000"],
    [0x1000000, "048401000000"],
  ];
  for (const [length, header] of cases) {
    test(`octetString() of ${length} octets begins with ${header}`, () => {
      const out = octetString(new Uint8Array(length));
      assert.equal(out.length, header.length / 2 + length);
      same(out.subarray(0, header.length / 2), header);
    });
  }
});

describe("integer() writes two's complement with the fewest octets (X.690, 8.3)", () => {
  const cases: [bigint | number, string][] = [
    [0, "020100"],
    [1, "020101"],
    [127, "02017f"],
    [128, "02020080"],
    [255, "020200ff"],
    [256, "02020100"],
    [-1, "0201ff"],
    [-128, "020180"],
    [-129, "0202ff7f"],
    [65537, "0203010001"],
    [2n ** 64n, "0209010000000000000000"],
    [-(2n ** 63n), "02088000000000000000"],
  ];
  for (const [value, expected] of cases) {
    test(`integer() of ${value}`, () => same(integer(value), expected));
  }
  for (const bad of [1.5, Number.NaN, 2 ** 60, Number.POSITIVE_INFINITY]) {
    test(`integer() refuses ${bad}`, () => assert.throws(() => integer(bad), RangeError));
  }
});

describe("integerBytes() makes a magnitude a positive INTEGER", () => {
  const cases: [string, string][] = [
    ["", "020100"],
    ["00", "020100"],
    ["0000", "020100"],
    ["7f", "02017f"],
    ["80", "02020080"],
    ["0000 80", "02020080"],
    ["0001", "020101"],
  ];
  for (const [magnitude, expected] of cases) {
    test(`integerBytes() of "${magnitude}"`, () => same(integerBytes(hex(magnitude)), expected));
  }
});

describe("oid()", () => {
  const cases: [string, string][] = [
    ["2.5.4.3", "0603550403"],
    ["1.2.840.10045.3.1.7", "06082a8648ce3d030107"],
    ["2.999.3", "0603883703"], // X.690, 8.19.5, example
    ["0.0", "060100"],
    ["1.39", "06014f"],
    ["2.0", "060150"],
    ["2.39", "060177"],
    ["2.48", "06028100"],
    // a UUID below 2.25, larger than any number
    [
      "2.25.329800735698586629295641978511506172918",
      "0614 6983f09da7ebcfdee0c7a1a7b2c0948cc8f9d776",
    ],
  ];
  for (const [dotted, expected] of cases) {
    test(`oid() of ${dotted}`, () => same(oid(dotted), expected));
  }
  for (const bad of ["", "1", "1.", "3.1", "1.40", "0.40", "1.2.", "1..2", "1.02", "1.-2", "a.b"]) {
    test(`oid() refuses "${bad}"`, () => assert.throws(() => oid(bad), RangeError));
  }
});

describe("encodeTime()", () => {
  const cases: [string, string][] = [
    ["2026-11-24T01:02:03.999Z", "170d 3236313132343031303230335a"],
    ["1950-01-01T00:00:00Z", "170d 3530303130313030303030305a"],
    ["2049-12-31T23:59:59Z", "170d 3439313233313233353935395a"],
    ["2050-01-01T00:00:00Z", "180f 32303530303130313030303030305a"],
    ["1949-12-31T23:59:59Z", "180f 31393439313233313233353935395a"],
    ["9999-12-31T23:59:59Z", "180f 39393939313233313233353935395a"],
  ];
  for (const [date, expected] of cases) {
    test(`encodeTime() of ${date}`, () => same(encodeTime(new Date(date)), expected));
  }
  test("encodeTime() refuses what is no date, and years past 9999", () => {
    assert.throws(() => encodeTime(new Date(Number.NaN)), RangeError);
    assert.throws(() => encodeTime(new Date(8e15)), RangeError);
  });
});

describe("the other types", () => {
  test("boolean() of true is ff", () => same(boolean(true), "0101ff"));
  test("boolean() of false is 00", () => same(boolean(false), "010100"));
  test("nullValue() has no content", () => same(nullValue(), "0500"));
  test("sequence() joins", () => same(sequence(nullValue(), boolean(true)), "300505000101ff"));
  test("sequence() of nothing is empty", () => same(sequence(), "3000"));
  test("set() sorts its members (X.690, 11.6)", () => {
    same(set(integer(256), integer(5), boolean(true)), "310a 0101ff 020105 02020100");
  });
  test("set() puts a prefix before what it begins", () => {
    same(set(hex("0402 0101"), hex("0401 01")), "3107 040101 04020101");
  });
  test("bitString() says how many bits are unused", () => {
    same(bitString(hex("80"), 7), "03020780");
    same(bitString(hex("")), "030100");
  });
  test("bitString() refuses unused bits that are set, and impossible counts", () => {
    assert.throws(() => bitString(hex("81"), 7), RangeError);
    assert.throws(() => bitString(hex("80"), 8), RangeError);
    assert.throws(() => bitString(hex("80"), -1), RangeError);
    assert.throws(() => bitString(hex(""), 1), RangeError);
  });
  test("utf8String() writes UTF-8", () => same(utf8String("ü€😀"), "0c09c3bce282acf09f9880"));
  test("utf8String() refuses lone surrogates", () => {
    assert.throws(() => utf8String("a\ud800"), RangeError);
  });
  test("printableString() refuses what is not printable there", () => {
    same(printableString("DE"), "13024445");
    for (const bad of ["a@b", "a*b", "a_b", "ü", "a&b"]) {
      assert.throws(() => printableString(bad), RangeError);
    }
  });
  test("ia5String() and asciiOctets() refuse what is not ASCII", () => {
    same(ia5String("a"), "160161");
    assert.throws(() => ia5String("ü"), RangeError);
    assert.throws(() => asciiOctets("\u0080"), RangeError);
  });
  test("explicit() is constructed, implicit() primitive", () => {
    same(explicit(3, nullValue()), "a3020500");
    same(implicit(2, hex("61")), "820161");
  });
  test("context tags above 30 and below 0 are refused", () => {
    for (const n of [31, -1, 1.5]) {
      assert.throws(() => explicit(n, hex("")), RangeError);
      assert.throws(() => implicit(n, hex("")), RangeError);
    }
  });
  test("encodeTlv() refuses tags that need more octets, and end-of-contents", () => {
    for (const tag of [0, 0x1f, 0x3f, 0x5f, 0xbf, 0xff, 0x100, 2.5]) {
      assert.throws(() => encodeTlv(tag, hex("")), RangeError);
    }
  });
});
