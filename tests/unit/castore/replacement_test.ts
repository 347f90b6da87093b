import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parsePlan, swapFileFor } from "../../../src/castore/replacement_plan.ts";

const SHA = "ab".repeat(32);

function plan(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    request: ["ca", "rotate"],
    root: SHA,
    formerRoot: SHA,
    files: [swapFileFor("/srv/tls/a.test.pem")],
    issued: [],
    formerlyIssued: [],
    ...changes,
  });
}

describe("the journal of a replacement", () => {
  test("is read as it was written", () => {
    const read = parsePlan(plan());
    assert.deepEqual(read?.request, ["ca", "rotate"]);
    assert.equal(read?.files[0]?.place, "/srv/tls/a.test.pem");
    assert.match(read?.files[0]?.fresh ?? "", /^\/srv\/tls\/\.localtls-new-[0-9a-f]{16}$/);
    assert.match(read?.files[0]?.former ?? "", /^\/srv\/tls\/\.localtls-old-[0-9a-f]{16}$/);
  });

  test("has copies that stand beside their file, in the root directory and on Windows too", () => {
    assert.match(swapFileFor("/a.pem").fresh, /^\/\.localtls-new-/);
    assert.match(swapFileFor("C:\\tls\\a.pem").fresh, /^C:\\tls\\\.localtls-new-/);
    assert.ok(parsePlan(plan({ files: [swapFileFor("C:\\tls\\a.pem")] })));
  });

  const good = swapFileFor("/srv/a.pem");
  const copy = ".localtls-new-0011223344556677";
  const bad: [string, string][] = [
    ["no JSON", "{"],
    ["no object", "[]"],
    ["null", "null"],
    ["a root that is no fingerprint", plan({ root: "x" })],
    ["no files", plan({ files: undefined })],
    ["a relative place", plan({ files: [{ ...good, place: "a.pem" }] })],
    ["a copy elsewhere", plan({ files: [{ ...good, fresh: `/etc/${copy}` }] })],
    ["a copy below", plan({ files: [{ ...good, fresh: `/srv/sub/${copy}` }] })],
    ["a copy above", plan({ files: [{ ...good, former: `/srv/../${copy}` }] })],
    ["a copy that is another file", plan({ files: [{ ...good, former: "/srv/passwd" }] })],
    ["a copy without its digits", plan({ files: [{ ...good, fresh: "/srv/.localtls-new-" }] })],
    ["a line that is no event", plan({ issued: [{ event: "issued" }] })],
    ["a former line that is no event", plan({ formerlyIssued: [1] })],
    ["a request that is no list of words", plan({ request: [1] })],
  ];
  for (const [name, text] of bad) {
    test(`is refused: ${name}`, () => assert.equal(parsePlan(text), undefined));
  }
});
