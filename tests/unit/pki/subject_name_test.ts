import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Permitted } from "../../../src/pki/permitted.ts";
import {
  chooseUsage,
  commonNameFor,
  parseIssuedName,
  parseSubjectName,
  type SubjectName,
} from "../../../src/pki/subject_name.ts";

const PERMITTED: Permitted = { any: false, domains: ["localhost", "test", "laptop"] };

function parse(text: string, permitted = PERMITTED): SubjectName {
  return parseSubjectName(text, permitted).name;
}

describe("parseSubjectName()", () => {
  const accepted: readonly (readonly [text: string, type: string, value: string])[] = [
    ["ann@example.com", "email", "ann@example.com"],
    ["Ann.Smith+tls@Example.COM", "email", "Ann.Smith+tls@example.com"],
    ["ann@bücher.example", "email", "ann@xn--bcher-kva.example"],
    ["root@localhost", "email", "root@localhost"],
    [`${"a".repeat(64)}@a.test`, "email", `${"a".repeat(64)}@a.test`],
    ["SPIFFE://Corp.Test/Web?x=Y#Z", "uri", "spiffe://corp.test/Web?x=Y#Z"],
    ["https://a.test:8443/x", "uri", "https://a.test:8443/x"],
    [
      "urn:uuid:F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
      "uri",
      "urn:uuid:F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
    ],
    ["ann", "user", "ann"],
    ["Ann", "user", "Ann"],
    ["svc_backup-2", "user", "svc_backup-2"],
    ["_", "user", "_"],
    ["a".repeat(64), "user", "a".repeat(64)],
    ["laptop", "dns", "laptop"],
    ["LAPTOP", "dns", "laptop"],
    ["localhost", "dns", "localhost"],
    ["a.test", "dns", "a.test"],
    ["*.a.test", "dns", "*.a.test"],
    ["10.0.0.1", "ip", "10.0.0.1"],
    ["::1", "ip", "::1"],
  ];
  for (const [text, type, value] of accepted) {
    test(`takes ${JSON.stringify(text)} as ${type}`, () => {
      const name = parse(text);
      assert.deepEqual([name.type, name.value], [type, value]);
      const again = parseIssuedName(value, "client", PERMITTED);
      assert.deepEqual([again.type, again.value], [type, value]);
    });
  }

  const refused: readonly (readonly [what: string, text: string])[] = [
    ["nothing", ""],
    ["a blank in a local part", "a b@c.test"],
    ["a quoted local part", '"a b"@c.test'],
    ["a control character in a local part", "a\0b@c.test"],
    ["two at signs", "a@b@c.test"],
    ["nothing before the at sign", "@c.test"],
    ["nothing after it", "a@"],
    ["a dot at the end of the local part", "a.@c.test"],
    ["a dot at its start", ".a@c.test"],
    ["a path", "../a@c.test"],
    ["an option", "-a@c.test"],
    ["letters that are not ASCII", "é@c.test"],
    ["65 octets", `${"a".repeat(65)}@c.test`],
    ["an address literal", "a@[10.0.0.1]"],
    ["an address as domain", "a@10.0.0.1"],
    ["a port", "a@c.test:25"],
    ["a comment", "a(b)@c.test"],
    ["a list", "a@c.test,b@c.test"],
    ["a display name", "Ann <a@c.test>"],
    ["a newline after it", "a@c.test\n"],
    ["a URI without host", "spiffe:///a"],
    ["a URI with a blank", "spiffe://a.test/b c"],
    ["a URI with a user", "https://ann:x@a.test/"],
    ["a URI that is not ASCII", "spiffe://a.test/é"],
    ["a URI with a quote", 'spiffe://a.test/"'],
    ["a URI with a newline", "spiffe://a.test/\nb"],
    ["a URI of 2049 octets", `spiffe://a.test/${"x".repeat(2033)}`],
    ["a urn without a namespace", "urn::x"],
    ["a user of 65 characters", "a".repeat(65)],
    ["a host with a port", "localhost:80"],
    ["a number", "127"],
    ["a slash", "a/b"],
    ["an equals sign", "CN=ann"],
  ];
  for (const [what, text] of refused) {
    test(`refuses ${what}`, () => {
      assert.throws(() => parse(text), { code: "NAME_INVALID" });
    });
  }

  test("a word is a user's name, too, where everything is permitted", () => {
    assert.equal(parse("ann", { any: true }).type, "user");
    assert.equal(parse("localhost", { any: true }).type, "dns");
  });
});

describe("chooseUsage() and commonNameFor()", () => {
  const names = (...texts: string[]) => texts.map((text) => parse(text));

  test("a host makes it a certificate for both sides", () => {
    assert.equal(chooseUsage(names("ann", "a@b.test"), true), "client");
    assert.equal(chooseUsage(names("ann", "b.test"), true), "both");
    assert.equal(chooseUsage(names("::1"), true), "both");
    assert.equal(chooseUsage(names("b.test"), false), "server");
  });

  test("the user's name, else the first name that fits, and none for servers", () => {
    assert.equal(commonNameFor(names("a@b.test", "ann"), "client"), "ann");
    assert.equal(commonNameFor(names("a@b.test", "b.test"), "both"), "a@b.test");
    assert.equal(commonNameFor(names(`${"a".repeat(60)}@b.test`), "client"), undefined);
    assert.equal(commonNameFor(names("b.test"), "server"), undefined);
    assert.equal(commonNameFor(names("b.test"), "server", true), "b.test");
    assert.equal(commonNameFor(names("10.0.0.1"), "both"), undefined);
    assert.equal(commonNameFor(names("10.0.0.1", "b.test"), "server", true), "b.test");
    assert.throws(() => commonNameFor(names("ann", "bob"), "client"), { code: "NAME_INVALID" });
  });
});
