import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "../../../src/bytes.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import { parseRequestedName } from "../../../src/pki/requested_name.ts";

describe("host names are taken", () => {
  const good: [string, string][] = [
    ["localhost", "localhost"],
    ["LocalHost", "localhost"],
    ["foo.test", "foo.test"],
    ["a.b.c.d.test", "a.b.c.d.test"],
    ["a1-b2.test", "a1-b2.test"],
    ["1a.test", "1a.test"],
    ["1.test", "1.test"],
    ["127.0.0.1.test", "127.0.0.1.test"],
    ["ab--cd.test", "ab--cd.test"],
    ["a".repeat(63) + ".test", "a".repeat(63) + ".test"],
    ["*.foo.test", "*.foo.test"],
    ["*.A.B.test", "*.a.b.test"],
    ["bücher.test", "xn--bcher-kva.test"],
    ["BÜCHER.Test", "xn--bcher-kva.test"],
    ["bu\u0308cher.test", "xn--bcher-kva.test"], // decomposed, as macOS writes it
    ["xn--bcher-kva.test", "xn--bcher-kva.test"],
    ["XN--BCHER-KVA.test", "xn--bcher-kva.test"],
    ["*.bücher.test", "*.xn--bcher-kva.test"],
    ["straße.test", "xn--strae-oqa.test"],
    ["日本.test", "xn--wgv71a.test"],
    ["google.com", "google.com"], // well-formed; whether it may be issued is another question
  ];
  for (const [text, value] of good) {
    test(`${text} is ${value}`, () => {
      const { name, warnings } = parseRequestedName(text);
      assert.deepEqual(name, { type: "dns", value, wildcard: text.startsWith("*") });
      assert.deepEqual(warnings, []);
    });
  }
  test("253 characters are taken, 254 are not", () => {
    const name = `${"a".repeat(61)}.`.repeat(4) + "b".repeat(5);
    assert.equal(name.length, 253);
    assert.equal(parseRequestedName(name).name.value, name);
    assert.throws(() => parseRequestedName(`${name}b`), {
      code: "NAME_INVALID",
      message: /254 char/,
    });
  });
});

describe("addresses are taken in every spelling that is unambiguous", () => {
  const good: [string, string, string][] = [
    ["127.0.0.1", "127.0.0.1", "7f000001"],
    ["172.16.99.32", "172.16.99.32", "ac106320"],
    ["0.0.0.0", "0.0.0.0", "00000000"],
    ["255.255.255.255", "255.255.255.255", "ffffffff"],
    ["::1", "::1", `${"00".repeat(15)}01`],
    ["[::1]", "::1", `${"00".repeat(15)}01`],
    ["0:0:0:0:0:0:0:1", "::1", `${"00".repeat(15)}01`],
    ["FE80::1", "fe80::1", `fe80${"00".repeat(13)}01`],
    ["fd00::10.0.0.1", "fd00::a00:1", `fd00${"00".repeat(10)}0a000001`],
    ["::", "::", "00".repeat(16)],
  ];
  for (const [text, value, octets] of good) {
    test(`${text} is ${value}`, () => {
      const { name } = parseRequestedName(text);
      assert.equal(name.type, "ip");
      assert.equal(name.value, value);
      assert.equal(name.type === "ip" && toHex(name.octets), octets);
    });
  }
});

describe("a URL gives its host, with a warning", () => {
  const good: [string, string][] = [
    ["https://localhost/x", "localhost"],
    ["https://localhost", "localhost"],
    ["HTTPS://LOCALHOST:8443/x?y#z", "localhost"],
    ["http://172.16.99.32:1043", "172.16.99.32"],
    ["https://[fe80::1]:8443/", "fe80::1"],
    ["https://[::1]", "::1"],
    ["wss://foo.test?x", "foo.test"],
    ["https://bücher.test/", "xn--bcher-kva.test"],
    ["https://localhost:/", "localhost"],
  ];
  for (const [text, value] of good) {
    test(`${text} gives ${value}`, () => {
      const { name, warnings } = parseRequestedName(text);
      assert.equal(name.value, value);
      assert.deepEqual(warnings.map(({ code }) => code), ["NAME_FROM_URL"]);
      assert.match(warnings[0]?.message ?? "", /is a URL/);
    });
  }
  const bad = [
    "https://",
    "https:///x",
    "https://user@localhost/",
    "https://a b/",
    "https://127.1/",
    "https://*/",
    "https://::1/",
    "file:///etc/passwd",
    "https://localhost:80:80/",
    "https://-a.test",
    "https://a_b.test/",
  ];
  for (const text of bad) {
    test(`${text} gives none`, () =>
      assert.throws(() => parseRequestedName(text), { code: "NAME_INVALID" }));
  }
});

