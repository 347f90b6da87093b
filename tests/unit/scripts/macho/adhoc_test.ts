import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { signAdHoc } from "../../../../scripts/macho/adhoc.ts";
import { craftMachO, TEXT_SIZE } from "../../../support/craft_macho.ts";
import { verifyMachO } from "../../../support/macho_verifier.ts";

const PAGE = 4096;

describe("signAdHoc()", () => {
  test("replaces a signature that covers too little by one that covers every page", () => {
    const before = craftMachO();
    assert.notDeepEqual(verifyMachO(before).problems, []);
    const signed = Buffer.from(signAdHoc(before, "localtls"));
    const { signature, problems } = verifyMachO(signed);
    assert.deepEqual(problems, []);
    assert.deepEqual(signature, {
      identifier: "localtls",
      flags: 0x20002,
      version: 0x20400,
      pages: Math.ceil(signature.codeLimit / PAGE),
      codeLimit: signature.codeLimit,
    });
    assert.equal(signature.codeLimit % PAGE !== 0, true, "the last page is a part of one");
  });

  test("leaves its argument alone, and everything but the sizes before the signature", () => {
    const before = craftMachO();
    const copy = Buffer.from(before);
    const signed = signAdHoc(before, "localtls");
    assert.deepEqual(before, copy);
    const { codeLimit } = verifyMachO(Buffer.from(signed)).signature;
    const changed = [...signed.subarray(0, codeLimit)].filter((byte, at) => byte !== before[at]);
    assert.ok(changed.length > 0 && changed.length <= 4 + 8 + 8, `${changed.length} bytes`);
  });

  test("gives the same bytes for what it has signed already", () => {
    const once = signAdHoc(craftMachO(), "localtls");
    assert.deepEqual(signAdHoc(once, "localtls"), once);
  });

  test("signs a file that lies in the middle of a buffer", () => {
    const file = craftMachO();
    const padded = Buffer.concat([Buffer.alloc(3), file]);
    assert.deepEqual(signAdHoc(padded.subarray(3), "x"), signAdHoc(file, "x"));
  });

  test("is found out if one byte of any page is changed", () => {
    const signed = Buffer.from(signAdHoc(craftMachO(), "localtls"));
    const { pages, codeLimit } = verifyMachO(signed).signature;
    assert.ok(pages > 4);
    for (let page = 0; page < pages; page++) {
      // The last byte of a page; on the first page that is code, not a load command.
      const at = Math.min((page + 1) * PAGE, codeLimit) - 1;
      signed[at]! ^= 1;
      assert.deepEqual(verifyMachO(signed).problems, [`page ${page} does not have its hash`]);
      signed[at]! ^= 1;
    }
  });

  const refused: readonly (readonly [string, (file: Buffer) => Buffer, RegExp])[] = [
    ["an empty file", () => Buffer.alloc(0), /no 64-bit Mach-O/],
    ["a program for Linux", () => Buffer.from("\x7fELF".padEnd(64)), /no 64-bit Mach-O/],
    ["a library", (file) => written(file, 12, 6), /no executable/],
    ["too many load commands", (file) => written(file, 16, 99), /longer than their table/],
    ["a table that is longer than the file", (file) => written(file, 20, 1 << 30), /longer than/],
    ["a load command without a length", (file) => written(file, 36, 0), /longer than their table/],
    [
      "one segment fewer",
      (file) => Buffer.from(file.toString("latin1").replace("__TEXT", "__TEST"), "latin1"),
      /__TEXT.* is missing/,
    ],
    ["a file that is cut off", (file) => file.subarray(0, file.length - 1), /end of __LINKEDIT/],
    [
      "a file without a signature",
      (file) => withoutSignature(file),
      /LC_CODE_SIGNATURE is missing/,
    ],
  ];
  for (const [what, change, message] of refused) {
    test(`refuses ${what}`, () => {
      assert.throws(() => signAdHoc(change(craftMachO()), "localtls"), message);
    });
  }
});

describe("verifyMachO(), the judge,", () => {
  /** Where a blob's field stands in the file: the signature begins with 20 bytes of a super blob. */
  const field = (file: Buffer, offset: number) =>
    verifyMachO(file).signature.codeLimit + 20 + offset;
  const lies: readonly (readonly [string, number, number, RegExp])[] = [
    ["a limit that leaves the end out", 32, TEXT_SIZE, /it covers/],
    ["fewer hashes", 28, 1, /hashes for|do not fill/],
    ["flags without ad hoc", 12, 0, /not signed ad hoc/],
    ["an old version", 8, 0x20100, /no executable segment/],
    ["another size of __TEXT", 76, 1, /__TEXT has another size/],
    ["no main binary", 84, 0, /not for a main binary/],
  ];
  for (const [what, offset, value, message] of lies) {
    test(`finds ${what}`, () => {
      const signed = Buffer.from(signAdHoc(craftMachO(), "localtls"));
      signed.writeUInt32BE(value, field(signed, offset));
      assert.match(verifyMachO(signed).problems.join("\n"), message);
    });
  }
});

function written(file: Buffer, offset: number, value: number): Buffer {
  file.writeUInt32LE(value, offset);
  return file;
}

/** Its command becomes one that means nothing here. */
function withoutSignature(file: Buffer): Buffer {
  const at = file.indexOf(Buffer.from([0x1d, 0, 0, 0, 16, 0, 0, 0]));
  return written(file, at, 0x26);
}
