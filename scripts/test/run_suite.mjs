/**
 * Runs one suite or check as a process, and says in a line how it went. What it printed is kept in
 * .cache/reports and shown where something failed: of several that run at once nobody could read it.
 */

import { spawn } from "node:child_process";
import { createWriteStream, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { ROOT } from "../toolchain.mjs";

/** JUnit reports and what the suites printed. */
export const REPORTS = join(ROOT, ".cache", "reports");

/** sandbox.sh's exit code where no sandbox can be made. */
const NO_SANDBOX = 77;
const NEEDS = "root and a private mount namespace";

/** Lines shown of a suite with failures; all of it is in its log. */
const MAX_LINES = 400;

/** A check that passes or fails as a whole. */
export async function runCheck(tally, { name, argv }) {
  const started = Date.now();
  const { code, log } = await runLogged(name, argv);
  if (code === 0) tally.pass();
  else {
    tally.fail(name);
    showLog(log);
  }
  console.log(`${code === 0 ? "ok  " : "FAIL"} ${name} (${seconds(started)} s)`);
}

/**
 * A suite under Bun or Deno, whose report says how many tests passed, failed and were skipped.
 *
 * @param suite.report The flags that make the runner write a JUnit report to the path it is given.
 * @param suite.prefix Words before the runner: scripts/sandbox.sh, which may find that it cannot run.
 * @param suite.needs What it cannot run without, for the skip.
 * @param suite.skip Why it is left out.
 */
export async function runSuite(tally, suite) {
  const { name, argv, report, prefix = [], skip, needs = NEEDS } = suite;
  if (skip !== undefined) {
    tally.skip(`${name}: ${skip}`);
    return;
  }
  const started = Date.now();
  if (process.stdout.isTTY) console.log(`...  ${name}`);
  const file = join(REPORTS, `${fileName(name)}.xml`);
  const { code, log } = await runLogged(name, [...prefix, ...argv, ...report(file)]);
  if (prefix.length > 0 && code === NO_SANDBOX) {
    tally.skip(`${name}: needs ${needs}`);
    return;
  }
  const counted = existsSync(file) ? tally.addReport(readFileSync(file, "utf8"), name) : undefined;
  // A runner that broke down before its report, or that failed without a failed test, is a failure too.
  if (counted === undefined || (code !== 0 && counted.failed === 0) || counted.passed === 0) {
    tally.fail(`${name}: the runner ended with ${code}`);
  }
  const { passed = 0, failed = 0, skipped = 0 } = counted ?? {};
  if (code !== 0 || failed > 0) showLog(log);
  for (const line of tables(log)) console.log(line);
  console.log(
    `${name}: ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds(started)} s)`,
  );
}

/** Runs to the end, output into a log of its own. @returns the exit code, or the signal's name. */
async function runLogged(name, argv) {
  const log = join(REPORTS, `${fileName(name)}.log`);
  const sink = createWriteStream(log);
  const child = spawn(argv[0], argv.slice(1), { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.pipe(sink, { end: false });
  child.stderr.pipe(sink, { end: false });
  const code = await new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (status, signal) => resolve(status ?? signal));
  });
  sink.end();
  await finished(sink);
  return { code, log };
}

/** Results that are there to be read (matrices, comparisons): lines that tests mark with "| ". */
function tables(log) {
  return readFileSync(log, "utf8").split("\n").filter((line) => line.startsWith("| "));
}

function showLog(log) {
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  if (lines.length > MAX_LINES) {
    console.log(`(the last ${MAX_LINES} of ${lines.length} lines; all are in ${log})`);
  }
  console.log(lines.slice(-MAX_LINES).join("\n"));
}

function fileName(name) {
  return name.replaceAll(/\W+/g, "-");
}

function seconds(started) {
  return ((Date.now() - started) / 1000).toFixed(0);
}
