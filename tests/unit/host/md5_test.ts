import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { toHex } from "../../../src/bytes.ts";
import { md5 } from "../../../src/host/md5.ts";

const octets = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 151 + length) & 255);

test("md5() gives the digests of RFC 1321, A.5", () => {
  const digest = (text: string) => toHex(md5(new TextEncoder().encode(text)));
  assert.equal(digest(""), "d41d8cd98f00b204e9800998ecf8427e");
  assert.equal(digest("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  assert.equal(digest("1234567890".repeat(8)), "57edf4a22be3c955ac49da2e2107b67a");
});

test("md5() agrees with the runtime's own at every length around the ends of blocks", () => {
  for (let length = 0; length < 300; length++) {
    const bytes = octets(length);
    assert.equal(toHex(md5(bytes)), createHash("md5").update(bytes).digest("hex"), `${length}`);
  }
  const long = octets(70_001);
  assert.equal(toHex(md5(long)), createHash("md5").update(long).digest("hex"));
});

test("md5() of other octets is another", () => {
  const bytes = octets(700);
  const other = bytes.slice();
  other[699]! ^= 1;
  assert.notEqual(toHex(md5(bytes)), toHex(md5(other)));
});
