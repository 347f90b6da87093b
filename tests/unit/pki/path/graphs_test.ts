/** Random graphs of CAs that certify each other: a path is found exactly where the graph has one. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Bytes } from "../../../../src/bytes.ts";
import { OID } from "../../../../src/der/oids.ts";
import { verifyPath } from "../../../../src/pki/path/verify_path.ts";
import { NONE, validity } from "../../../support/craft.ts";
import { randomNumbers } from "../../../support/mutations.ts";
import {
  certifyCa,
  certifyServer,
  chain,
  eku,
  ENTITIES,
  entity,
  TIME,
} from "../../../support/path_kit.ts";

/** CAs; the first issued the leaf, the last is the anchor. */
const CAS = await Promise.all(Array.from({ length: 6 }, (_, i) => entity(`ca ${i}`)));
const LAST = CAS.length - 1;

interface Edge {
  readonly subject: number;
  readonly issuer: number;
  readonly good: Bytes;
  /** Certificates of the same subject by the same issuer that lead nowhere. */
  readonly bad: readonly Bytes[];
}

const expired = validity(new Date(TIME.getTime() - 9e8), new Date(TIME.getTime() - 8e8));

async function makeEdges(): Promise<Edge[]> {
  const edges: Edge[] = [];
  for (const [subject, a] of CAS.entries()) {
    for (const [issuer, b] of CAS.entries()) {
      if (subject === issuer || subject === LAST) continue;
      edges.push({
        subject,
        issuer,
        good: await certifyCa(a, b),
        bad: [
          await certifyCa(a, b, {}, { validity: expired }),
          await certifyCa(a, b, { basicConstraints: NONE }),
          await certifyCa(a, b, { extKeyUsage: eku(OID.emailProtection) }),
        ],
      });
    }
  }
  return edges;
}

/** Whether the anchor can be reached from the leaf's issuer over good edges. */
function isReachable(good: readonly Edge[]): boolean {
  const reached = new Set([0]);
  for (const from of reached) {
    for (const { subject, issuer } of good) if (subject === from) reached.add(issuer);
  }
  return reached.has(LAST);
}

describe("verifyPath() in a random graph", () => {
  test(
    "accepts where there is a path, refuses where there is none",
    { timeout: 60_000 },
    async () => {
      const edges = await makeEdges();
      const options = {
        ...await chain(),
        leaf: await certifyServer(ENTITIES.leaf, CAS[0]!),
        anchors: [await certifyCa(CAS[LAST]!, CAS[LAST]!)],
      };
      const random = randomNumbers(7);
      let accepted = 0;
      const GRAPHS = 300;
      for (let graph = 0; graph < GRAPHS; graph++) {
        const density = 0.1 + 0.3 * random();
        const good = edges.filter(() => random() < density);
        const pool = good.map((edge) => edge.good);
        for (const { bad } of edges) {
          if (random() < 0.3) pool.push(bad[Math.floor(random() * bad.length)]!);
        }
        pool.sort(() => random() - 0.5);
        const result = await verifyPath({ ...options, intermediates: pool });
        const said = result.ok ? "accepted" : result.reason.message;
        assert.equal(result.ok, isReachable(good), `graph ${graph}: ${said}`);
        if (!result.ok) assert.notEqual(result.reason.code, "LIMIT_EXCEEDED", `graph ${graph}`);
        accepted += result.ok ? 1 : 0;
      }
      assert.ok(accepted > GRAPHS / 5 && accepted < GRAPHS - GRAPHS / 5, `${accepted} accepted`);
    },
  );
});
