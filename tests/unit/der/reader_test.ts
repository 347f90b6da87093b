import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "../../../src/bytes.ts";
import { DerReader, type DerReader as Reader } from "../../../src/der/decode.ts";
import { MAX_DEPTH, MAX_LENGTH } from "../../../src/der/decode.ts";
import { encodeTlv, octetString, sequence } from "../../../src/der/encode.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import { hex } from "../../support/hex.ts";
import { mutations } from "../../support/mutations.ts";

function read(bytes: string, tag?: number) {
  const reader = new DerReader(hex(bytes), "input");
  const element = reader.read("field", tag);
  reader.finish();
  return element;
}

describe("read() refuses what is not DER, each with its own message", () => {
  const cases: [name: string, bytes: string, message: RegExp][] = [
    ["nothing at all", "", /^Cannot read input\.field at offset 0: the field is missing$/],
    ["a tag alone", "04", /offset 1: the length is cut off/],
    ["an indefinite length", "3080 0000", /offset 1: the length is indefinite/],
    ["an indefinite length in a primitive", "0480 0000", /offset 1: the length is indefinite/],
    ["a long length under 128", "04817f" + "00".repeat(127), /offset 1: the length is not minimal/],
    ["a long length of zero", "048100", /offset 1: the length is not minimal/],
    ["a length with a leading zero", "048200ff" + "00".repeat(255), /the length is not minimal/],
    ["a length with two leading zeros", "0483000080" + "00".repeat(128), /not minimal/],
    ["a length of five octets", "04850000000001 00", /the length has 5 octets/],
    ["a length of 127 octets", "04ff 00", /the length has 127 octets/],
    ["a length that is cut off", "048201", /offset 3: the length is cut off/],
    ["a content that is cut off", "0403 0102", /offset 0: 3 octets are announced and 2 are there/],
    ["a huge announced content", "0484ffffffff 00", /4294967295 octets are announced and 1 are/],
    [
      "an octet after the end",
      "0401 00 00",
      /^Cannot read input at offset 3: 1 octets follow its end$/,
    ],
    ["a TLV after the end", "0500 0500", /offset 2: 2 octets follow its end/],
    ["a high tag number", "1f 20 00", /the tag number is above 30/],
    ["a high context tag number", "bf 20 00", /the tag number is above 30/],
    ["end-of-contents", "0000", /tag 00 is end-of-contents/],
    ["a constructed end-of-contents", "2000", /end-of-contents/],
    ["a constructed OCTET STRING", "2403 040100", /tag 24 has the wrong constructed bit/],
    ["a constructed BIT STRING", "2304 03020080", /tag 23 has the wrong constructed bit/],
    ["a constructed UTF8String", "2c03 0c0161", /tag 2c has the wrong constructed bit/],
    ["a constructed INTEGER", "2203 020101", /tag 22 has the wrong constructed bit/],
    ["a primitive SEQUENCE", "1000", /tag 10 has the wrong constructed bit/],
    ["a primitive SET", "1100", /tag 11 has the wrong constructed bit/],
  ];
  for (const [name, bytes, message] of cases) {
    test(`read() refuses ${name}`, () => {
      assert.throws(() => read(bytes), (error: unknown) => {
        assert.ok(error instanceof LocalTlsError);
        assert.equal(error.code, "DER_INVALID");
        assert.match(error.message, message);
        return true;
      });
    });
  }
  test("read() refuses another tag than the one asked for", () => {
    assert.throws(() => read("0500", 0x30), /tag is 05, not 30/);
  });
});

describe("reading", () => {
  test("read() gives tag, content, tlv, offset and field", () => {
    const outer = new DerReader(hex("3006 0500 040201ff"), "cert");
    const reader = outer.enter("tbs");
    outer.finish();
    reader.read("first");
    const element = reader.read("second", 0x04);
    assert.equal(element.tag, 0x04);
    assert.equal(toHex(element.content), "01ff");
    assert.equal(toHex(element.tlv), "040201ff");
    assert.equal(element.offset, 4);
    assert.equal(element.field, "cert.tbs.second");
    assert.equal(reader.done, true);
    assert.equal(reader.peekTag(), undefined);
  });
  test("a long length is read", () => {
    const reader = new DerReader(octetString(new Uint8Array(300)), "input");
    assert.equal(reader.read("field").content.length, 300);
  });
  test("readOptional() reads its tag and leaves another alone", () => {
    const reader = new DerReader(hex("0500"), "input");
    assert.equal(reader.readOptional("absent", 0x01), undefined);
    assert.equal(reader.readOptional("null", 0x05)?.tag, 0x05);
    assert.equal(reader.readOptional("absent", 0x05), undefined);
  });
  test("a reader does not read past the end of the element it was made for", () => {
    const reader = new DerReader(hex("3002 0403 010203"), "input").enter("sequence");
    assert.throws(() => reader.read("inside"), /3 octets are announced and 0 are there/);
  });
  test("a reader at the end of its element does not see what follows the element", () => {
    const reader = new DerReader(hex("3000 0500"), "input").enter("sequence");
    assert.equal(reader.done, true);
    assert.equal(reader.peekTag(), undefined);
    assert.throws(() => reader.read("inside"), /the field is missing/);
  });
  test("a length that ends with the element is cut off, whatever follows", () => {
    const reader = new DerReader(hex("3002 0482 0001 00"), "input").enter("sequence");
    assert.throws(() => reader.read("inside"), /the length is cut off/);
  });
  test("into() refuses a primitive element", () => {
    const reader = new DerReader(hex("040100"), "input");
    assert.throws(() => reader.into(reader.read("field")), /not constructed/);
  });
  test("offsets count from the base", () => {
    const reader = new DerReader(hex("3002 0580"), "input", 1000).enter("sequence");
    assert.throws(() => reader.read("null"), /offset 1003: the length is indefinite/);
  });
  test("bytes of a shared buffer are copied into one of their own", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(2));
    shared.set([5, 0]);
    assert.ok(new DerReader(shared, "input").read("null").tlv.buffer instanceof ArrayBuffer);
  });
});

describe("bounds", () => {
  test(`more than ${MAX_DEPTH} levels are refused`, () => {
    let nested = sequence();
    for (let i = 0; i < MAX_DEPTH + 5; i++) nested = sequence(nested);
    let reader: Reader = new DerReader(nested, "input");
    assert.throws(() => {
      while (!reader.done) reader = reader.enter("level");
    }, /more than 32 levels of nesting/);
  });
  test(`more than ${MAX_LENGTH} octets are refused before anything is read`, () => {
    assert.throws(() => new DerReader(new Uint8Array(MAX_LENGTH + 1), "input"), {
      code: "DER_INVALID",
    });
  });
});

test("whatever the octets, a walk through all levels throws DER_INVALID or nothing", () => {
  const original = sequence(
    sequence(octetString(hex("0102")), sequence(encodeTlv(0x82, hex("61")))),
    encodeTlv(0xa3, sequence(octetString(new Uint8Array(200)))),
  );
  const walk = (reader: Reader): void => {
    while (!reader.done) {
      const element = reader.read("element");
      assert.equal(element.tlv.length >= element.content.length + 2, true);
      if ((element.tag & 0x20) !== 0) walk(reader.into(element));
    }
  };
  let refused = 0;
  for (const bytes of mutations(original, 5000)) {
    try {
      walk(new DerReader(bytes, "input"));
    } catch (error) {
      assert.ok(error instanceof LocalTlsError && error.code === "DER_INVALID", String(error));
      refused++;
    }
  }
  assert.ok(refused > 1000, `${refused} refused`);
});
