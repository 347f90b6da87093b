import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LocalTlsError } from "../../../src/errors.ts";
import { readBlock, withBlock, withoutBlock } from "../../../src/recipes/profile_block.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const LINES = ["eval 'münchen'"];
const every = Uint8Array.from({ length: 256 }, (_, octet) => octet);

describe("a block between markers", () => {
  const files: [what: string, content: Uint8Array][] = [
    ["an empty file", encode("")],
    ["lines", encode("alias a=b\n")],
    ["a last line without an end", encode("alias a=b")],
    ["CRLF", encode("alias a=b\r\nalias c=d\r\n")],
    ["CRLF without an end", encode("alias a=b\r\nalias c=d")],
    ["both line ends", encode("alias a=b\r\nalias c=d\n")],
    ["every octet there is", every],
  ];
  for (const [what, content] of files) {
    test(`goes into ${what} and out again without a trace`, () => {
      const there = withBlock("f", content, LINES);
      assert.deepEqual(there.subarray(0, content.length), content);
      assert.ok(readBlock("f", there)?.includes("eval 'münchen'"));
      assert.deepEqual(withBlock("f", there, LINES), there, "twice is once");
      assert.deepEqual(withoutBlock("f", there), content);
    });
  }

  test("is replaced where it stands, and what was written after it stays", () => {
    const there = withBlock("f", encode("before"), ["old"]);
    const more = encode(`${new TextDecoder().decode(there)}after\n`);
    const text = new TextDecoder().decode(withBlock("f", more, ["new"]));
    assert.match(text, /^before\n# >>>.*\nnew\n# <<<.*\nafter\n$/);
    assert.equal(new TextDecoder().decode(withoutBlock("f", more)!), "before\nafter\n");
  });

  test("takes a file along that was made for it, unless there is more in it by now", () => {
    const made = withBlock("f", undefined, LINES);
    assert.equal(withoutBlock("f", made), null);
    const more = encode(`${new TextDecoder().decode(made)}mine\n`);
    assert.equal(new TextDecoder().decode(withoutBlock("f", more)!), "mine\n");
  });

  test("is not looked for in other text", () => {
    assert.equal(withoutBlock("f", encode("echo '# >>> localtls env >>>'\n")), undefined);
    assert.equal(readBlock("f", encode("")), undefined);
  });

  test("is refused where the markers do not belong together", () => {
    const there = new TextDecoder().decode(withBlock("f", undefined, LINES));
    const broken = [
      there.replace(/# <<<.*\n/, ""),
      there.replace(/# >>>.*\n/, ""),
      there + there,
      there.split("\n").reverse().join("\n"),
    ];
    for (const text of broken) {
      for (const work of [withoutBlock, readBlock]) {
        assert.throws(
          () => work("f", encode(text)),
          (error) => error instanceof LocalTlsError && error.code === "FILE_WRITE",
          text,
        );
      }
      assert.throws(() => withBlock("f", encode(text), LINES), LocalTlsError);
    }
    assert.throws(() => withBlock("f", Uint8Array.of(0xff, 0xfe, 65, 0), LINES), /UTF-16/);
  });
});
