import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LocalTlsError } from "../../../src/errors.ts";
import {
  checkPermitted,
  DEFAULT_PERMITTED_DOMAINS,
  type Permitted,
} from "../../../src/pki/permitted.ts";
import { extendPermitted, permittedDomains } from "../../../src/pki/permitting.ts";
import { suggestPermit } from "../../../src/pki/public_suffix.ts";
import { parseRequestedName } from "../../../src/pki/requested_name.ts";

/** The domains beyond the default ones. */
async function added(hostName: string, extra: readonly string[] = []): Promise<readonly string[]> {
  const permitted = await permittedDomains({ hostName, extra });
  assert.equal(permitted.any, false);
  const domains = permitted.any ? [] : permitted.domains;
  assert.deepEqual(domains.slice(0, DEFAULT_PERMITTED_DOMAINS.length), DEFAULT_PERMITTED_DOMAINS);
  return domains.slice(DEFAULT_PERMITTED_DOMAINS.length);
}

describe("the host name is permitted", () => {
  const cases: [string, string[]][] = [
    ["laptop", ["laptop"]],
    ["Anns-Laptop", ["anns-laptop"]],
    ["pc.contoso", ["pc.contoso"]],
    ["zürich", ["xn--zrich-kva"]],
    // covered by a default domain
    ["localhost", []],
    ["Anns-MacBook.local", []],
    ["laptop.home.arpa", []],
    ["localhost.localdomain", ["localhost.localdomain"]],
    // a name of the public internet: whoever called the machine so, nobody has asked for it
    ["google.com", []],
    ["laptop.example.com", []],
    ["laptop.example.com.", []],
    ["Laptop.Example.COM", []],
    ["web01.office.example.co.uk", []],
    ["ann.github.io", []],
    ["laptop.tail1234.ts.net", []],
    ["host.xn--fiqs8s", []],
    ["www.ck", []],
    ["fritz.box", []],
    ["abc.onion", []],
    ["web.za", []],
    // a public suffix
    ["co.uk", []],
    ["github.io", []],
    // a whole top-level domain
    ["za", []],
    ["dev", []],
    ["box", []],
    ["com", []],
    ["app", []],
    ["DEV", []],
    ["xn--fiqs8s", []],
    ["中国", []],
    // no dNSName
    ["", []],
    ["127.0.0.1", []],
    ["10", []],
    ["::1", []],
    ["my_laptop", []],
    ["-laptop", []],
    ["a b", []],
    ["*.test", []],
    ["laptop\n", []],
    ["a".repeat(64), []],
    ["(none)", []],
  ];
  for (const [hostName, expected] of cases) {
    test(`"${hostName}" adds ${expected.join() || "nothing"}`, async () => {
      assert.deepEqual(await added(hostName), expected);
    });
  }
});

describe("--permit", () => {
  test("adds domains in canonical form, once", async () => {
    const extra = [
      "Example.com",
      "bücher.example.org",
      "example.com",
      "api.example.com",
      "foo.test",
    ];
    assert.deepEqual(await added("laptop", extra), [
      "laptop",
      "example.com",
      "xn--bcher-kva.example.org",
    ]);
  });
  test("a single label that is no top-level domain is taken", async () => {
    assert.deepEqual(await added("", ["nas"]), ["nas"]);
  });
  test("any takes every limit away, whatever stands beside it", async () => {
    assert.deepEqual(await permittedDomains({ hostName: "", extra: ["any"] }), { any: true });
    assert.deepEqual(await permittedDomains({ hostName: "", extra: ["com", "any"] }), {
      any: true,
    });
  });
  const bad: [string, RegExp, hint?: string][] = [
    [
      "com",
      /public top-level domain/,
      "Permit the domain below it that is yours, as in example.com",
    ],
    ["dev", /top-level domain/, "Permit the domain below it that is yours, as in example.dev"],
    ["co.uk", /public suffix/, "Permit the domain below it that is yours, as in example.co.uk"],
    ["github.io", /public suffix/],
    ["DE", /top-level domain/],
    ["xn--p1ai", /top-level domain/],
    ["рф", /top-level domain/],
    ["*.example.com", /includes everything below/, "--permit example.com"],
    [".example.com", /includes everything below/, "--permit example.com"],
    ["8.8.8.8", /only domains .* public ones are not issued for/],
    ["2606:4700::1", /only domains/],
    ["[::1]", /only domains/],
    ["", /empty/],
    ["127.1", /number/],
    ["a_b.com", /Java/],
    ["example.com.", /dot at the end/],
    ["https://example.com", /character/],
    ["example.com,example.org", /character ","/],
    ["*", /character/],
  ];
  for (const [text, message, hint] of bad) {
    test(`refuses "${text}"`, async () => {
      await assert.rejects(permittedDomains({ hostName: "", extra: [text] }), (error: unknown) => {
        assert.ok(error instanceof LocalTlsError);
        assert.equal(error.code, "NAME_INVALID");
        assert.match(error.message, message);
        if (hint !== undefined) assert.ok(error.hints.includes(hint), error.hints.join());
        assert.doesNotMatch(error.hints.join(), /\bany\b/);
        return true;
      });
    });
  }
});

