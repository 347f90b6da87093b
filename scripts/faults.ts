/**
 * Every point of the fault suite: each file system call of `cert` and `setup --stores nss`, made to fail
 * with ENOSPC, with EIO, and to be the last (see tests/support/fault_cases.ts for what must hold then).
 *
 *   bash scripts/sandbox.sh node_modules/.bin/bun scripts/faults.ts [WORD]
 *
 * WORD chooses the cases whose name has it. The suite in tests/faults tries all points of `cert`, and a part of
 * those of `setup`.
 *
 * @module
 */

import { FAULT_CASES, recordPoints, tryPoint, type Verdict } from "../tests/support/fault_cases.ts";
import type { Fault } from "../tests/support/strace.ts";
import { inParallel } from "../tests/support/in_parallel.ts";

const FAULTS: readonly Fault[] = ["ENOSPC", "EIO", "KILL"];

const word = process.argv[2] ?? "";
let tried = 0;
let bad = 0;
for (const fault of FAULT_CASES.filter(({ name }) => name.includes(word))) {
  const started = Date.now();
  const points = await recordPoints(fault);
  const jobs = points.flatMap((point) => FAULTS.map((kind) => ({ point, kind })));
  const codes = new Map<string, number>();
  await inParallel(2, jobs, async ({ point, kind }) => {
    const verdict: Verdict = await tryPoint(fault, point, kind);
    const code = `${kind} ${verdict.code}`;
    codes.set(code, (codes.get(code) ?? 0) + 1);
    if (verdict.problems.length === 0) return;
    bad++;
    console.log(`${fault.name}: ${kind} at ${verdict.point}, exit code ${verdict.code}`);
    for (const problem of verdict.problems) console.log(`  ${problem}`);
  });
  tried += jobs.length;
  const ends = [...codes].sort().map(([code, count]) => `${count} x ${code}`).join(", ");
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`${fault.name}: ${points.length} calls, ${jobs.length} points in ${seconds} s`);
  console.log(`  exit codes: ${ends}`);
}
console.log(`${tried} points tried, ${bad} with problems`);
process.exit(bad > 0 ? 1 : 0);
