/**
 * Runs one part and tells what it finds, a line of JSON for each: `run_part PART [--quick]`. bench.ts calls it inside
 * the sandbox.
 *
 * @module
 */

import process from "node:process";
import { PartRun } from "./part.ts";
import { PARTS } from "./parts.ts";

const [name = "", mode] = process.argv.slice(2);
const part = PARTS[name];
if (part === undefined) throw new Error(`No part is called ${name}`);
const run = new PartRun(mode === "--quick", part.budget, (told) => {
  console.log(JSON.stringify(told));
});
try {
  await part.measure(run);
} catch (error) {
  run.note(`Ended early: ${error instanceof Error ? error.message : error}`);
} finally {
  run.end();
}
process.exit(0);