describe("checkPermitted() with the default domains", () => {
  const permitted: Permitted = { any: false, domains: [...DEFAULT_PERMITTED_DOMAINS, "laptop"] };
  const good = [
    "localhost",
    "a.localhost",
    "foo.test",
    "*.foo.test",
    "laptop",
    "x.laptop",
    "nas.local",
    "a.home.arpa",
    "home.arpa",
  ];
  const goodAddresses = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "::1",
    "fe80::1",
    "febf::1",
    "fc00::1",
    "fdff::1",
  ];
  for (const text of [...good, ...goodAddresses]) {
    test(`permits ${text}`, () => checkPermitted(parseRequestedName(text).name, permitted));
  }
  const bad = [
    "google.com",
    "com",
    "arpa",
    "foo.arpa",
    "laptop.com",
    "xlaptop",
    "notlocalhost",
    "localhost.com",
    "foo.test.com",
    "*.google.com",
    "xtest",
  ];
  const badAddresses = [
    "8.8.8.8",
    "11.0.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.167.1.1",
    "192.169.0.1",
    "169.253.1.1",
    "100.63.255.255",
    "100.128.0.1",
    "128.0.0.1",
    "126.255.255.255",
    "192.0.2.1",
    "224.0.0.1",
    "255.255.255.255",
    "2606:4700::1",
    "::2",
    "::7f00:1",
    "fec0::1",
    "fe7f::1",
    "fbff::1",
    "ff02::1",
    "2001:db8::1",
  ];
  for (const text of [...bad, ...badAddresses]) {
    test(`refuses ${text}, and says it by name`, () => {
      const { name } = parseRequestedName(text);
      assert.throws(() => checkPermitted(name, permitted), (error: unknown) => {
        assert.ok(error instanceof LocalTlsError && error.code === "NAME_NOT_PERMITTED");
        assert.ok(error.message.includes(name.value));
        return true;
      });
      checkPermitted(name, { any: true });
    });
  }
  for (const text of ["0.0.0.0", "::"]) {
    test(`refuses ${text} with what to name instead`, () => {
      assert.throws(
        () => checkPermitted(parseRequestedName(text).name, permitted),
        (error: unknown) => {
          assert.ok(error instanceof LocalTlsError && error.code === "NAME_NOT_PERMITTED");
          assert.match(error.hints[0] ?? "", /127\.0\.0\.1/);
          return true;
        },
      );
    });
  }
});

describe("suggestPermit()", () => {
  const cases: [string, string | undefined][] = [
    ["google.com", "google.com"],
    ["a.b.example.com", "example.com"],
    ["*.example.com", "example.com"],
    ["*.a.example.com", "example.com"],
    ["nas", "nas"],
    ["api.foo.com.cn", "foo.com.cn"],
    ["www.bank.co.uk", "bank.co.uk"],
    ["a.ann.github.io", "ann.github.io"],
    ["host.tail1234.ts.net", "tail1234.ts.net"],
    ["*.co.uk", undefined],
    ["github.io", undefined],
    ["com", undefined],
    ["8.8.8.8", undefined],
    ["2606:4700::1", undefined],
  ];
  for (const [text, expected] of cases) {
    test(`for ${text} is ${expected}`, async () => {
      assert.equal(await suggestPermit(parseRequestedName(text).name), expected);
    });
  }
});

describe("extendPermitted()", () => {
  const held = { any: false, domains: ["test", "example.com"] } as const;
  const good: [string, readonly string[], Permitted][] = [
    ["adds a domain at the end", ["example.org"], {
      any: false,
      domains: ["test", "example.com", "example.org"],
    }],
    ["adds nothing that is covered", ["app.test", "example.com"], held],
    ["adds a domain above one that is there", ["org.example", "corp"], {
      any: false,
      domains: ["test", "example.com", "org.example", "corp"],
    }],
    ["takes every limit away", ["any"], { any: true }],
  ];
  for (const [name, extra, wanted] of good) {
    test(name, async () => assert.deepEqual(await extendPermitted(held, extra), wanted));
  }
  test("leaves a CA without limits as it is", async () => {
    assert.deepEqual(await extendPermitted({ any: true }, ["example.org"]), { any: true });
  });
  for (const word of ["com", "*.example.org", "10.0.0.1", "", "a b"]) {
    test(`refuses "${word}", also for a CA without limits`, async () => {
      await assert.rejects(extendPermitted(held, [word]), { code: "NAME_INVALID" });
      await assert.rejects(extendPermitted({ any: true }, [word]), { code: "NAME_INVALID" });
    });
  }
});
