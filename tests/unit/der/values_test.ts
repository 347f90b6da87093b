import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "../../../src/bytes.ts";
import {
  decodeBitString,
  decodeBoolean,
  decodeIntegerUnsigned,
  decodeNull,
  decodeOctetBits,
  decodeOid,
  decodeSerialNumber,
  decodeSmallInteger,
  decodeTime,
  DerReader,
  type Element,
} from "../../../src/der/decode.ts";
import { encodeTime, encodeTlv, oid } from "../../../src/der/encode.ts";
import { OID, oidName } from "../../../src/der/oids.ts";
import { hex } from "../../support/hex.ts";

function element(bytes: Uint8Array): Element {
  return new DerReader(bytes, "input").read("field");
}

/** A time of that type and text. */
function time(tag: number, text: string): Element {
  return element(encodeTlv(tag, new TextEncoder().encode(text)));
}

type Decoder = (element: Element) => unknown;

function refuses(name: string, decode: Decoder, bytes: string, message: RegExp): void {
  test(`${name} is refused`, () => {
    assert.throws(() => decode(element(hex(bytes))), (error: unknown) => {
      const { code, message: text } = error as { code: string; message: string };
      assert.equal(code, "DER_INVALID");
      assert.match(text, /^Cannot read input\.field at offset 0: /);
      assert.match(text, message);
      return true;
    });
  });
}

describe("BOOLEAN", () => {
  test("00 and ff are read", () => {
    assert.equal(decodeBoolean(element(hex("010100"))), false);
    assert.equal(decodeBoolean(element(hex("0101ff"))), true);
  });
  refuses("01", decodeBoolean, "010101", /00 or ff/);
  refuses("an empty one", decodeBoolean, "0100", /1 octet, not 0/);
  refuses("one of two octets", decodeBoolean, "0102ffff", /1 octet, not 2/);
  refuses("an INTEGER", decodeBoolean, "020101", /it is no BOOLEAN/);
});

describe("NULL", () => {
  test("an empty one is read", () => decodeNull(element(hex("0500"))));
  refuses("one with content", decodeNull, "050100", /no content/);
  refuses("a BOOLEAN", decodeNull, "010100", /it is no NULL/);
});

describe("INTEGER", () => {
  test("magnitudes lose their sign octet", () => {
    assert.equal(toHex(decodeIntegerUnsigned(element(hex("02020080")))), "80");
    assert.equal(toHex(decodeIntegerUnsigned(element(hex("020100")))), "00");
    assert.equal(toHex(decodeIntegerUnsigned(element(hex("02017f")))), "7f");
  });
  refuses("an empty one", decodeIntegerUnsigned, "0200", /no content/);
  refuses("a padded positive one", decodeIntegerUnsigned, "0202007f", /not minimal/);
  refuses("a padded zero", decodeIntegerUnsigned, "02020000", /not minimal/);
  refuses("a padded negative one", decodeIntegerUnsigned, "0202ff80", /not minimal/);
  refuses("a negative one", decodeIntegerUnsigned, "0201ff", /negative/);
  refuses("an ENUMERATED", decodeIntegerUnsigned, "0a0101", /it is no INTEGER/);

  test("small ones are numbers", () => {
    assert.equal(decodeSmallInteger(element(hex("02020100")), 256), 256);
  });
  const small: Decoder = (found) => decodeSmallInteger(found, 255);
  refuses("a small one above its limit", small, "02020100", /above 255/);
  refuses("a small one of nine octets", small, "0209010000000000000000", /above 255/);
});

describe("serial numbers", () => {
  test("20 octets are read, as they stand", () => {
    const content = "7f" + "00".repeat(19);
    assert.equal(toHex(decodeSerialNumber(element(hex(`0214${content}`)))), content);
    assert.equal(toHex(decodeSerialNumber(element(hex("02020080")))), "0080");
  });
  refuses("21 octets", decodeSerialNumber, "0215" + "7f".repeat(21), /21 octets, more than 20/);
  refuses("20 octets and a sign", decodeSerialNumber, "021500" + "ff".repeat(20), /21 octets/);
  refuses("a negative one", decodeSerialNumber, "020180", /serial number is negative/);
  refuses("zero", decodeSerialNumber, "020100", /serial number is zero/);
  refuses("a padded one", decodeSerialNumber, "02020001", /not minimal/);
  test("zero is kept on request", () => {
    assert.equal(toHex(decodeSerialNumber(element(hex("020100")), "kept")), "00");
  });
});

