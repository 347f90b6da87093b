import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LocalTlsError } from "../../../src/errors.ts";
import { openAuthority } from "../../../src/pki/authority.ts";
import { toDnsName } from "../../../src/pki/dns_name.ts";
import { createHierarchy } from "../../../src/pki/hierarchy.ts";
import { issueCertificate, issueServerCertificate } from "../../../src/pki/issue.ts";
import { DEFAULT_PERMITTED_DOMAINS, type Permitted } from "../../../src/pki/permitted.ts";
import { extendPermitted, permittedDomains, withoutSuffixes } from "../../../src/pki/permitting.ts";
import { lookUpSuffix, permittedSuffixes, suggestPermit } from "../../../src/pki/public_suffix.ts";
import { parseRequestedName } from "../../../src/pki/requested_name.ts";
import { SUFFIX_TABLE } from "../../support/suffix_table.ts";

/** Whether `--permit` refuses it, with a hint that is neither a suffix nor "any". */
async function isRefused(word: string): Promise<boolean> {
  try {
    await permittedDomains({ hostName: "", extra: [word] });
    return false;
  } catch (error) {
    assert.ok(error instanceof LocalTlsError && error.code === "NAME_INVALID", String(error));
    await assertHints(error.hints);
    return true;
  }
}

/** No word of a hint that looks like a domain may be one that is refused in its turn. */
async function assertHints(hints: readonly string[]): Promise<void> {
  assert.ok(hints.length > 0, "no way out");
  for (const hint of hints) {
    assert.doesNotMatch(hint, /\bany\b/);
    for (const [domain] of hint.matchAll(/[a-z0-9-]+(?:\.[a-z0-9-]+)+$/g)) {
      assert.equal((await lookUpSuffix(domain)).isSuffix, false, hint);
    }
  }
}

for (const [title, rows] of SUFFIX_TABLE) {
  describe(`the table of suffixes: ${title}`, () => {
    for (const { typed, expected } of rows) {
      test(`${typed} is ${expected}`, async () => {
        const domain = toDnsName(typed);
        const answer = await lookUpSuffix(domain);
        const suggested = await suggestPermit(parseRequestedName(typed).name);
        const isSuffix = expected === "-";
        assert.equal(answer.isSuffix, isSuffix);
        assert.equal(answer.isPublic, expected !== "local");
        assert.equal(await isRefused(typed), isSuffix);
        if (isSuffix) assert.equal(suggested, undefined);
        else if (expected === "local") assert.ok(suggested !== undefined);
        else assert.equal(suggested, toDnsName(expected));
        // What is suggested is taken.
        if (suggested !== undefined) assert.equal(await isRefused(suggested), false);
        // And a host of that name is no reason to permit it.
        const permitted = await permittedDomains({ hostName: typed });
        const isTaken = !permitted.any && permitted.domains.includes(domain);
        const isDefault = DEFAULT_PERMITTED_DOMAINS.some((one) => `.${domain}`.endsWith(`.${one}`));
        if (!isDefault) assert.equal(isTaken, expected === "local");
      });
    }
  });
}

test("the table has at least 200 names, and every kind of answer", () => {
  const all = [...SUFFIX_TABLE.values()].flat();
  assert.ok(all.length >= 200, `${all.length}`);
  const suffixes = all.filter(({ expected }) => expected === "-").length;
  assert.ok(suffixes >= 150, `${suffixes}`);
  assert.ok(all.length - suffixes >= 100);
});

describe("a suffix in every form that it can be typed in", () => {
  const forms = [
    "COM.CN",
    "*.com.cn",
    ".com.cn",
    "com.cn.",
    "*.Com.Cn.",
    "公司.cn",
    "XN--55QX5D.CN",
    "xn--fiqs8s",
    "中国",
    "*.github.io",
    "github.io.",
    "ck",
    "*.ck",
    "*.kawasaki.jp",
  ];
  for (const form of forms) {
    test(`--permit ${form} is refused, and nothing hints at it`, async () => {
      assert.equal(await isRefused(form), true);
      for (const held of [{ any: false, domains: ["test"] }, { any: true }] as const) {
        await assert.rejects(extendPermitted(held, [form]), { code: "NAME_INVALID" });
      }
    });
  }
  for (const word of ["foo.com.cn", "www.ck", "city.kawasaki.jp", "nas", "ann.github.io"]) {
    test(`--permit ${word} is taken`, async () => assert.equal(await isRefused(word), false));
  }
});

describe("a wildcard", () => {
  const now = new Date();
  const make = async (permitted: Permitted) =>
    await openAuthority(await createHierarchy({ description: "ann@laptop", permitted, now }));
  // As an earlier version made them.
  const authority = make({
    any: false,
    domains: ["test", "com.cn", "github.io", "co.uk", "example.com", "amazonaws.com"],
  });
  const unlimited = make({ any: true });
  for (
    const text of ["*.co.uk", "*.github.io", "*.com.cn", "*.GitHub.io", "*.s3.amazonaws.com"]
  ) {
    test(`right below a suffix is refused, whatever the CA may: ${text}`, async () => {
      const names = [parseRequestedName("a.test").name, parseRequestedName(text).name];
      for (const one of [await authority, await unlimited]) {
        const error = { code: "NAME_NOT_PERMITTED", message: /is a public suffix/ };
        await assert.rejects(issueServerCertificate(one, { names, now }), error);
        for (const usages of ["server", "both"] as const) {
          await assert.rejects(issueCertificate(one, { names, now, usages }), error);
        }
      }
    });
  }
  for (const text of ["*.foo.co.uk", "*.ann.github.io", "*.example.com", "*.foo.test"]) {
    test(`below somebody's own domain is issued: ${text}`, async () => {
      const names = [parseRequestedName(text).name];
      const { certificate } = await issueServerCertificate(await authority, { names, now });
      assert.ok(certificate.der.length > 0);
    });
  }
  test("below a domain of local networks is issued, though the list has home.arpa", async () => {
    const names = [parseRequestedName("*.home.arpa").name];
    await issueServerCertificate(await unlimited, { names, now });
  });
});

describe("a CA that may speak for suffixes", () => {
  const held: Permitted = {
    any: false,
    domains: [...DEFAULT_PERMITTED_DOMAINS, "laptop", "com.cn", "example.com", "github.io"],
  };
  test("is known by them", async () => {
    assert.deepEqual(await permittedSuffixes(held), ["com.cn", "github.io"]);
    assert.deepEqual(await permittedSuffixes({ any: true }), []);
    const { any } = held;
    const good = [...DEFAULT_PERMITTED_DOMAINS, "laptop", "example.com", "web.contoso"];
    assert.deepEqual(await permittedSuffixes({ any, domains: good }), []);
    assert.deepEqual(await permittedSuffixes({ any, domains: ["com"] }), ["com"]);
  });
  test("keeps what its certificates need", async () => {
    const names = ["www.bank.com.cn", "api.bank.com.cn", "a.test", "shop.com.cn", "com.cn"];
    assert.deepEqual(await withoutSuffixes(held, names), {
      any: false,
      domains: [
        ...DEFAULT_PERMITTED_DOMAINS,
        "laptop",
        "example.com",
        "bank.com.cn",
        "shop.com.cn",
      ],
    });
  });
  test("stays as it is where there are none", async () => {
    const good = { any: false, domains: ["test", "example.com"] } as const;
    assert.equal(await withoutSuffixes(good, ["www.bank.com.cn"]), good);
    assert.deepEqual(await withoutSuffixes({ any: true }, ["a.com"]), { any: true });
  });
});
