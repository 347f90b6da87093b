import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { configurationProfile } from "../../../src/recipes/mobileconfig.ts";
import { parsePlist, type PlistValue } from "../../../src/truststore/macos/plist.ts";

type Dictionary = ReadonlyMap<string, PlistValue>;

/** Types and presence as Apple publishes them: apple/device-management, mdm/profiles, *.yaml. */
const COMMON = {
  PayloadIdentifier: ["string", "required"],
  PayloadUUID: ["string", "required"],
  PayloadType: ["string", "required"],
  PayloadVersion: ["number", "required"],
  PayloadDescription: ["string", "optional"],
  PayloadDisplayName: ["string", "optional"],
  PayloadOrganization: ["string", "optional"],
} as const;
const TOP_LEVEL = {
  ...COMMON,
  PayloadContent: ["array", "required"],
  PayloadRemovalDisallowed: ["boolean", "optional"],
  PayloadScope: ["string", "optional"],
  PayloadExpirationDate: ["date", "optional"],
  TargetDeviceType: ["number", "optional"],
} as const;
const CERTIFICATE_ROOT = {
  ...COMMON,
  PayloadContent: ["data", "required"],
  PayloadCertificateFileName: ["string", "optional"],
} as const;

function typeOf(value: PlistValue): string {
  if (value instanceof Uint8Array) return "data";
  return Array.isArray(value) ? "array" : typeof value;
}

function check(
  dictionary: Dictionary,
  keys: Readonly<Record<string, readonly [string, string]>>,
): void {
  for (const [key, value] of dictionary) assert.equal(typeOf(value), keys[key]?.[0], key);
  for (const [key, [, presence]] of Object.entries(keys)) {
    if (presence === "required") assert.ok(dictionary.has(key), key);
  }
}

const SHA256 = "0123456789abcdef0011223344556677fedcba98765432108899aabbccddeeff";
const make = (name = "localtls ann@laptop", sha256 = SHA256) => {
  const profile = parsePlist(configurationProfile({ base64: "MAMCAQE=", sha256, name }));
  assert.ok(profile instanceof Map);
  const [payload] = profile.get("PayloadContent") as Dictionary[];
  return { profile: profile as Dictionary, payload: payload! };
};

describe("configurationProfile()", () => {
  test("has the keys that Apple publishes, of their types, and no other", () => {
    const { profile, payload } = make();
    check(profile, TOP_LEVEL);
    check(payload, CERTIFICATE_ROOT);
    assert.equal(profile.get("PayloadType"), "Configuration");
    assert.equal(profile.get("PayloadVersion"), 1);
    assert.equal(profile.get("PayloadScope"), "System");
    assert.equal(profile.get("PayloadRemovalDisallowed"), false);
    assert.equal(payload.get("PayloadType"), "com.apple.security.root");
    assert.equal(payload.get("PayloadVersion"), 1);
    assert.deepEqual(payload.get("PayloadContent"), new Uint8Array([0x30, 3, 2, 1, 1]));
  });

  test("names the fingerprint and the certificate", () => {
    const { profile, payload } = make();
    assert.match(`${payload.get("PayloadDescription")}`, new RegExp(SHA256));
    assert.equal(profile.get("PayloadDisplayName"), "localtls ann@laptop");
  });

  test("identifiers are UUIDs of the fingerprint: equal for equal certificates, else different", () => {
    const ids = (sha256?: string) => {
      const { profile, payload } = make("x", sha256);
      return [profile, payload].flatMap((part) => [
        part.get("PayloadUUID") as string,
        part.get("PayloadIdentifier") as string,
      ]);
    };
    const first = ids();
    assert.deepEqual(ids(), first);
    const other = ids(SHA256.replaceAll("0", "7"));
    assert.equal(new Set([...first, ...other]).size, 8, "two are the same");
    for (const uuid of [first[0]!, first[2]!, other[0]!, other[2]!]) {
      // RFC 9562, 4: version 8, variant 10.
      assert.match(uuid, /^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/);
    }
  });

  const names = ["A & B <ann>", 'say "x"', "</string></dict>", "Tab\tand\u0000null", "Grüße 日本"];
  for (const name of names) {
    test(`the name ${JSON.stringify(name)} stays text`, () => {
      // deno-lint-ignore no-control-regex
      const shown = name.replaceAll(/[\u0000-\u001f]/g, " ");
      const { profile, payload } = make(name);
      assert.equal(profile.get("PayloadDisplayName"), shown);
      assert.equal(payload.get("PayloadDisplayName"), shown);
    });
  }

  test("wraps the certificate as plutil does, without losing a character", () => {
    const base64 = "QUJD".repeat(500);
    const text = configurationProfile({ base64, sha256: SHA256, name: "x" });
    assert.ok(text.split("\n").every((line) => line.length < 160));
    const data = /<data>([^<]+)<\/data>/.exec(text)![1]!.replaceAll(/\s/g, "");
    assert.equal(data, base64);
  });
});
