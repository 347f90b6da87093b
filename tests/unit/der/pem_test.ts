import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "../../../src/bytes.ts";
import { decodeBase64, decodePem, encodeBase64, encodePem } from "../../../src/der/pem.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import { randomNumbers } from "../../support/mutations.ts";

const THREE = Uint8Array.of(1, 2, 3);
const BLOCK = "-----BEGIN X-----\nAQID\n-----END X-----\n";

describe("encodePem()", () => {
  test("writes 64 columns, LF, and a newline at the end", () => {
    const text = encodePem("CERTIFICATE", new Uint8Array(100));
    assert.match(
      text,
      /^-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]{1,64}\n)+-----END CERTIFICATE-----\n$/,
    );
    assert.equal(text.split("\n")[1]?.length, 64);
  });
  test("does not write an empty line where the last one is full", () => {
    assert.equal(encodePem("X", new Uint8Array(48)).split("\n").length, 4);
  });
  test("is read back, whatever the length", () => {
    const random = randomNumbers(7);
    for (let length = 1; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, () => Math.floor(random() * 256));
      assert.equal(toHex(decodePem(encodePem("X", bytes))[0]!.der), toHex(bytes));
    }
    const large = new Uint8Array(100_000).fill(0xa5);
    assert.deepEqual(decodePem(encodePem("X", large))[0]?.der, large);
  });
});

describe("decodePem() tolerates what real files have", () => {
  const cases: [string, string][] = [
    ["LF", BLOCK],
    ["CRLF", BLOCK.replaceAll("\n", "\r\n")],
    ["CR", BLOCK.replaceAll("\n", "\r")],
    ["a byte order mark", "\uFEFF" + BLOCK],
    ["blanks at line ends", BLOCK.replaceAll("\n", " \t\n")],
    ["empty lines", BLOCK.replaceAll("\n", "\n\n")],
    ["no newline at the end", BLOCK.trimEnd()],
    ["text around", `subject=CN: x\n\n${BLOCK}and more -----\n`],
    ["short lines", "-----BEGIN X-----\nAQ\nID\n-----END X-----"],
  ];
  for (const [name, text] of cases) {
    test(`decodePem() reads ${name}`, () => {
      const blocks = decodePem(text);
      assert.equal(blocks.length, 1);
      assert.equal(blocks[0]?.label, "X");
      assert.deepEqual(blocks[0]?.der, THREE);
    });
  }
  test("decodePem() reads several blocks, in order", () => {
    const text = encodePem("A B", THREE) + "between\n" + encodePem("C", THREE);
    assert.deepEqual(decodePem(text).map(({ label }) => label), ["A B", "C"]);
  });
  test("decodePem() of a text without blocks is empty", () => {
    for (const text of ["", "hello", "----- BEGIN X -----", "-----BEGIN -----", "\uFEFF"]) {
      assert.deepEqual(decodePem(text), []);
    }
  });
});

describe("decodePem() refuses, saying where", () => {
  const cases: [name: string, text: string, message: RegExp][] = [
    ["a block without end", "-----BEGIN X-----\nAQID\n", /block "X" of line 1 has no end/],
    ["an end without begin", "\n-----END X-----\n", /END of "X" in line 2 has no BEGIN/],
    ["another's end", BLOCK.replace("END X", "END Y"), /"X" of line 1 ends as "Y" in line 3/],
    ["a begin within a block", "-----BEGIN X-----\n" + BLOCK, /no end before line 2/],
    ["an empty block", "-----BEGIN X-----\n-----END X-----", /is empty/],
    [
      "RFC 1421 headers",
      BLOCK.replace("AQID", "Proc-Type: 4,ENCRYPTED\n\nAQID"),
      /header in line 2/,
    ],
    ["foreign characters", BLOCK.replace("AQID", "AQI*"), /not base64/],
    ["URL base64", BLOCK.replace("AQID", "-_-_"), /not base64/],
    ["missing padding", BLOCK.replace("AQID", "AQI"), /no multiple of 4/],
    ["padding in the middle", BLOCK.replace("AQID", "AQ==AQID"), /not base64/],
    ["three paddings", BLOCK.replace("AQID", "A==="), /not base64/],
    ["bits after the end", BLOCK.replace("AQID", "AQIDAR=="), /bits after its end/],
    ["a truncated last line", BLOCK.replace("AQID", "AQIDA"), /no multiple of 4/],
  ];
  for (const [name, text, message] of cases) {
    test(`decodePem() refuses ${name}`, () => {
      assert.throws(() => decodePem(text), (error: unknown) => {
        assert.ok(error instanceof LocalTlsError && error.code === "PEM_INVALID");
        assert.match(error.message, message);
        return true;
      });
    });
  }
  test("decodePem() refuses more than 16 Mi characters", () => {
    assert.throws(() => decodePem("x".repeat(16 * 1024 * 1024 + 1)), { code: "PEM_INVALID" });
  });
  test("decodePem() of a million dashes takes no time to speak of", () => {
    const started = Date.now();
    decodePem("-----BEGIN " + " x".repeat(500_000));
    decodePem("-".repeat(1_000_000));
    assert.ok(Date.now() - started < 2000);
  });
});

describe("base64", () => {
  const vectors: [string, string][] = [ // RFC 4648, 10
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ];
  for (const [text, encoded] of vectors) {
    test(`RFC 4648 vector "${text}"`, () => {
      const bytes = new TextEncoder().encode(text);
      assert.equal(encodeBase64(bytes), encoded);
      assert.deepEqual(decodeBase64(encoded), bytes);
    });
  }
  for (const bad of ["Zg", "Zg=", "Zh==", "Zm9=", "Z m9v", "Zm9v\n", "====", "=Zm9", "Zm9vé==="]) {
    test(`decodeBase64() refuses ${JSON.stringify(bad)}`, () => {
      assert.throws(() => decodeBase64(bad), { code: "PEM_INVALID" });
    });
  }
});
