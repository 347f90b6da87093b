/** Looking for roots by their subject, in bundles and in key stores, without reading the others. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { concatBytes } from "../../../src/bytes.ts";
import { encodePem } from "../../../src/der/pem.ts";
import { searchOctets, searchPem } from "../../../src/truststore/root_search.ts";
import { otherAnchor, rootAnchor } from "./fixture_anchors.ts";
import { JKS_BOTH, JKS_OTHER, PKCS12_ENCRYPTED, PKCS12_PLAIN } from "./java/fixture_keystores.ts";

const root = rootAnchor.certificate;
const other = otherAnchor.certificate;

describe("searchPem()", () => {
  const bundle = `# comment\n${otherAnchor.pem}\n${rootAnchor.pem}${otherAnchor.pem}`;

  test("finds every certificate with the subject, and no other", () => {
    assert.deepEqual(searchPem(bundle, [root.subject]), [root.der]);
    assert.deepEqual(searchPem(bundle, [other.subject]), [other.der, other.der]);
    assert.deepEqual(searchPem(bundle, [root.subject, other.subject]).length, 3);
    assert.deepEqual(searchPem(otherAnchor.pem, [root.subject]), []);
    assert.deepEqual(searchPem("", [root.subject]), []);
    assert.deepEqual(searchPem(bundle, []), []);
  });

  test("whatever line ends, wherever the subject stands in a quantum of base64", () => {
    assert.deepEqual(searchPem(bundle.replaceAll("\n", "\r\n"), [root.subject]), [root.der]);
    // Only the place of the subject matters here: what is no certificate is not answered, and not tripped over.
    for (let before = 1; before < 7; before++) {
      const padded = concatBytes([new Uint8Array(before), root.der]);
      const found = searchPem(encodePem("CERTIFICATE", padded) + rootAnchor.pem, [root.subject]);
      assert.deepEqual(found, [root.der], `${before} octets before`);
    }
  });

  test("passes over damaged blocks", () => {
    const damaged = rootAnchor.pem.replace("\n-----END", "!!\n-----END");
    assert.notEqual(damaged, rootAnchor.pem);
    const cut = rootAnchor.pem.slice(0, 200);
    const text = `${damaged}${rootAnchor.pem}${cut}`;
    assert.deepEqual(searchPem(text, [root.subject]), [root.der]);
  });
});

describe("searchOctets()", () => {
  test("finds certificates that stand in the clear in key stores", () => {
    assert.deepEqual(searchOctets(JKS_BOTH, [root.subject]), [root.der]);
    assert.deepEqual(searchOctets(JKS_BOTH, [other.subject]), [other.der]);
    assert.deepEqual(searchOctets(PKCS12_PLAIN, [root.subject]), [root.der]);
    assert.deepEqual(searchOctets(JKS_OTHER, [root.subject]), []);
    assert.deepEqual(searchOctets(PKCS12_ENCRYPTED, [root.subject]), []);
  });

  test("is not led astray by the subject alone, or by a certificate that is cut off", () => {
    assert.deepEqual(searchOctets(root.subject, [root.subject]), []);
    assert.deepEqual(searchOctets(root.der.subarray(0, root.der.length - 1), [root.subject]), []);
    const many = concatBytes(Array.from({ length: 200 }, () => root.subject));
    assert.deepEqual(searchOctets(many, [root.subject]), []);
  });
});
