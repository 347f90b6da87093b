import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  bitString,
  encodeTlv,
  ia5String,
  oid,
  printableString,
  sequence,
  set,
  utf8String,
} from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { TAG } from "../../../src/der/tags.ts";
import {
  encodeName,
  escapeText,
  readCommonName,
  readName,
  readSubjectText,
} from "../../../src/x509/name.ts";
import { hex } from "../../support/hex.ts";
import { x509 } from "../../support/oracle.ts";

/** A name of one commonName with that value TLV. */
function nameOf(value: Uint8Array): Uint8Array {
  return sequence(set(sequence(oid(OID.commonName), value)));
}

describe("readSubjectText()", () => {
  test("writes the last RDN first, as RFC 4514 does", () => {
    const name = encodeName([[OID.organizationName, "localtls"], [OID.commonName, "ann"]]);
    assert.equal(readSubjectText(name), "CN=ann, O=localtls");
  });
  test("an empty name is an empty text", () => assert.equal(readSubjectText(sequence()), ""));
  test("attributes of one RDN are joined with a plus", () => {
    const attribute = (type: string, text: string) => sequence(oid(type), utf8String(text));
    const name = sequence(set(attribute(OID.commonName, "a"), attribute(OID.countryName, "DE")));
    assert.equal(readSubjectText(name), "CN=a+C=DE");
  });
  test("unknown types are written as OIDs", () => {
    assert.equal(readSubjectText(encodeName([["1.2.3.4", "x"]])), "1.2.3.4=x");
  });
  const values: [string, Uint8Array, string][] = [
    ["a comma cannot begin another RDN", utf8String("a, O=b"), "CN=a\\, O=b"],
    ["reserved characters are escaped", utf8String('"+,;<>\\'), 'CN=\\"\\+\\,\\;\\<\\>\\\\'],
    ["a leading number sign is escaped", utf8String("#1#"), "CN=\\#1#"],
    ["blanks at both ends are escaped", utf8String("  a  "), "CN=\\  a \\ "],
    ["a single blank is escaped", utf8String(" "), "CN=\\ "],
    ["a newline is escaped", utf8String("a\nb"), "CN=a\\0ab"],
    ["an escape sequence is escaped", utf8String("\u001b[2J"), "CN=\\1b[2J"],
    ["a right-to-left override is escaped", utf8String("a\u202eb"), "CN=a\\e2\\80\\aeb"],
    ["a zero-width space is escaped", utf8String("a\u200bb"), "CN=a\\e2\\80\\8bb"],
    ["a NUL is escaped", utf8String("a\u0000b"), "CN=a\\00b"],
    ["letters of all scripts are not escaped", utf8String("Zürich 東京"), "CN=Zürich 東京"],
    ["PrintableString is read", printableString("a b"), "CN=a b"],
    ["IA5String is read", ia5String("a@b"), "CN=a@b"],
    ["TeletexString is read as Latin-1", encodeTlv(TAG.teletexString, hex("fc")), "CN=ü"],
    ["BMPString is read", encodeTlv(TAG.bmpString, hex("0041 20ac")), "CN=A€"],
    ["UniversalString is read", encodeTlv(TAG.universalString, hex("0001f600")), "CN=😀"],
    [
      "invalid UTF-8 is shown in hexadecimal",
      encodeTlv(TAG.utf8String, hex("c328")),
      "CN=#0c02c328",
    ],
    [
      "8-bit PrintableString is shown in hexadecimal",
      encodeTlv(TAG.printableString, hex("fc")),
      "CN=#1301fc",
    ],
    ["odd BMPString is shown in hexadecimal", encodeTlv(TAG.bmpString, hex("00")), "CN=#1e0100"],
    [
      "surrogates in BMPString are shown in hexadecimal",
      encodeTlv(TAG.bmpString, hex("d800")),
      "CN=#1e02d800",
    ],
    [
      "too large UniversalString is shown in hexadecimal",
      encodeTlv(TAG.universalString, hex("00110000")),
      "CN=#1c0400110000",
    ],
    ["another type is shown in hexadecimal", bitString(hex("ff")), "CN=#030200ff"],
  ];
  for (const [name, value, expected] of values) {
    test(name, () => assert.equal(readSubjectText(nameOf(value)), expected));
  }
  test("what openssl's users know as names reads like @peculiar/x509 reads it", () => {
    const name = encodeName([
      [OID.countryName, "DE"],
      [OID.organizationName, "A+B, Ltd."],
      [OID.commonName, "x"],
    ]);
    const theirs = new x509.Name(name).toString();
    assert.equal(readSubjectText(name).split(", ").length, theirs.split(", ").length);
    assert.deepEqual(new x509.Name(name).getField("O"), ["A+B, Ltd."]);
  });
});

describe("readCommonName()", () => {
  test("is the last one, as it stands", () => {
    const name = encodeName([[OID.commonName, "first"], [OID.commonName, "a, b"]]);
    assert.equal(readCommonName(name), "a, b");
  });
  test("is undefined where there is none, or none that can be read", () => {
    assert.equal(readCommonName(sequence()), undefined);
    assert.equal(readCommonName(nameOf(bitString(hex("ff")))), undefined);
  });
});

describe("readName() refuses", () => {
  const cases: [string, Uint8Array][] = [
    ["a SET", set()],
    ["an RDN that is a SEQUENCE", sequence(sequence())],
    ["an empty RDN", sequence(set())],
    ["an attribute without value", sequence(set(sequence(oid(OID.commonName))))],
    [
      "an attribute with two values",
      sequence(set(sequence(oid(OID.commonName), utf8String("a"), utf8String("b")))),
    ],
    ["a type that is no OID", sequence(set(sequence(utf8String("CN"), utf8String("a"))))],
    ["octets behind it", hex("3000 00")],
    ["nothing", hex("")],
  ];
  for (const [name, der] of cases) {
    test(name, () => assert.throws(() => readName(der), { code: "DER_INVALID" }));
  }
});

test("escapeText() shows lone surrogates and unassigned characters as octets", () => {
  assert.equal(escapeText("a\ud800b\u{e0001}"), "a\\ef\\bf\\bdb\\f3\\a0\\80\\81");
});
