import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { unlockPasswordRow } from "../../../../src/truststore/nss/password.ts";
import {
  signAttribute,
  signatureName,
  signaturePrefix,
  verifyAttribute,
} from "../../../../src/truststore/nss/signatures.ts";
import { NSS_FIXTURES } from "./fixture_databases.ts";

async function keyOf(fixture: typeof NSS_FIXTURES[number]) {
  const key = await unlockPasswordRow(fixture, fixture.password);
  assert.ok(key);
  return key;
}

describe("verifyAttribute()", () => {
  for (const fixture of NSS_FIXTURES) {
    const { objectId, attributeType, value, signature } = fixture;

    test(`accepts a signature that NSS made: ${fixture.name}`, async () => {
      const key = await keyOf(fixture);
      assert.ok(await verifyAttribute(key, objectId, attributeType, value, signature));
    });

    test(`refuses it for anything else: ${fixture.name}`, async () => {
      const key = await keyOf(fixture);
      const changed = value.map((octet, i) => i === 0 ? octet ^ 1 : octet);
      const forged = signature.map((octet, i) => i === signature.length - 1 ? octet ^ 1 : octet);
      const other = { ...key, passKey: key.passKey.map((octet) => octet ^ 1) };
      assert.ok(!await verifyAttribute(key, objectId + 1n, attributeType, value, signature));
      assert.ok(!await verifyAttribute(key, objectId, attributeType + 1, value, signature));
      assert.ok(!await verifyAttribute(key, objectId, attributeType, changed, signature));
      assert.ok(!await verifyAttribute(key, objectId, attributeType, value, forged));
      assert.ok(!await verifyAttribute(other, objectId, attributeType, value, signature));
    });

    test(`refuses one that is cut short or empty: ${fixture.name}`, async () => {
      const key = await keyOf(fixture);
      for (const length of [0, 2, 50, signature.length - 1]) {
        const cut = signature.slice(0, length);
        assert.ok(!await verifyAttribute(key, objectId, attributeType, value, cut), String(length));
      }
    });
  }
});

describe("signAttribute()", () => {
  for (const fixture of NSS_FIXTURES) {
    test(`signs as long and as often as NSS: ${fixture.name}`, async () => {
      const key = await keyOf(fixture);
      const { objectId, attributeType, value } = fixture;
      const signature = await signAttribute(key, objectId, attributeType, value);
      // Salt and MAC differ; the rest of the DER is the same, octet by octet.
      assert.equal(signature.length, fixture.signature.length);
      const differing = [...signature].filter((octet, i) => octet !== fixture.signature[i]);
      assert.ok(differing.length <= 64, `${differing.length} octets differ`);
      assert.ok(await verifyAttribute(key, objectId, attributeType, value, signature));
    });
  }
});

test("signature rows are named as NSS names them", () => {
  assert.equal(signatureName(110308558n, 0xce536360), "sig_cert_06932cce_ce536360");
  assert.equal(signatureName(1n, 0x8c), "sig_cert_00000001_0000008c");
  assert.equal(signaturePrefix(0x3fffffffn), "sig_cert_3fffffff_");
});
