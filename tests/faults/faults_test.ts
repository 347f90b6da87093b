/**
 * Every call that changes a file fails once, and is the last once: there is a whole CA or none, no half
 * file, no key for others, one sentence, an exit code that does not lie, and the next run succeeds.
 *
 * All calls of `cert`, and a part of those of `setup` on NSS databases; scripts/faults.ts tries all.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FAULT_CASES, recordPoints, tryPoint } from "../support/fault_cases.ts";
import { inParallel } from "../support/in_parallel.ts";
import { type Fault, type FaultPoint, strace } from "../support/strace.ts";

const missing = strace();

/** Of the points of `setup` that `cert` does not have, every so-manieth is tried. */
const NSS_STEP = 10;

/** EIO takes the ways of ENOSPC but for single codes, so that a part of it is enough when the CA is made. */
const EIO_STEP = 4;

interface Job {
  readonly point: FaultPoint;
  readonly kind: Fault;
}

function choose(points: readonly FaultPoint[], nss: boolean): Job[] {
  const all = points.flatMap((point): Job[] => [
    { point, kind: "ENOSPC" },
    { point, kind: "KILL" },
    { point, kind: "EIO" },
  ]);
  if (nss) return all.filter((_, i) => i % NSS_STEP === 0);
  if (points.length < 50) return all;
  return all.filter(({ kind }, i) => kind !== "EIO" || Math.floor(i / 3) % EIO_STEP === 0);
}

describe("a fault at every file system call", { skip: missing ?? false }, () => {
  for (const fault of FAULT_CASES) {
    test(fault.name, { timeout: 180_000 }, async () => {
      const points = await recordPoints(fault);
      const jobs = choose(points, fault.nss);
      const failures: string[] = [];
      const started = Date.now();
      await inParallel(2, jobs, async ({ point, kind }) => {
        const verdict = await tryPoint(fault, point, kind);
        for (const problem of verdict.problems) {
          failures.push(`${kind} at ${verdict.point}, exit code ${verdict.code}: ${problem}`);
        }
      });
      const seconds = Math.round((Date.now() - started) / 1000);
      console.log(`${fault.name}: ${jobs.length} faults at ${points.length} calls, ${seconds} s`);
      // A recording that sees nothing would prove nothing.
      assert.ok(points.length > 15, `only ${points.length} calls were recorded`);
      assert.deepEqual(failures, []);
    });
  }
});
