import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parsePlist } from "../../../../src/truststore/macos/plist.ts";
import { readTrustSetting } from "../../../../src/truststore/macos/trust_settings.ts";
import { exported } from "./fake_keychains.ts";

const SHA1 = "1f9575a7fdce56ab5461e89c0738841c94f02c81";

const plist = (content: string) => `<plist version="1.0">${content}</plist>`;

describe("parsePlist()", () => {
  test("reads every kind of value that the settings have", () => {
    const text = plist(
      "<dict><key>a</key><array><string>x &amp; &lt;y&gt;</string><integer>-2147409654</integer>" +
        "<true/><false/><data>\n AQID\n </data><data/><array/><dict/><string/></array>" +
        "<key>d</key><date>2026-11-25T12:00:00Z</date></dict>",
    );
    assert.deepEqual(
      parsePlist(text),
      new Map<string, unknown>([
        [
          "a",
          [
            ...["x & <y>", -2147409654, true, false, new Uint8Array([1, 2, 3])],
            ...[new Uint8Array(0), [], new Map(), ""],
          ],
        ],
        ["d", "2026-11-25T12:00:00Z"],
      ]),
    );
  });

  const bad: [string, string][] = [
    ["nothing", ""],
    ["a binary list", "bplist00\u0000"],
    ["something else", "<html></html>"],
    ["another version", '<plist version="2.0"><dict/></plist>'],
    ["no value", plist("")],
    ["a list that was cut short", '<plist version="1.0"><dict><key>a</key><string>x</str'],
    ["a dictionary without its end", '<plist version="1.0"><dict></plist>'],
    ["an array that ends as a dictionary", plist("<array></dict>")],
    ["a value without a key", plist("<dict><string>x</string></dict>")],
    ["a key without a value", plist("<dict><key>a</key></dict>")],
    ["a key that stands twice", plist("<dict><key>a</key><true/><key>a</key><false/></dict>")],
    ["an unknown element", plist("<real>1.5</real>")],
    ["an integer that is none", plist("<integer>1x</integer>")],
    ["data that is no base64", plist("<data>A?==</data>")],
    ["an entity of its own", plist("<string>&x;</string>")],
    ["a document type with entities", '<!DOCTYPE plist [<!ENTITY x "y">]>' + plist("<true/>")],
    ["something behind it", plist("<true/>") + "<true/>"],
    ["two values", plist("<true/><true/>")],
    ["no end of depth", plist("<array>".repeat(5000))],
  ];
  for (const [title, text] of bad) {
    test(`refuses ${title}`, () => {
      assert.throws(() => parsePlist(text), { code: "STORE_UNAVAILABLE" });
    });
  }
});

describe("readTrustSetting()", () => {
  const SSL = "<key>kSecTrustSettingsPolicy</key><data>KoZIhvdjZAED</data>";
  const MAIL = "<key>kSecTrustSettingsPolicy</key><data>KoZIhvdjZAEI</data>";
  const result = (n: number) => `<key>kSecTrustSettingsResult</key><integer>${n}</integer>`;
  const ONE_HOST = "<key>kSecTrustSettingsPolicyString</key><string>a.test</string>";
  const ONE_PROGRAM = "<key>kSecTrustSettingsApplication</key><data>AQID</data>";
  const cases: [string, string, "trust" | "deny" | "none"][] = [
    ["an empty list", "<array/>", "trust"],
    ["an empty constraint", "<array><dict/></array>", "trust"],
    ["TLS without a result", `<array><dict>${SSL}</dict></array>`, "trust"],
    ["TLS as root", `<array><dict>${SSL}${result(1)}</dict></array>`, "trust"],
    ["TLS as if it were a root", `<array><dict>${SSL}${result(2)}</dict></array>`, "trust"],
    ["never", `<array><dict>${result(3)}</dict></array>`, "deny"],
    ["never for TLS", `<array><dict>${SSL}${result(3)}</dict></array>`, "deny"],
    ["unspecified", `<array><dict>${result(4)}</dict></array>`, "none"],
    ["mail alone", `<array><dict>${MAIL}${result(1)}</dict></array>`, "none"],
    ["never for mail", `<array><dict>${MAIL}${result(3)}</dict></array>`, "none"],
    [
      "mail, then TLS",
      `<array><dict>${MAIL}${result(3)}</dict><dict>${SSL}</dict></array>`,
      "trust",
    ],
    ["one host alone", `<array><dict>${SSL}${ONE_HOST}</dict></array>`, "none"],
    ["one program alone", `<array><dict>${ONE_PROGRAM}</dict></array>`, "none"],
    [
      "the first one decides",
      `<array><dict>${SSL}${result(3)}</dict><dict>${SSL}${result(1)}</dict></array>`,
      "deny",
    ],
    ["a result of another kind", `<array><dict>${result(9)}</dict></array>`, "none"],
  ];
  for (const [title, list, verdict] of cases) {
    test(`${title}: ${verdict}`, () => {
      const text = exported(new Map([["00".repeat(20), "<array/>"], [SHA1, list]]));
      assert.deepEqual(readTrustSetting(text, SHA1), { exists: true, verdict });
    });
  }
  test("a certificate that is not in the list", () => {
    const text = exported(new Map([["00".repeat(20), "<array/>"]]));
    assert.deepEqual(readTrustSetting(text, SHA1), { exists: false, verdict: "none" });
  });
  for (const content of ["<dict/>", "<array/>", "<dict><key>trustList</key><array/></dict>"]) {
    test(`refuses ${content}: it says nothing, which is not "not trusted"`, () => {
      assert.throws(() => readTrustSetting(plist(content), SHA1), { code: "STORE_UNAVAILABLE" });
    });
  }
});
