/** Certificate policies (RFC 5280, 6.1), in paths of an anchor, one or two CAs and a leaf. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Bytes, concatBytes } from "../../../../src/bytes.ts";
import { boolean, implicit, integer, oid, sequence } from "../../../../src/der/encode.ts";
import { OID } from "../../../../src/der/oids.ts";
import type { PolicyInputs } from "../../../../src/pki/path/options.ts";
import { verifyPath } from "../../../../src/pki/path/verify_path.ts";
import { extension } from "../../../support/craft.ts";
import { certifyCa, certifyServer, chain, ENTITIES, entity } from "../../../support/path_kit.ts";

const [A, B, C] = ["1.2.3.1", "1.2.3.2", "1.2.3.3"] as const;
const ANY = OID.anyPolicy;
const CRITICAL = boolean(true);

const policies = (...list: string[]) =>
  extension(OID.certificatePolicies, sequence(...list.map((policy) => sequence(oid(policy)))));
const mappings = (...pairs: (readonly [string, string])[]) =>
  extension(
    OID.policyMappings,
    sequence(...pairs.map(([from, to]) => sequence(oid(from), oid(to)))),
    CRITICAL,
  );
const requireExplicit = (skip: number) =>
  extension(OID.policyConstraints, sequence(implicit(0, Uint8Array.of(skip))), CRITICAL);
const inhibitMapping = (skip: number) =>
  extension(OID.policyConstraints, sequence(implicit(1, Uint8Array.of(skip))), CRITICAL);
const inhibitAny = (skip: number) => extension(OID.inhibitAnyPolicy, integer(skip), CRITICAL);

interface Case {
  readonly title: string;
  /** Extensions of the CAs from the anchor down, and of the leaf. */
  readonly path: readonly (readonly Bytes[])[];
  readonly inputs?: PolicyInputs;
  /** The policies, or false where the path is refused. */
  readonly expected: "any" | readonly string[] | false;
}

const explicit = { requireExplicit: true };
const CASES: readonly Case[] = [
  { title: "none anywhere", path: [[], []], expected: [] },
  { title: "none, one required", path: [[], []], inputs: explicit, expected: false },
  {
    title: "the same all the way",
    path: [[policies(A)], [policies(A)]],
    inputs: explicit,
    expected: [A],
  },
  {
    title: "another in the leaf",
    path: [[policies(A)], [policies(B)]],
    inputs: explicit,
    expected: false,
  },
  {
    title: "another in the leaf, none required",
    path: [[policies(A)], [policies(B)]],
    expected: [],
  },
  { title: "none in the CA", path: [[], [policies(A)]], inputs: explicit, expected: false },
  {
    title: "any in the CA",
    path: [[policies(ANY)], [policies(A)]],
    inputs: explicit,
    expected: [A],
  },
  {
    title: "any everywhere",
    path: [[policies(ANY)], [policies(ANY)]],
    inputs: explicit,
    expected: "any",
  },
  {
    title: "any in the leaf",
    path: [[policies(A, B)], [policies(ANY)]],
    inputs: explicit,
    expected: [A, B],
  },
  {
    title: "acceptable",
    path: [[policies(A, B)], [policies(A, B)]],
    inputs: { ...explicit, acceptable: [B, C] },
    expected: [B],
  },
  {
    title: "not acceptable",
    path: [[policies(A)], [policies(A)]],
    inputs: { ...explicit, acceptable: [B] },
    expected: false,
  },
  {
    title: "any, of which one is acceptable",
    path: [[policies(ANY)], [policies(ANY)]],
    inputs: { ...explicit, acceptable: [B] },
    expected: [B],
  },
  {
    title: "any, inhibited by the caller",
    path: [[policies(ANY)], [policies(A)]],
    inputs: { ...explicit, inhibitAny: true },
    expected: false,
  },
  {
    title: "any, inhibited above",
    path: [[policies(ANY), inhibitAny(0)], [policies(ANY)], [policies(A)]],
    inputs: explicit,
    expected: false,
  },
  {
    title: "any, inhibited further down",
    path: [[policies(ANY), inhibitAny(1)], [policies(ANY)], [policies(A)]],
    inputs: explicit,
    expected: [A],
  },
  { title: "required by a CA at once", path: [[requireExplicit(0)], []], expected: false },
  {
    title: "required by a CA at once, and there",
    path: [[policies(A), requireExplicit(0)], [policies(A)]],
    expected: [A],
  },
  {
    title: "required after two, of which there is one",
    path: [[requireExplicit(2)], []],
    expected: [],
  },
  { title: "required after one", path: [[requireExplicit(1)], [], []], expected: false },
  {
    title: "mapped",
    path: [[policies(A), mappings([A, B])], [policies(B)]],
    inputs: explicit,
    expected: [A],
  },
  {
    title: "mapped, and the old one used",
    path: [[policies(A), mappings([A, B])], [policies(A)]],
    inputs: explicit,
    expected: false,
  },
  {
    title: "mapped from any",
    path: [[policies(ANY), mappings([A, B])], [policies(B)]],
    inputs: { ...explicit, acceptable: [A] },
    expected: [A],
  },
  {
    title: "mapping inhibited by the caller",
    path: [[policies(A), mappings([A, B])], [policies(B)]],
    inputs: { ...explicit, inhibitMapping: true },
    expected: false,
  },
  {
    title: "mapping inhibited above",
    path: [[policies(A), inhibitMapping(0)], [policies(A), mappings([A, B])], [policies(B)]],
    inputs: explicit,
    expected: false,
  },
  {
    title: "mapping inhibited further down",
    path: [[policies(A), inhibitMapping(1)], [policies(A), mappings([A, B])], [policies(B)]],
    inputs: explicit,
    expected: [A],
  },
  {
    title: "a mapping to any",
    path: [[policies(A), mappings([A, ANY])], [policies(A)]],
    expected: false,
  },
  {
    title: "a mapping from any",
    path: [[policies(A), mappings([ANY, A])], [policies(A)]],
    expected: false,
  },
  { title: "a policy twice", path: [[policies(A, A)], [policies(A)]], expected: false },
];

async function verify(path: Case["path"], inputs: PolicyInputs | undefined) {
  const options = await chain();
  let issuer = ENTITIES.root;
  const intermediates: Bytes[] = [];
  for (const extensions of path.slice(0, -1)) {
    const next = await entity(`ca ${intermediates.length}`);
    intermediates.push(await certifyCa(next, issuer, { more: concatBytes(extensions) }));
    issuer = next;
  }
  const more = concatBytes(path[path.length - 1]!);
  const leaf = await certifyServer(ENTITIES.leaf, issuer, { more });
  return await verifyPath({ ...options, leaf, intermediates, policies: inputs });
}

describe("certificate policies", () => {
  for (const { title, path, inputs, expected } of CASES) {
    test(title, async () => {
      const result = await verify(path, inputs);
      assert.deepEqual(
        result.ok && result.policies,
        expected,
        result.ok ? "" : result.reason.message,
      );
    });
  }

  // The tree of RFC 5280 has 2^n nodes for it; the graph of RFC 9618 has 2n.
  test("that double at every CA take no time", { timeout: 10_000 }, async () => {
    const twice = [policies(A, B), mappings([A, A], [A, B], [B, A], [B, B])];
    const path = [...Array.from({ length: 8 }, () => twice), [policies(A, B)]];
    const result = await verify(path, explicit);
    assert.deepEqual(result.ok && result.policies, [A, B]);
  });
});
