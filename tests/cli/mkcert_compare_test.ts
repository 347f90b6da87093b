/**
 * mkcert 1.4.4 and `localtls mkcert`, side by side: the same words in scratch directories, and what each leaves behind, as
 * openssl, keytool, certtool, pk12util and Node read it. Every difference is deliberate and has its reason in
 * tests/support/mkcert_differences.ts; one that is not listed fails here, and so does a listed one that is none.
 *
 * @module
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { LOCALTLS } from "../support/localtls.ts";
import { MKCERT_CASES } from "../support/mkcert_cases.ts";
import { findDifference, MKCERT_DIFFERENCES } from "../support/mkcert_differences.ts";
import { makeProgram, observe, type Program } from "../support/mkcert_run.ts";
import type { View } from "../support/mkcert_view.ts";
import { findProgram, mustRun } from "../support/processes.ts";
import { requireSandbox } from "../support/sandbox.ts";
import { formatTable } from "../support/text_table.ts";

const isMissing = ["mkcert", "openssl", "keytool", "certtool", "pk12util", "node"]
  .filter((name) => findProgram(name) === undefined)
  .map((name) => `no ${name}`).join(", ") || false;

/** For the table: a row for each listed difference and pair of values. */
const rows: Record<string, Record<string, string>> = {};
const seen = new Set<unknown>();
let compared = 0;

describe("localtls mkcert beside mkcert 1.4.4", { skip: isMissing }, () => {
  let theirs: Program;
  let ours: Program;

  before(async () => {
    requireSandbox();
    assert.equal((await mustRun(["mkcert", "-version"])).trim(), "1.4.4");
    theirs = await makeProgram("mkcert");
    ours = await makeProgram(LOCALTLS, "mkcert");
  });

  after(() => {
    const count = Object.keys(rows).length;
    console.log(`${MKCERT_CASES.length} command lines, ${compared} fields, ${count} differences:`);
    console.log(formatTable(rows));
  });

  for (const each of MKCERT_CASES) {
    test(`does the same, or what is listed, for: ${each.id}`, async () => {
      // One after the other: both may change the system store.
      const first = await observe(theirs, each);
      assert.deepEqual(compare(each.id, first, await observe(ours, each)), []);
    });
  }

  test("every listed difference exists", () => {
    const gone = MKCERT_DIFFERENCES.filter((difference) => !seen.has(difference));
    assert.deepEqual(gone.map(({ field, cases }) => `${field}: ${String(cases)}`), []);
  });
});

/** What is not as it is listed. */
function compare(id: string, theirs: View, ours: View): string[] {
  const problems: string[] = [];
  // Where one of them issues and the other does not, that is the difference: the rest follows from it.
  const together = theirs.get("issues") === ours.get("issues");
  const fields = together
    ? new Set([...theirs.keys(), ...ours.keys()])
    : ["exit", "stdout", "issues", "files"];
  for (const field of fields) {
    compared++;
    const [mkcert, localtls] = [theirs.get(field) ?? "-", ours.get(field) ?? "-"];
    const listed = findDifference(id, field);
    const values = `mkcert "${mkcert}", localtls "${localtls}"`;
    if (listed === undefined) {
      if (mkcert !== localtls) problems.push(`${id} / ${field}: not listed: ${values}`);
      continue;
    }
    if (
      mkcert === localtls || !matches(listed.mkcert, mkcert) || !matches(listed.localtls, localtls)
    ) {
      problems.push(`${id} / ${field}: not as listed: ${values}`);
    }
    seen.add(listed);
    const where = listed.cases === "any" ? "(any)" : id;
    const row = { mkcert: short(mkcert), localtls: short(localtls), why: listed.reason };
    rows[`${where}: ${field}${listed.cases === "any" ? ` ${row.mkcert}` : ""}`] = row;
  }
  return problems;
}

function matches(listed: string | undefined, value: string): boolean {
  return listed === undefined || listed === value;
}

function short(value: string): string {
  return value.length > 40 ? `${value.slice(0, 37)}...` : value || "(none)";
}
