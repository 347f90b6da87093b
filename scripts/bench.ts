/**
 * Measures localtls against others, and writes bench/RESULTS.md: `npm run bench`.
 *
 *   npm run bench                     all parts, less than ten minutes
 *   npm run bench -- --only cert      one, or several with commas; prints the page, and writes nothing
 *   npm run bench -- --quick          few rounds, to see whether all works; prints the page, and writes nothing
 *   npm run bench -- --json           every number as JSON on stdout, in place of the page
 *
 * As root on a Debian it installs the programs that it compares with; elsewhere it says which are missing. The exit
 * code says whether it has measured, not whether targets are met: that depends on who else uses the machine.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { describeMachine, load } from "./bench/machine.ts";
import { type Report, toMarkdown } from "./bench/markdown.ts";
import { PARTS } from "./bench/parts.ts";
import { runPart } from "./bench/parts_running.ts";
import { installPeers, versions } from "./bench/peers.ts";
import type { PartResult } from "./bench/results.ts";
import { bunPath, ROOT } from "./toolchain.mjs";

/** All parts together: on a busy machine each may overrun its budget a little. */
const WHOLE_MS = 580_000;

const OPTIONS = {
  only: { type: "string" },
  quick: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

async function main(args: readonly string[]): Promise<number> {
  let options;
  let wanted: readonly string[];
  try {
    options = parseArgs({ args: [...args], options: OPTIONS }).values;
    wanted = options.only?.split(",") ?? Object.keys(PARTS);
    const unknown = wanted.filter((name) => PARTS[name] === undefined);
    if (unknown.length > 0) {
      throw new Error(
        `No part is called ${unknown.join(", ")}; there are: ${Object.keys(PARTS).join(", ")}`,
      );
    }
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    return 2;
  }
  const { quick, json, only } = options;
  const missing = installPeers();
  if (missing.length > 0) console.error(`bench: not installed: ${missing.join(", ")}`);
  const built = spawnSync(bunPath(), ["scripts/build.ts", "--quiet"], {
    cwd: ROOT,
    stdio: "inherit",
  });
  if (built.status !== 0) return 1;
  // Part of a record, or one of few rounds, shall not stand where a whole one stood.
  const isRecord = only === undefined && !quick;
  const report = await measureParts(wanted, quick, missing, (soFar) => {
    if (isRecord) writePage(soFar);
  });
  if (isRecord) console.error("bench: bench/RESULTS.md");
  console.log(json ? JSON.stringify(report, undefined, 2) : toMarkdown(report));
  return report.parts.every(({ rows }) => rows.length > 0) ? 0 : 1;
}

function writePage(report: Report): void {
  mkdirSync(join(ROOT, "bench"), { recursive: true });
  writeFileSync(join(ROOT, "bench", "RESULTS.md"), toMarkdown(report));
}

/** @param keep Gets the report after each part: who ends the run early has what was measured by then. */
async function measureParts(
  names: readonly string[],
  quick: boolean,
  missing: readonly string[],
  keep: (soFar: Report) => void,
): Promise<Report> {
  const begun = new Date();
  const before = load();
  const facts = {
    date: `${begun.toISOString().slice(0, 16)}Z`,
    quick,
    machine: describeMachine(),
    versions: versions(),
    missing,
  };
  const parts: PartResult[] = [];
  const soFar = (): Report => ({
    ...facts,
    load: [before, load()],
    parts: [...parts],
    left: names.slice(parts.length),
    seconds: Math.round((Date.now() - begun.getTime()) / 1000),
  });
  for (const name of names) {
    console.error(`bench: ${name}`);
    parts.push(await runPart(name, PARTS[name]!, quick, begun.getTime() + WHOLE_MS));
    keep(soFar());
  }
  return soFar();
}

process.exit(await main(process.argv.slice(2)));