describe("OBJECT IDENTIFIER", () => {
  const dotted = [...Object.values(OID), "2.999.3", "0.0", "1.39.5", "2.40.16384.127.128"];
  dotted.push(
    "2.25.329800735698586629295641978511506172918",
    `1.2.${2 ** 53}`,
    "2.9007199254740993",
  );
  test("every OID of the table comes back, and large arcs too", () => {
    for (const text of dotted) assert.equal(decodeOid(element(oid(text))), text);
  });
  refuses("an empty one", decodeOid, "0600", /no content/);
  refuses("a padded arc", decodeOid, "06032a8001", /not minimal/);
  refuses("a padded first arc", decodeOid, "0602802a", /not minimal/);
  refuses("a cut-off arc", decodeOid, "06022a86", /cut off/);
  refuses("129 octets", decodeOid, "068181" + "01".repeat(129), /more than 128 octets/);
  refuses("a NULL", decodeOid, "0500", /it is no OBJECT IDENTIFIER/);
  test("no OID stands in the table twice", () => {
    assert.equal(new Set(Object.values(OID)).size, Object.values(OID).length);
  });
  test("oidName() names what it knows", () => {
    assert.equal(oidName("2.5.29.17"), "subjectAltName");
    assert.equal(oidName("1.2.3"), "1.2.3");
  });
});

describe("BIT STRING", () => {
  test("octets and unused bits are read", () => {
    assert.deepEqual(decodeBitString(element(hex("03020780"))), {
      bytes: hex("80"),
      unusedBits: 7,
    });
    assert.deepEqual(decodeBitString(element(hex("030100"))), { bytes: hex(""), unusedBits: 0 });
  });
  refuses("an empty one", decodeBitString, "0300", /no content/);
  refuses("8 unused bits", decodeBitString, "03020800", /8 unused bits/);
  refuses("unused bits of nothing", decodeBitString, "030101", /empty BIT STRING/);
  refuses("unused bits that are set", decodeBitString, "03020781", /not zero/);
  refuses("a key with unused bits", decodeOctetBits, "03020780", /whole octet/);
  refuses("an OCTET STRING", decodeBitString, "040100", /it is no BIT STRING/);
});

describe("times", () => {
  const utc: [string, string][] = [
    ["261124010203Z", "2026-11-24T01:02:03.000Z"],
    ["500101000000Z", "1950-01-01T00:00:00.000Z"],
    ["491231235959Z", "2049-12-31T23:59:59.000Z"],
    ["000229000000Z", "2000-02-29T00:00:00.000Z"],
  ];
  for (const [text, iso] of utc) {
    test(`UTCTime ${text} is ${iso}`, () => {
      assert.equal(decodeTime(time(0x17, text)).toISOString(), iso);
    });
  }
  const generalized: [string, string][] = [
    ["20500101000000Z", "2050-01-01T00:00:00.000Z"],
    ["99991231235959Z", "9999-12-31T23:59:59.000Z"],
    ["00010101000000Z", "0001-01-01T00:00:00.000Z"],
    ["00000229000000Z", "0000-02-29T00:00:00.000Z"],
    ["20260101000000Z", "2026-01-01T00:00:00.000Z"],
  ];
  for (const [text, iso] of generalized) {
    test(`GeneralizedTime ${text} is ${iso}`, () => {
      assert.equal(decodeTime(time(0x18, text)).toISOString(), iso);
    });
  }
  const bad: [tag: number, text: string][] = [
    [0x17, "2611240102Z"], // no seconds
    [0x17, "261124010203"], // no zone
    [0x17, "261124010203+0100"],
    [0x17, "261124010203z"],
    [0x17, "26112401020 Z"],
    [0x17, "20261124010203Z"],
    [0x17, "261324010203Z"], // month 13
    [0x17, "260024010203Z"],
    [0x17, "260229010203Z"], // no leap year
    [0x17, "260431000000Z"],
    [0x17, "260400000000Z"],
    [0x17, "261124240000Z"],
    [0x17, "261124006000Z"],
    [0x17, "261124000060Z"], // leap second
    [0x17, ""],
    [0x18, "261124010203Z"],
    [0x18, "20261124010203.5Z"],
    [0x18, "20261124010203"],
    [0x18, "202611240102Z"],
    [0x18, "20261124010203+0000"],
    [0x18, "19000229000000Z"],
    [0x18, "2026112401020３Z"],
    [0x16, "261124010203Z"], // IA5String
  ];
  for (const [tag, text] of bad) {
    test(`time ${tag.toString(16)} "${text}" is refused`, () => {
      assert.throws(() => decodeTime(time(tag, text)), { code: "DER_INVALID" });
    });
  }
  test("what encodeTime() writes is read back", () => {
    for (let ms = Date.UTC(1940); ms < Date.UTC(2120); ms += 86_400_000 * 30 + 12_345_000) {
      assert.equal(decodeTime(element(encodeTime(new Date(ms)))).getTime(), ms);
    }
  });
});
