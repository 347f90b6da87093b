import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "../../../src/bytes.ts";
import { berToDer } from "../../../src/der/ber.ts";
import { octetString, sequence } from "../../../src/der/encode.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import { hex } from "../../support/hex.ts";
import { mutations } from "../../support/mutations.ts";

describe("berToDer() rewrites", () => {
  const cases: [string, ber: string, der: string][] = [
    ["DER to itself", "30 06 0401aa 020103", "30 06 0401aa 020103"],
    ["an indefinite length", "3080 0401aa 0000", "3003 0401aa"],
    ["an indefinite length of nothing", "3080 0000", "3000"],
    ["lengths that are not minimal", "3081 06 0483 000001 aa", "3003 0401aa"],
    ["an octet string in pieces", "2480 0402aabb 0401cc 0000", "0403aabbcc"],
    ["an octet string in pieces of definite length", "2406 0401aa 0401bb", "0402aabb"],
    ["an octet string of no pieces", "2480 0000", "0400"],
    ["pieces in pieces", "2480 2480 0401aa 0000 0401bb 0000", "0402aabb"],
    [
      "indefinite lengths in each other",
      "3080 a080 2480 0401aa 0000 0000 0000",
      "3005 a003 0401aa",
    ],
    ["nothing inside an octet string", "0404 30800000", "0404 30800000"],
    ["nothing inside a primitive context value", "8004 30800000", "8004 30800000"],
  ];
  for (const [name, ber, der] of cases) {
    test(name, () => assert.equal(toHex(berToDer(hex(ber), "x")), toHex(hex(der))));
  }

  test("pieces that come to a long string", () => {
    const piece = "0482 0100" + "ab".repeat(256);
    const whole = berToDer(hex(`2480 ${piece} ${piece} 0000`), "x");
    assert.deepEqual(whole, octetString(new Uint8Array(512).fill(0xab)));
  });
});

describe("berToDer() refuses", () => {
  const cases: [string, string, RegExp][] = [
    ["nothing", "", /cut off/],
    ["a tag alone", "30", /cut off/],
    ["a length that is cut off", "3082 01", /cut off/],
    ["more octets than there are", "0405 aa", /5 octets are announced and 1 are there/],
    ["a child that is longer than its parent", "3003 0404 aabbccdd", /announced/],
    ["octets after the end", "0400 00", /1 octets follow its end/],
    ["no end-of-contents", "3080 0400", /cut off/],
    ["half an end-of-contents", "3080 0400 00", /cut off/],
    ["an end-of-contents with a length", "3080 0400 0001", /end-of-contents has a length/],
    ["an end-of-contents where none belongs", "3002 0000", /end-of-contents stands/],
    ["a primitive value of indefinite length", "0480 0000", /primitive value is indefinite/],
    ["a piece of another type", "2403 020103", /piece of another type/],
    ["a high tag number", "1f8101 00", /tag number is above 30/],
    ["a length of 2^63", "0488 8000000000000000", /too large/],
    ["a length of 126 octets", `04fe ${"ff".repeat(126)}`, /too large/],
  ];
  for (const [name, ber, message] of cases) {
    test(
      name,
      () => assert.throws(() => berToDer(hex(ber), "x"), { code: "DER_INVALID", message }),
    );
  }

  test("deep nesting, definite and indefinite", () => {
    const indefinite = new Uint8Array(100_000).map((_, i) => i % 2 === 0 ? 0x30 : 0x80);
    assert.throws(() => berToDer(indefinite, "x"), /32 levels/);
    let definite = sequence();
    for (let i = 0; i < 40; i++) definite = sequence(definite);
    assert.throws(() => berToDer(definite, "x"), /32 levels/);
  });

  test("17 MiB, without reading them", () => {
    assert.throws(() => berToDer(new Uint8Array(17 * 1024 * 1024), "x"), /more than 16777216/);
  });
});

test("berToDer() throws nothing but LocalTlsError for damaged BER", () => {
  const ber = hex(
    "3080 020103 3080 0603550403 a080 2480 0482000aaabbccddee00112233ff 0401bb 0000 0000 0000 0000",
  );
  for (const damaged of mutations(ber, 5000)) {
    try {
      // what comes out is DER: a second time changes nothing
      const der = berToDer(damaged, "x");
      assert.deepEqual(berToDer(der, "x"), der);
    } catch (error) {
      assert.ok(error instanceof LocalTlsError, `${error}`);
    }
  }
});
