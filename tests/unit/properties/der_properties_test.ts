/** What holds for every value: encodings come back as what they were, and have one form. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { toBytes, toHex } from "../../../src/bytes.ts";
import {
  decodeBitString,
  decodeBoolean,
  decodeIntegerUnsigned,
  decodeOid,
  decodeSmallInteger,
  decodeTime,
  DerReader,
  type Element,
} from "../../../src/der/decode.ts";
import {
  bitString,
  boolean,
  encodeTime,
  encodeTlv,
  integer,
  integerBytes,
  octetString,
  oid,
  sequence,
  set,
} from "../../../src/der/encode.ts";
import { decodeBase64, decodePem, encodeBase64, encodePem } from "../../../src/der/pem.ts";

/** The same values in every run. */
fc.configureGlobal({ seed: 20261124, numRuns: 500 });

function only(der: Uint8Array): Element {
  const reader = new DerReader(der, "property");
  const element = reader.read("value");
  reader.finish();
  return element;
}

const octets = (maxLength: number) => fc.uint8Array({ maxLength });
const toBigInt = (magnitude: Uint8Array) =>
  magnitude.length === 0 ? 0n : BigInt(`0x${toHex(magnitude)}`);

describe("for every value", () => {
  test("a TLV gives back its content, in the shortest length form", () => {
    fc.assert(
      fc.property(fc.nat(70_000), fc.nat(255), (length, fill) => {
        const content = new Uint8Array(length).fill(fill);
        const der = octetString(content);
        assert.deepEqual(only(der).content, content);
        const header = length < 128 ? 2 : length < 256 ? 3 : length < 65_536 ? 4 : 5;
        assert.equal(der.length, header + length);
      }),
      { numRuns: 100 },
    );
  });

  test("an INTEGER gives back its number, as BigInt writes it", () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 1n << 2048n }), (value) => {
      const element = only(integer(value));
      assert.equal(toBigInt(decodeIntegerUnsigned(element)), value);
      // Two's complement: one bit more than the magnitude has, in whole octets (X.690, 8.3.3).
      assert.equal(
        element.length,
        Math.floor((value === 0n ? 0 : value.toString(2).length) / 8) + 1,
      );
    }));
  });

  test("an INTEGER below zero is refused, and is the two's complement", () => {
    fc.assert(fc.property(fc.bigInt({ min: -(1n << 256n), max: -1n }), (value) => {
      const element = only(integer(value));
      assert.equal(BigInt.asIntN(element.length * 8, toBigInt(element.content)), value);
      assert.throws(() => decodeIntegerUnsigned(element), { code: "DER_INVALID" });
    }));
  });

  test("an INTEGER from octets loses nothing but zeros in front", () => {
    fc.assert(fc.property(octets(40), (magnitude) => {
      const found = decodeIntegerUnsigned(only(integerBytes(magnitude)));
      assert.equal(toBigInt(found), toBigInt(magnitude));
    }));
  });

  test("a small INTEGER is read up to its limit and no further", () => {
    const max = 0x7fffffff;
    fc.assert(fc.property(fc.nat(max), fc.nat(max), (value, limit) => {
      const element = only(integer(value));
      if (value <= limit) assert.equal(decodeSmallInteger(element, limit), value);
      else assert.throws(() => decodeSmallInteger(element, limit), { code: "DER_INVALID" });
    }));
  });

  test("an OID gives back its arcs, of any size", () => {
    const arc = fc.bigInt({ min: 0n, max: 1n << 128n });
    const root = fc.oneof(
      fc.tuple(fc.constantFrom(0n, 1n), fc.bigInt({ min: 0n, max: 39n })),
      fc.tuple(fc.constant(2n), arc),
    );
    fc.assert(fc.property(root, fc.array(arc, { maxLength: 4 }), (start, rest) => {
      const dotted = [...start, ...rest].join(".");
      assert.equal(decodeOid(only(oid(dotted))), dotted);
    }));
  });

  test("a time gives back its second, as RFC 5280 divides the years", () => {
    const from = new Date("0001-01-01T00:00:00Z");
    const to = new Date("9999-12-31T23:59:59Z");
    fc.assert(fc.property(fc.date({ min: from, max: to, noInvalidDate: true }), (date) => {
      const element = only(encodeTime(date));
      assert.equal(decodeTime(element).getTime(), Math.floor(date.getTime() / 1000) * 1000);
      const year = date.getUTCFullYear();
      assert.equal(element.tag, year >= 1950 && year <= 2049 ? 0x17 : 0x18);
    }));
  });

  test("a BIT STRING gives back its bits", () => {
    fc.assert(fc.property(octets(50), fc.nat(7), (bytes, unusedBits) => {
      const unused = bytes.length === 0 ? 0 : unusedBits;
      const content = toBytes(bytes);
      if (content.length > 0) content[content.length - 1]! &= 0xff << unused;
      assert.deepEqual(decodeBitString(only(bitString(content, unused))), {
        bytes: content,
        unusedBits: unused,
      });
    }));
  });

  test("a BOOLEAN is FF or 00", () => {
    fc.assert(fc.property(fc.boolean(), (value) => {
      assert.equal(decodeBoolean(only(boolean(value))), value);
    }));
    fc.assert(fc.property(fc.integer({ min: 1, max: 254 }), (octet) => {
      const element = only(encodeTlv(1, Uint8Array.of(octet)));
      assert.throws(() => decodeBoolean(element), { code: "DER_INVALID" });
    }));
  });

  test("a SEQUENCE keeps its order, a SET has one order", () => {
    fc.assert(fc.property(fc.array(octets(6), { maxLength: 6 }), (contents) => {
      const parts = contents.map(octetString);
      const reader = new DerReader(sequence(...parts), "property").enter("list");
      for (const content of contents) {
        assert.deepEqual(reader.read("part").content, toBytes(content));
      }
      reader.finish();
      assert.deepEqual(set(...parts), set(...parts.toReversed()));
    }));
  });

  test("nothing in front of a value's end or behind it goes unnoticed", () => {
    fc.assert(fc.property(octets(40), fc.nat(), (content, cut) => {
      const der = octetString(content);
      assert.throws(() => only(der.subarray(0, cut % der.length)), { code: "DER_INVALID" });
      assert.throws(() => only(Uint8Array.of(...der, 0)), { code: "DER_INVALID" });
    }));
  });

  test("base64 gives back its octets, and is what Buffer writes", () => {
    fc.assert(fc.property(octets(300), (bytes) => {
      const text = encodeBase64(bytes);
      assert.equal(text, Buffer.from(bytes).toString("base64"));
      assert.deepEqual(decodeBase64(text), toBytes(bytes));
    }));
  });

  test("base64 that is read is the one way to write its octets", () => {
    const character = fc.constantFrom(..."AQgwBZaz09+/=\n ");
    fc.assert(fc.property(fc.string({ unit: character, maxLength: 12 }), (text) => {
      try {
        assert.equal(encodeBase64(decodeBase64(text)), text);
      } catch (error) {
        if ((error as { code?: string }).code !== "PEM_INVALID") throw error;
      }
    }));
  });

  test("PEM gives back its blocks, with any line ends and text around them", () => {
    const label = fc.constantFrom("CERTIFICATE", "PRIVATE KEY", "X", "A-B C");
    const block = fc.tuple(label, fc.uint8Array({ minLength: 1, maxLength: 200 }));
    const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
    const text = fc.constantFrom("", "Bag Attributes", "subject=/CN=x", "# -----");
    fc.assert(
      fc.property(fc.array(block, { maxLength: 4 }), lineEnd, text, (blocks, end, around) => {
        const pem = blocks.map(([name, der]) => `${around}\n${encodePem(name, der)}`).join("\n");
        const found = decodePem(`\ufeff${pem}${around}`.replaceAll("\n", end));
        assert.deepEqual(found, blocks.map(([name, der]) => ({ label: name, der: toBytes(der) })));
      }),
    );
  });

  test("hexadecimal is what Buffer writes", () => {
    fc.assert(fc.property(octets(100), (bytes) => {
      assert.equal(toHex(bytes), Buffer.from(bytes).toString("hex"));
    }));
  });
});
