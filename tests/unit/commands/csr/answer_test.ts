import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkTime, compareNames, orderChain } from "../../../../src/commands/csr/answer.ts";
import { openAuthority } from "../../../../src/pki/authority.ts";
import { issueServerCertificate } from "../../../../src/pki/issue.ts";
import { parseRequestedName } from "../../../../src/pki/requested_name.ts";
import { parseRequest } from "../../../../src/x509/certification_request.ts";
import { createRequest } from "../../../../src/x509/certification_request_builder.ts";
import { exportSpki, generateKey } from "../../../../src/x509/keys.ts";
import { makeHierarchy } from "../../../support/hierarchy.ts";

const now = new Date("2026-11-24T12:00:00Z");
const authority = await openAuthority(await makeHierarchy(now));
const name = (text: string) => parseRequestedName(text).name;
const issue = async (...names: string[]) =>
  (await issueServerCertificate(authority, { names: names.map(name), now })).certificate;

async function request(...names: string[]) {
  const { privateKey, publicKey } = await generateKey("p256", true);
  const spki = await exportSpki(publicKey);
  return parseRequest(await createRequest({ privateKey, spki, names: names.map(name) }));
}

describe("orderChain()", () => {
  test("leaves out the root, strangers and copies", async () => {
    const leaf = await issue("localhost");
    const { root, issuer } = authority;
    const stranger = (await openAuthority(await makeHierarchy(now))).root;
    const chain = await orderChain(leaf, [stranger, root, leaf, issuer, issuer]);
    assert.deepEqual(chain, [leaf, issuer]);
    assert.deepEqual(await orderChain(leaf, [issuer]), [leaf, issuer]);
  });
  test("refuses a leaf whose issuer is not there", async () => {
    const leaf = await issue("localhost");
    for (const others of [[], [leaf], [authority.root]]) {
      await assert.rejects(orderChain(leaf, others), { code: "CERTIFICATE_INVALID" });
    }
  });
});

describe("checkTime()", () => {
  test("refuses a chain of which anything has ended", async () => {
    const leaf = await issue("localhost");
    const chain = [leaf, authority.issuer];
    checkTime(chain, now);
    checkTime(chain, new Date(0)); // not yet
    checkTime(chain, leaf.notAfter);
    const later = new Date(leaf.notAfter.getTime() + 1000);
    assert.throws(() => checkTime(chain, later), /ended on 2027-12-2/);
    const muchLater = new Date(authority.issuer.notAfter.getTime() + 1000);
    assert.throws(() => checkTime([authority.issuer], muchLater), /ended on 2036/);
  });
});

describe("compareNames()", () => {
  test("tells what is missing and what is more; a name is not an address", async () => {
    const asked = await request("a.app.test", "10.0.0.1");
    assert.deepEqual(compareNames(asked, await issue("10.0.0.1", "a.app.test")), {
      missing: [],
      more: [],
    });
    assert.deepEqual(compareNames(asked, await issue("b.app.test", "10.0.0.1")), {
      missing: ["a.app.test"],
      more: ["b.app.test"],
    });
    // A wildcard is not what was asked for.
    assert.deepEqual(compareNames(asked, await issue("*.app.test", "10.0.0.1")).missing, [
      "a.app.test",
    ]);
  });
});
