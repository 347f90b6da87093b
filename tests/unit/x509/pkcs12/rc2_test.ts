import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "../../../../src/bytes.ts";
import { decryptRc2, decryptRc2Blocks } from "../../../../src/x509/pkcs12/rc2.ts";
import { hex } from "../../../support/hex.ts";

describe("RC2 gives what RFC 2268, 5 says", () => {
  const cases: [key: string, bits: number, plain: string, encrypted: string][] = [
    ["0000000000000000", 63, "0000000000000000", "ebb773f993278eff"],
    ["ffffffffffffffff", 64, "ffffffffffffffff", "278b27e42e2f0d49"],
    ["3000000000000000", 64, "1000000000000001", "30649edf9be7d2c2"],
    ["88", 64, "0000000000000000", "61a8a244adacccf0"],
    ["88bca90e90875a", 64, "0000000000000000", "6ccf4308974c267f"],
    ["88bca90e90875a7f0f79c384627bafb2", 64, "0000000000000000", "1a807d272bbe5db1"],
    ["88bca90e90875a7f0f79c384627bafb2", 128, "0000000000000000", "2269552ab0f85ca6"],
    [
      "88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e",
      129,
      "0000000000000000",
      "5b78d3a43dfff1f1",
    ],
  ];
  for (const [key, bits, plain, encrypted] of cases) {
    test(`${key}, ${bits} bits`, () => {
      const out = decryptRc2Blocks(hex(key), bits, new Uint8Array(8), hex(encrypted));
      assert.equal(toHex(out), plain);
    });
  }
});

test("every block is combined with the one before", () => {
  const encrypted = hex("61a8a244adacccf0 61a8a244adacccf0");
  const out = decryptRc2Blocks(hex("88"), 64, hex("0102030405060708"), encrypted);
  assert.equal(toHex(out), "0102030405060708" + "61a8a244adacccf0");
});

describe("decryptRc2() finds the key wrong by its padding", () => {
  // what decrypts to zeros is combined with the vector, which so is the plaintext
  const cases: [plain: string, expected: string | undefined][] = [
    ["4142434445464701", "41424344454647"],
    ["4142434445030303", "4142434445"],
    ["0808080808080808", ""],
    ["4142434445464700", undefined],
    ["4142434445464709", undefined],
    ["4142434445460302", undefined],
    ["4142434445020303", undefined],
  ];
  for (const [plain, expected] of cases) {
    test(plain, () => {
      const out = decryptRc2(hex("88"), 64, hex(plain), hex("61a8a244adacccf0"));
      assert.equal(out && toHex(out), expected);
    });
  }
});
