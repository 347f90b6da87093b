/**
 * Public conformance suites, and how their verdicts are held against what was reviewed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where scripts/test/conformance_tools.mjs puts them. */
const SUITES = fileURLToPath(new URL("../../.cache/servers", import.meta.url));

/** The file of a suite. */
export function suiteFile(suite: string, file: string): string {
  return join(SUITES, suite, file);
}

/**
 * The reason to skip a suite's tests: what this machine lacks for it. Throws where nothing is lacking and the suite is
 * not there all the same: that is no reason.
 */
export function missingSuite(suite: string): string | false {
  if (existsSync(suiteFile(suite, "installed.txt"))) return false;
  const reason = suiteFile(suite, "unavailable.txt");
  if (existsSync(reason)) return `${suite} is not installed: ${readFileSync(reason, "utf8")}`;
  throw new Error(`Cannot find the suite "${suite}": npm test -- e2e installs it`);
}

/** Reviewed deviations: why each case is not as the suite wants it, by the case's name. */
export type Deviations = Readonly<Record<string, string>>;

/**
 * Holds the cases that deviate against those that were reviewed. One that is new fails, and so does one that is listed
 * and deviates no more.
 */
export function assertDeviations(found: ReadonlyMap<string, string>, reviewed: Deviations): void {
  const fresh = [...found].filter(([name]) => reviewed[name] === undefined);
  assert.deepEqual(fresh, [], "deviations that nobody has reviewed");
  const gone = Object.keys(reviewed).filter((name) => !found.has(name));
  assert.deepEqual(gone, [], "reviewed deviations that are none any more");
}

/** Prints a line of the results table. */
export function printRow(...cells: readonly (string | number)[]): void {
  console.log(`| conformance | ${cells.join(" | ")} |`);
}
