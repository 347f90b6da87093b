import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "../../../src/bytes.ts";
import { sha256Hex } from "../../../src/x509/fingerprint.ts";
import { keyIdentifier } from "../../../src/x509/key_identifier.ts";
import { hex } from "../../support/hex.ts";

// A P-256 key of `openssl ecparam -genkey`, and the same with -conv_form compressed.
const POINT = "04b963d4e328b4f0fec98ce46e6105869a8a3be174be9bea113114cd36f71f7331" +
  "cf1c1c4dd692b60ef91c56e92a6db397581af21db24b0a5820f4e33e2cf205d6";
const COMPRESSED = "02b963d4e328b4f0fec98ce46e6105869a8a3be174be9bea113114cd36f71f7331";

describe("keyIdentifier()", () => {
  test("of a point is the start of its compressed form, as openssl makes that", async () => {
    assert.equal(toHex(await keyIdentifier(hex(POINT))), COMPRESSED.slice(0, 40));
  });
  test("differs for the point that has the other y", async () => {
    const odd = hex(POINT);
    odd[64]! ^= 1;
    assert.notEqual(toHex(await keyIdentifier(odd)), toHex(await keyIdentifier(hex(POINT))));
  });
  test("of what is no uncompressed point is of all its octets", async () => {
    for (const bits of [COMPRESSED, "0401", "308201", ""]) {
      const expected = (await sha256Hex(hex(bits))).slice(0, 40);
      assert.equal(toHex(await keyIdentifier(hex(bits))), expected);
    }
  });
  test("does not change the key", async () => {
    const bits = hex(POINT);
    await keyIdentifier(bits);
    assert.equal(toHex(bits), POINT);
  });
});
