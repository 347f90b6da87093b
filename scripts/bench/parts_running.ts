/**
 * Parts as processes of their own, each in a sandbox, where they may trust CAs.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { bunPath, ROOT } from "../toolchain.mjs";
import type { Part, Told } from "./part.ts";
import { PLACES } from "./place.ts";
import type { PartResult } from "./results.ts";

/** scripts/sandbox.sh's exit code where no sandbox can be made. */
const NO_SANDBOX = 77;
/** Seconds beyond a part's budget until it is ended: what it has told by then is kept. */
const GRACE = 30;

/**
 * Runs a part to its end, or to the end of its time. Never throws for what it does.
 *
 * @param until When it is ended at the latest, in milliseconds as Date.now() has them.
 */
export async function runPart(
  name: string,
  part: Part,
  quick: boolean,
  until = Infinity,
): Promise<PartResult> {
  const script = join(ROOT, "scripts", "bench", "run_part.ts");
  const argv = [bunPath(), script, name, ...(quick ? ["--quick"] : [])];
  const begun = Date.now();
  const limit = Math.min((part.budget + GRACE) * 1000, Math.max(until - begun, 0));
  let { told, code, isLate } = await listen(
    ["bash", join(ROOT, "scripts", "sandbox.sh"), ...argv],
    limit,
  );
  if (code === NO_SANDBOX) {
    ({ told, code, isLate } = await listen(argv, limit));
    told.push({ note: "There is no sandbox here: that takes root and private mount namespaces." });
  }
  // One that was ended could not tidy up.
  rmSync(PLACES, { recursive: true, force: true });
  if (isLate) {
    told.push({ note: `Ended after ${(limit / 1000).toFixed(0)} s: what follows is missing.` });
  } else if (code !== 0) told.push({ note: `Ended early, with ${code}.` });
  return {
    part: name,
    title: part.title,
    rows: told.flatMap((each) => "row" in each ? [each.row] : []),
    comparisons: told.flatMap((each) => "comparison" in each ? [each.comparison] : []),
    notes: told.flatMap((each) => "note" in each ? [each.note] : []),
    seconds: Math.round((Date.now() - begun) / 1000),
  };
}

async function listen(
  argv: readonly string[],
  limit: number,
): Promise<{ told: Told[]; code: number | null; isLate: boolean }> {
  const child = spawn(argv[0]!, argv.slice(1), {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
    env: process.env,
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGTERM");
  }, limit);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => text += chunk);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  clearTimeout(timer);
  // The last line of one that was ended may be cut.
  const lines = text.split("\n").slice(0, -1);
  return { told: lines.map((line) => JSON.parse(line) as Told), code, isLate };
}
