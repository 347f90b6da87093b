import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findAliases } from "../../../../src/truststore/java/keystore_reader.ts";
import { addTrusted, removeTrusted } from "../../../../src/truststore/java/keystore_writer.ts";
import { otherAnchor, rootAnchor } from "../fixture_anchors.ts";
import * as fixtures from "./fixture_keystores.ts";

const NOW = new Date("2026-11-24T12:00:00Z");
const ROOT = rootAnchor.certificate.der;
const OTHER = otherAnchor.certificate.der;

/** Stores of keytool's that a JVM opens by itself, without our certificate under our alias. */
const OPEN: readonly [name: string, store: Uint8Array][] = [
  ["JKS", fixtures.JKS_OTHER],
  ["JKS with both", fixtures.JKS_BOTH],
  ["JKS with a private key", fixtures.JKS_WITH_KEY],
  ["PKCS#12 in the clear", fixtures.PKCS12_PLAIN],
];

describe("writing key stores", () => {
  for (const [name, store] of OPEN) {
    test(`${name}: the others stay, and taking back gives the store back to the octet`, async () => {
      const clean = await removeTrusted(store, ROOT);
      assert.ok(clean !== undefined);
      assert.deepEqual(findAliases(clean, ROOT), []);
      const others = findAliases(clean, OTHER);
      assert.deepEqual(others, ["other"]);
      const added = await addTrusted(clean, "localtls-1", ROOT, NOW);
      assert.ok(added !== undefined);
      assert.deepEqual(findAliases(added, ROOT), ["localtls-1"]);
      assert.deepEqual(findAliases(added, OTHER), others);
      assert.deepEqual(await removeTrusted(added, ROOT), clean);
    });

    test(`${name}: damage anywhere is no store to write`, async () => {
      for (const at of [1, 10, store.length - 1]) {
        const damaged = store.slice();
        damaged[at]! ^= 0x55;
        const cut = store.slice(0, at);
        assert.equal(await addTrusted(cut, "x", ROOT, NOW), undefined, `cut at ${at}`);
        if (name.startsWith("JKS")) {
          assert.equal(await addTrusted(damaged, "x", ROOT, NOW), undefined, `octet ${at}`);
          assert.equal(await removeTrusted(damaged, ROOT), undefined, `octet ${at}`);
        }
      }
    });
  }

  test("a JKS store under another password is left to keytool", async () => {
    // The digest is over the password: another one cannot be told from damage.
    const store = fixtures.JKS_OTHER.slice();
    store[store.length - 3]! ^= 1;
    assert.equal(await addTrusted(store, "x", ROOT, NOW), undefined);
  });

  test("what is no key store is left alone", async () => {
    for (const store of [new Uint8Array(0), new Uint8Array(3), new TextEncoder().encode("PEM")]) {
      assert.equal(await addTrusted(store, "x", ROOT, NOW), undefined);
      assert.equal(await removeTrusted(store, ROOT), undefined);
    }
  });
});
