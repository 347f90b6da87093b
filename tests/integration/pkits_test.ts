/**
 * NIST's Public Key Interoperability Test Suite, from the Debian package of cryptography's test vectors: every case
 * that is not about revocation. All CA certificates of the suite are candidates at once, so that building is tested too.
 */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { PolicyInputs } from "../../src/pki/path/options.ts";
import { verifyPath } from "../../src/pki/path/verify_path.ts";
import { DECIDED_BY_REVOCATION, DSA_CASES } from "./pkits_revocation.ts";

const DIRECTORY = "/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data/certs";
const skip = !existsSync(DIRECTORY);
const files = skip ? [] : readdirSync(DIRECTORY).filter((name) => name.endsWith(".crt"));
const read = (name: string) => new Uint8Array(readFileSync(join(DIRECTORY, name)));
const leaves = files.filter((name) => /Test\d+EE\.crt$/.test(name));
const intermediates = files.filter((name) =>
  !leaves.includes(name) && !name.startsWith("TrustAnchor")
)
  .map(read);

/** The certificates are valid from 2010 to 2030, but for those of the cases about validity. */
const TIME = new Date("2011-04-15T00:00:00Z");

function verify(name: string, policies?: PolicyInputs) {
  const anchors = [read("TrustAnchorRootCertificate.crt")];
  const leaf = read(name);
  return verifyPath({ leaf, intermediates, anchors, purpose: "server", time: TIME, policies });
}

describe("PKITS", { skip }, () => {
  for (const file of leaves) {
    const [, verdict, title = ""] = /^(Valid|Invalid)(.*)EE\.crt$/.exec(file) ?? [];
    if (verdict === undefined) continue; // decided by inputs: see below
    const expected = DSA_CASES.includes(title)
      ? false
      : verdict === "Valid" || DECIDED_BY_REVOCATION.includes(title);
    test(`${verdict} ${title} is ${expected ? "accepted" : "refused"}`, async () => {
      const result = await verify(file);
      assert.equal(result.ok, expected, result.ok ? "" : result.reason.message);
    });
  }

  test("has the cases that are listed", () => {
    for (const title of DECIDED_BY_REVOCATION) {
      assert.ok(leaves.includes(`Invalid${title}EE.crt`), title);
    }
    for (const title of DSA_CASES) assert.ok(leaves.includes(`Valid${title}EE.crt`), title);
    assert.ok(leaves.length > 200);
  });

  // 4.8 to 4.12, where a case has several subtests that differ in what the caller asks.
  const policy = (n: number) => `2.16.840.1.101.3.2.1.48.${n}`;
  const explicit = { requireExplicit: true };
  const of = (...list: number[]) => ({ acceptable: list.map(policy) });
  const SUBTESTS: readonly (readonly [string, PolicyInputs, boolean])[] = [
    ["ValidCertificatePathTest1", explicit, true],
    ["ValidCertificatePathTest1", { ...explicit, ...of(1) }, true],
    ["ValidCertificatePathTest1", { ...explicit, ...of(2) }, false],
    ["ValidCertificatePathTest1", { ...explicit, ...of(1, 2) }, true],
    ["AllCertificatesNoPoliciesTest2", {}, true],
    ["AllCertificatesNoPoliciesTest2", explicit, false],
    ["DifferentPoliciesTest3", {}, true],
    ["DifferentPoliciesTest3", explicit, false],
    ["DifferentPoliciesTest3", { ...explicit, ...of(1, 2) }, false],
    ["DifferentPoliciesTest4", {}, false],
    ["DifferentPoliciesTest5", {}, false],
    ["OverlappingPoliciesTest6", {}, true],
    ["OverlappingPoliciesTest6", of(1), true],
    ["OverlappingPoliciesTest6", of(2), false],
    ["DifferentPoliciesTest7", {}, false],
    ["DifferentPoliciesTest8", {}, false],
    ["DifferentPoliciesTest9", {}, false],
    ["AllCertificatesSamePoliciesTest10", of(1), true],
    ["AllCertificatesSamePoliciesTest10", of(2), true],
    ["AllCertificatesanyPolicyTest11", {}, true],
    ["AllCertificatesanyPolicyTest11", of(1), true],
    ["DifferentPoliciesTest12", {}, false],
    ["AllCertificatesSamePoliciesTest13", of(3), true],
    ["AnyPolicyTest14", of(1), true],
    ["AnyPolicyTest14", of(2), false],
    ["ValidPolicyMappingTest1", of(1), true],
    ["ValidPolicyMappingTest1", of(2), false],
    ["ValidPolicyMappingTest1", { inhibitMapping: true }, false],
    ["ValidPolicyMappingTest3", of(1), false],
    ["ValidPolicyMappingTest3", of(2), true],
    ["ValidPolicyMappingTest5", of(1), true],
    ["ValidPolicyMappingTest5", of(6), false],
    ["ValidPolicyMappingTest6", of(1), true],
    ["ValidPolicyMappingTest6", of(6), false],
    ["ValidPolicyMappingTest12", of(1), true],
    ["ValidPolicyMappingTest12", of(2), true],
    ["inhibitAnyPolicyTest3", {}, true],
    ["inhibitAnyPolicyTest3", { inhibitAny: true }, false],
  ];
  for (const [title, inputs, expected] of SUBTESTS) {
    test(`${title} with ${JSON.stringify(inputs)} is ${expected ? "accepted" : "refused"}`, async () => {
      const result = await verify(`${title}EE.crt`, inputs);
      assert.equal(result.ok, expected, result.ok ? "" : result.reason.message);
    });
  }
});