/** What is refused, why, and what to write. */
const REFUSED: [text: string, message: RegExp, hint?: RegExp][] = [
  ["", /it is empty/],
  [" ", /blank/],
  ["a b", /blank/, /argument of its own/],
  [" localhost", /blank/, /^Write localhost$/],
  ["localhost\n", /character "\\0a"/],
  ["a\nb.test", /character "\\0a"/],
  ["a\r.test", /character "\\0d"/],
  ["a\u0000.test", /character "\\00"/],
  ["a\u001b[31m.test", /character "\\1b"/],
  ["a\u007f.test", /character "\\7f"/],
  ["a\u200d.test", /character/],
  ["a\u202e.test", /character "\\e2\\80\\ae"/],
  ["\u00adfoo.test", /character/],
  ["foo\ufffd.test", /not valid UTF-8/],
  ["foo\ud800.test", /not valid Unicode/],
  ["../evil", /character "\/"/],
  ["../../evil", /character "\/"/],
  ["/abs", /character "\/"/],
  ["a/b", /character "\/"/],
  ["..", /label is empty|dot at the end/],
  [".", /label is empty/],
  ["a\\b", /character "\\\\?"/],
  ["a;$IFS", /character ";"/],
  ["$(id).test", /character "\$"/],
  ["a|b", /character "\|"/],
  ["a&b", /character "&"/],
  ["a,b", /character ","/],
  ["a'b", /character "'"/],
  ['a"b', /character/],
  ["a=b", /character "="/],
  ["a#b", /character "#"/],
  ["a?b", /character "\?"/],
  ["a%41.test", /character "%"/],
  ["-install.test", /begins with a hyphen/],
  ["--help", /begins with a hyphen/],
  ["-", /begins with a hyphen/],
  ["a-.test", /begins or ends with a hyphen/],
  ["foo.-bar.test", /begins or ends with a hyphen/],
  ["a_b.test", /Java refuses/, /a-b\.test/],
  ["_dmarc.foo.test", /Java refuses/],
  ["foo.test.", /dot at the end/, /^Write foo\.test$/],
  ["localhost.", /dot at the end/, /^Write localhost$/],
  [".foo.test", /label is empty/],
  ["a..b.test", /label is empty/],
  ["a..b.ü", /label is empty/],
  [`${"a".repeat(64)}.test`, /64 characters, more than 63/],
  [`${"ü".repeat(60)}.test`, /characters, more than 63|no internationalized name/],
  ["*", /lone "\*"/],
  ["*.", /label is empty/],
  ["*.test", /right under "test"/, /\*\.foo\.test/],
  ["*.localhost", /right under "localhost"/],
  ["*.*.test", /whole first label/],
  ["a.*.test", /whole first label/],
  ["a*.foo.test", /whole first label/],
  ["*a.foo.test", /whole first label/],
  ["**.foo.test", /whole first label/],
  ["*.127.0.0.1", /number/],
  ["ann@example.com", /e-mail address/],
  ["localhost:8443", /has a port/, /^Write localhost$/],
  ["localhost:", /has a port/, /^Write localhost$/],
  ["172.16.99.32:1043", /has a port/, /^Write 172\.16\.99\.32$/],
  ["[::1]:443", /has a port/, /^Write ::1$/],
  ["foo.test:https", /IPv6/],
  ["127.1", /ambiguous/, /^Write 127\.0\.0\.1$/],
  ["0x7f.0.0.1", /ambiguous/, /^Write 127\.0\.0\.1$/],
  ["0x7f000001", /ambiguous/, /^Write 127\.0\.0\.1$/],
  ["2130706433", /ambiguous/, /^Write 127\.0\.0\.1$/],
  ["127.0.0.01", /ambiguous/, /^Write 127\.0\.0\.1$/],
  ["010.0.0.1", /ambiguous/, /^Write 8\.0\.0\.1$/],
  ["192.168.1", /ambiguous/, /^Write 192\.168\.0\.1$/],
  ["127.0.0.1.", /ambiguous/, /^Write 127\.0\.0\.1$/],
  ["256.1.1.1", /no IPv4 address/],
  ["1.2.3.4.5", /no IPv4 address/],
  ["foo.1", /no IPv4 address/],
  ["foo.0x1f", /no IPv4 address/],
  ["1.2.3.4/8", /character "\/"/],
  ["fe80::1%eth0", /zone id/, /^Write fe80::1$/],
  ["[fe80::1%25eth0]", /zone id/, /^Write fe80::1$/],
  ["::ffff:127.0.0.1", /IPv4 address written as IPv6/, /^Write 127\.0\.0\.1$/],
  ["::ffff:7f00:1", /IPv4 address written as IPv6/, /^Write 127\.0\.0\.1$/],
  [":::", /no IPv6 address/],
  ["1::2::3", /no IPv6 address/],
  ["::127.0.0.01", /no IPv6 address/],
  ["::g", /no IPv6 address/],
  ["[::1", /no IPv6 address/],
  ["[localhost]", /no IPv6 address/],
  ["[127.0.0.1]", /no IPv6 address/],
  ["[]", /no IPv6 address/],
  ["xn--a.test", /internationalized/],
  ["xn--bcher-kv!.test", /character "!"/],
  ["xn--.test", /hyphen|internationalized/],
  ["xn--abc.test", /internationalized/],
  ["１２７.0.0.1", /ambiguous/, /^Write 127\.0\.0\.1$/],
  ["１２７.0.0.１", /another way/, /^Write 127\.0\.0\.1$/],
  ["ｆoo.test", /another way/, /^Write foo\.test$/],
  ["ℂ.test", /another way/],
  ["☃.test", /character/],
  ["日本。test", /character/],
  ["-ü.test", /hyphen/],
  ["ü_b.test", /character "_"|Java/],
];

