import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { discoverStores, storeFamilies } from "../../../../src/truststore/families.ts";
import { openRecordedStore } from "../../../../src/truststore/families.ts";
import { macosFamily } from "../../../../src/truststore/macos/family.ts";
import type { FakeEntry } from "../../../support/fake_disk.ts";
import { otherAnchor, rootAnchor } from "../fixture_anchors.ts";
import { fakeKeychains, LOGIN, SYSTEM } from "./fake_keychains.ts";

const BUNDLE = "/opt/homebrew/etc/ca-certificates/cert.pem";
const ANN = { uid: 1000, gid: 1000 };

/** What Homebrew leaves: a bundle of its user's, and OpenSSL's link to it. */
function homebrew(owner: { uid: number; gid: number }): Record<string, FakeEntry> {
  return {
    "/opt/homebrew/etc/ca-certificates": { type: "directory", mode: 0o755, ...owner },
    [BUNDLE]: { content: otherAnchor.pem, mode: 0o644, ...owner },
    "/opt/homebrew/etc/openssl@3/cert.pem": { target: "../ca-certificates/cert.pem" },
  };
}

describe("the stores of macOS", () => {
  test("are the keychain and every Java; NSS is not among them", () => {
    assert.deepEqual(storeFamilies("darwin").map(({ kind }) => kind), ["system", "java"]);
  });

  test("Homebrew's bundle is one store, however many paths lead to it", async () => {
    const mac = fakeKeychains({ files: homebrew(ANN) });
    const stores = await discoverStores(await mac.context());
    assert.deepEqual(stores.map(({ kind, label, path }) => [kind, label, path]), [
      ["system", "login keychain", LOGIN],
      ["system", "Homebrew OpenSSL", BUNDLE],
    ]);
  });

  test("Homebrew's bundle is changed without root, and taken back to the byte", async () => {
    const mac = fakeKeychains({ files: homebrew(ANN) });
    const [, store] = await macosFamily.discover(await mac.context());
    assert.deepEqual(await store!.plan("add", rootAnchor), [
      { type: "write", path: BUNDLE, root: false },
    ]);
    await store!.add(rootAnchor);
    assert.deepEqual(await store!.state(rootAnchor), { state: "trusted" });
    await store!.remove(rootAnchor, []);
    assert.equal(mac.host.disk.text(BUNDLE), otherAnchor.pem);
    assert.deepEqual(mac.changes(), []);
  });

  test("the bundle of another user's Homebrew is left to them", async () => {
    const mac = fakeKeychains({ files: homebrew({ uid: 502, gid: 20 }) });
    const [, store] = await macosFamily.discover(await mac.context());
    for (const work of [store!.add(rootAnchor), store!.remove(rootAnchor, [])]) {
      await assert.rejects(work, {
        code: "STORE_UNAVAILABLE",
        message: /belongs to another user/,
      });
    }
    assert.equal(mac.host.disk.text(BUNDLE), otherAnchor.pem);
  });

  test("the ledger's keychains are found again, and other systems have none", async () => {
    const context = await fakeKeychains().context();
    assert.equal((await openRecordedStore(context, "system", SYSTEM))?.path, SYSTEM);
    assert.equal(await openRecordedStore(context, "system", "/etc/x"), undefined);
    const linux = await fakeKeychains({ os: "linux" }).context();
    assert.equal(await openRecordedStore(linux, "system", SYSTEM), undefined);
    assert.equal(await openRecordedStore(linux, "nss", "/home/ann/.pki/nssdb"), undefined);
  });
});
