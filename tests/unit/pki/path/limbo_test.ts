/** The cases of x509-limbo that are about servers and clients, without revocation. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import { verifyPath } from "../../../../src/pki/path/verify_path.ts";
import { type LimboCase, limboOptions, readLimbo } from "../../../support/limbo.ts";
import { AGREES_IN_PROFILE, LIMBO_DEVIATIONS } from "./limbo_deviations.ts";

/** Milliseconds for one case: the worst take 50, and other tests run at the same time. */
const LIMIT_MS = 5_000;

const cases = readLimbo();

// Named in the report, so that nobody takes its absence for success.
test("x509-limbo is beside the checkout", { skip: cases === undefined }, () => {
  assert.ok(cases!.length > 200);
});

describe("x509-limbo", { skip: cases === undefined }, () => {
  const all = cases ?? [];
  const concerned = all.filter(({ features }) => !features.includes("has-crl"));

  test("has cases of servers and clients; those with a CRL are left out", () => {
    assert.equal(all.length - concerned.length, 8);
    assert.equal(concerned.length, 200);
    assert.equal(concerned.filter((one) => one.validation_kind === "CLIENT").length, 10);
  });

  for (const one of concerned) {
    const deviation = LIMBO_DEVIATIONS[one.id];
    const expected = one.expected_result === "SUCCESS";
    const title = deviation === undefined
      ? `${one.id} is ${expected ? "accepted" : "refused"}`
      : `${one.id} differs: verifyPath ${deviation.kind} it`;
    test(title, { timeout: LIMIT_MS }, async () => {
      const result = await verifyPath(limboOptions(one));
      const said = result.ok ? "accepted" : result.reason.message;
      assert.equal(result.ok, deviation === undefined ? expected : !expected, said);
      if (deviation !== undefined) {
        assert.equal(deviation.kind, result.ok ? "accepts" : "refuses");
        assert.ok(deviation.reason.length > 20);
      }
      await checkAnswer(one, result);
    });
  }

  for (const [id, profile] of Object.entries(AGREES_IN_PROFILE)) {
    test(`${id} agrees in profile "${profile}"`, async () => {
      const one = concerned.find((other) => other.id === id)!;
      const result = await verifyPath({ ...limboOptions(one), profile });
      assert.equal(result.ok, one.expected_result === "SUCCESS");
    });
  }

  test("deviations are of cases that there are", () => {
    const ids = new Set(concerned.map(({ id }) => id));
    for (const id of Object.keys(LIMBO_DEVIATIONS)) assert.ok(ids.has(id), id);
    for (const id of Object.keys(AGREES_IN_PROFILE)) assert.ok(id in LIMBO_DEVIATIONS, id);
  });

  test("graphs that explode end early in every profile", { timeout: 20_000 }, async () => {
    for (const one of concerned.filter(({ id }) => id.startsWith("pathological::"))) {
      for (const profile of ["path", "strict", "baseline"] as const) {
        const result = await verifyPath({ ...limboOptions(one), profile });
        if (one.expected_result === "FAILURE") {
          assert.equal(result.ok, false, `${one.id} ${profile}`);
        }
      }
    }
  });
});

/** What every answer keeps, whatever it is. */
async function checkAnswer(
  one: LimboCase,
  result: Awaited<ReturnType<typeof verifyPath>>,
): Promise<void> {
  const options = limboOptions(one);
  if (result.ok) {
    assert.deepEqual(result.path[0], options.leaf);
    const anchor = result.path[result.path.length - 1]!;
    assert.ok(options.anchors.some((der) => Buffer.compare(der, anchor) === 0));
    // The path is one by itself, without anything else.
    const [leaf, ...rest] = result.path;
    const again = { ...options, leaf: leaf!, intermediates: rest.slice(0, -1), anchors: [anchor] };
    assert.equal((await verifyPath(again)).ok, true);
    return;
  }
  const { reason, also } = result;
  for (const { code, message, certificate, field, rule } of [reason, ...also]) {
    assert.match(code, /^[A-Z_]+$/);
    assert.match(message, /^Cannot trust the (?:leaf|intermediate|anchor)[^\n]*[^.\n]$/);
    assert.match(certificate.sha256, /^[0-9a-f]{64}$/);
    assert.ok(field !== "" && rule !== "");
    const pool = {
      leaf: [options.leaf],
      intermediate: options.intermediates,
      anchor: options.anchors,
    };
    assert.ok(certificate.index < pool[certificate.role].length);
  }
}