describe("everything else is refused, with the reason", () => {
  for (const [text, message, hint] of REFUSED) {
    test(`${JSON.stringify(text)} is refused`, () => {
      assert.throws(() => parseRequestedName(text), (error: unknown) => {
        assert.ok(error instanceof LocalTlsError, String(error));
        assert.equal(error.code, "NAME_INVALID");
        assert.match(error.message, /^Cannot use the name "/);
        assert.match(error.message, message);
        // deno-lint-ignore no-control-regex
        assert.doesNotMatch(error.message, /[\x00-\x1f\x7f\u202e]/);
        if (hint !== undefined) assert.match(error.hints[0] ?? "", hint);
        return true;
      });
    });
  }
  test("010.0.0.1 has both of its readings as hints", () => {
    assert.throws(() => parseRequestedName("010.0.0.1"), (error: unknown) => {
      assert.deepEqual((error as LocalTlsError).hints, ["Write 8.0.0.1", "Write 10.0.0.1"]);
      return true;
    });
  });
  test("what a hint says to write is taken", () => {
    for (const [text] of REFUSED) {
      try {
        parseRequestedName(text);
      } catch (error) {
        for (const hint of (error as LocalTlsError).hints) {
          const written = /^Write ([^\s,]+)(?:,|$)/.exec(hint)?.[1];
          if (written !== undefined) parseRequestedName(written);
        }
      }
    }
  });
  test("a name of a million characters is refused at once, and not shown whole", () => {
    const started = Date.now();
    for (
      const unit of ["a", "a.", "1", "1.", "*.", ":", "::", "ü", "[", "%", "-", "0x", "xn--", "a "]
    ) {
      assert.throws(
        () => parseRequestedName(unit.repeat(1_000_000 / unit.length)),
        (error: unknown) => {
          assert.ok(error instanceof LocalTlsError, unit);
          assert.ok(error.message.length < 500, unit);
          assert.ok(error.hints.join().length < 500, unit);
          return true;
        },
      );
    }
    assert.ok(Date.now() - started < 5000);
  });
});
