import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { concatBytes } from "../../../../src/bytes.ts";
import { findAliases } from "../../../../src/truststore/java/keystore_reader.ts";
import { otherAnchor, peerAnchor, rootAnchor } from "../fixture_anchors.ts";
import {
  JKS_BOTH,
  JKS_OTHER,
  JKS_WITH_KEY,
  PKCS12_ENCRYPTED,
  PKCS12_OPENSSL,
  PKCS12_PLAIN,
  PKCS12_PLAIN_OTHER,
} from "./fixture_keystores.ts";

const root = rootAnchor.certificate.der;

describe("findAliases()", () => {
  const stores: [string, Uint8Array, readonly string[] | undefined][] = [
    ["JKS", JKS_BOTH, ["ca"]],
    ["JKS without it", JKS_OTHER, []],
    ["JKS with a private key", JKS_WITH_KEY, ["ca"]],
    ["PKCS#12 without a password", PKCS12_PLAIN, ["ca"]],
    ["PKCS#12 without it", PKCS12_PLAIN_OTHER, []],
    ["PKCS#12 that is encrypted", PKCS12_ENCRYPTED, undefined],
    ["PKCS#12 whose certificates Java does not trust", PKCS12_OPENSSL, []],
    ["an empty file", new Uint8Array(0), undefined],
    ["three octets", Uint8Array.of(0xfe, 0xed, 0xfe), undefined],
    ["JCEKS", Uint8Array.of(0xce, 0xce, 0xce, 0xce, 0, 0, 0, 2, 0, 0, 0, 0), undefined],
    ["JKS of an unknown version", JKS_BOTH.map((octet, i) => i === 7 ? 3 : octet), undefined],
    ["JKS with octets after its end", concatBytes([JKS_BOTH, Uint8Array.of(0)]), undefined],
    ["the certificate itself", root, undefined],
    ["its PEM", new TextEncoder().encode(rootAnchor.pem), undefined],
  ];
  for (const [name, store, expected] of stores) {
    test(`answers for ${name}`, () => assert.deepEqual(findAliases(store, root), expected));
  }

  test("tells certificates apart", () => {
    for (const store of [JKS_BOTH, PKCS12_PLAIN]) {
      assert.deepEqual(findAliases(store, otherAnchor.certificate.der), ["other"]);
      assert.deepEqual(findAliases(store, peerAnchor.certificate.der), []);
    }
  });

  test("reads a view into a larger buffer", () => {
    const padded = concatBytes([new Uint8Array(13), JKS_BOTH, new Uint8Array(5)]);
    const view = padded.subarray(13, 13 + JKS_BOTH.length);
    assert.deepEqual(findAliases(view, root), ["ca"]);
  });

  test("a store that is cut off anywhere is for keytool, never an answer", () => {
    for (const store of [JKS_BOTH, JKS_WITH_KEY, PKCS12_PLAIN]) {
      for (let length = 0; length < store.length; length++) {
        assert.equal(findAliases(store.subarray(0, length), root), undefined, `${length} octets`);
      }
    }
  });

  test("a store with any one octet changed never throws", () => {
    for (const store of [JKS_BOTH, PKCS12_PLAIN]) {
      for (let at = 0; at < store.length; at++) {
        const damaged = store.slice();
        damaged[at]! ^= 0xff;
        findAliases(damaged, root);
      }
    }
  });
});
