import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findTargetUser } from "../../../src/host/target_user.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import { createElevation } from "../../../src/truststore/elevation.ts";
import {
  discoverFamily,
  discoverStores,
  parseStoreKinds,
  storeFamilies,
} from "../../../src/truststore/families.ts";
import { createFakeHost } from "../../support/fake_host.ts";
import { rootAnchor } from "./fixture_anchors.ts";

async function contextOf(host = createFakeHost()) {
  return { host, user: await findTargetUser(host), elevation: createElevation(host) };
}

describe("parseStoreKinds()", () => {
  const good: [string, string[]][] = [
    ["system", ["system"]],
    ["java,system", ["system", "java"]],
    [" NSS , java ", ["nss", "java"]],
    ["nss,nss", ["nss"]],
  ];
  for (const [text, kinds] of good) {
    test(`reads "${text}"`, () => assert.deepEqual(parseStoreKinds(text), kinds));
  }
  for (const text of ["", ",", "system,", "browser", "system nss", "../java", "constructor"]) {
    test(`refuses "${text}", naming the words that exist`, () => {
      assert.throws(() => parseStoreKinds(text), { code: "USAGE", message: /system, nss, java/ });
    });
  }
});

describe("storeFamilies()", () => {
  test("gives Linux the system store first, since its refresh can feed Java's", () => {
    const kinds = storeFamilies("linux").map(({ kind }) => kind);
    assert.deepEqual(kinds, ["system", "nss", "java", "windows"]);
  });
  test("gives Windows its own store and Java's: Firefox reads that of Windows there", () => {
    assert.deepEqual(storeFamilies("windows").map(({ kind }) => kind), ["system", "java"]);
  });
  test("gives FreeBSD the same kinds", () => {
    assert.deepEqual(storeFamilies("freebsd").map(({ kind }) => kind), ["system", "nss", "java"]);
  });
  test("leaves out what was not asked for", () => {
    assert.deepEqual(storeFamilies("linux", ["java"]).map(({ kind }) => kind), ["java"]);
  });
  for (const os of ["other"] as const) {
    test(`has no adapter for ${os} yet`, () => assert.deepEqual(storeFamilies(os), []));
  }
});

describe("discoverStores()", () => {
  test("finds the stores of the kinds that were asked for", async () => {
    const stores = await discoverStores(await contextOf(), ["system"]);
    assert.deepEqual(stores.map(({ kind }) => kind), ["system"]);
  });

  test("a family that fails is one unavailable store with the reason, and stops nobody", async () => {
    const context = await contextOf();
    const error = new LocalTlsError("FILE_READ", "Cannot read x", { hints: ["chmod x"] });
    const [store] = await discoverFamily(
      { kind: "nss", discover: () => Promise.reject(error) },
      context,
    );
    assert.equal(store!.kind, "nss");
    await assert.rejects(store!.state(rootAnchor), {
      code: "STORE_UNAVAILABLE",
      message: "Cannot look for nss stores: Cannot read x",
      hints: ["chmod x"],
    });
    await assert.rejects(store!.add(rootAnchor), { code: "STORE_UNAVAILABLE" });
    assert.deepEqual(await store!.plan("add", rootAnchor), []);
  });
});
