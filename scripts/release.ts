/**
 * Prepares a release, and contacts nobody: `npm run release -- --dry-run` checks everything and prints what would be
 * published and the commands with which a person does it. `--publish` prints those commands alone, for a shell, and
 * writes the notes that they name.
 *
 * Exit codes: 0 it may be published; 1 it may not, for the reasons given; 2 usage.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { VERSION } from "../src/version.ts";
import { checksumProblems, CHECKSUMS, sha256OfFile } from "./build/checksums.ts";
import { artefactNames, SBOM } from "./build/release_build.ts";
import { commitOf } from "./build/sbom.ts";
import { TARGETS } from "./build/targets.ts";
import {
  changelogSection,
  publishCommands,
  type ReleaseFacts,
  releaseProblems,
  tagOf,
} from "./release/checks.ts";
import { ROOT } from "./toolchain.mjs";

const USAGE = "usage: npm run release -- --dry-run | --publish";
const DIST = join(ROOT, "dist");
const NAMES = artefactNames(TARGETS, true);

function main(args: readonly string[]): number {
  let options;
  try {
    options = parseArgs({
      args: [...args],
      options: { "dry-run": { type: "boolean" }, publish: { type: "boolean" } },
    }).values;
  } catch (error) {
    console.error(`release: ${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  if (options["dry-run"] === options.publish) {
    console.error(USAGE);
    return 2;
  }
  const facts = gather();
  const problems = releaseProblems(facts);
  const present = [...NAMES, CHECKSUMS].filter((name) => existsSync(join(DIST, name)));
  if (options["dry-run"]) describe(facts, present);
  if (problems.length > 0) {
    for (const problem of problems) console.error(`release: ${problem.replaceAll("\n", "\n  ")}`);
    console.error(
      `release: refused for ${problems.length} reason${problems.length === 1 ? "" : "s"}`,
    );
    if (facts.checksumProblems.length > 0 || facts.builtFrom !== facts.head) {
      console.error("release: hint: npm run build -- --all");
    }
    return 1;
  }
  const notes = changelogSection(facts.changelog, VERSION)!;
  if (options.publish) writeFileSync(join(DIST, `CHANGELOG-${VERSION}.md`), `${notes}\n`);
  else {console.log(
      "\nnpm run release -- --publish writes the notes and prints, for a person to run:\n",
    );}
  const files = present.map((name) => `dist/${name}`);
  for (const command of publishCommands(VERSION, facts.head, files)) console.log(command);
  return 0;
}

function gather(): ReleaseFacts {
  const versionIn = (file: string): string | undefined =>
    JSON.parse(readFileSync(join(ROOT, file), "utf8")).version;
  const sbom = join(DIST, SBOM);
  return {
    version: VERSION,
    versions: Object.fromEntries(
      ["package.json", "package-lock.json", "deno.json"].map((file) => [file, versionIn(file)]),
    ),
    status: git("status", "--porcelain"),
    head: git("rev-parse", "HEAD"),
    builtFrom: existsSync(sbom) ? commitOf(readFileSync(sbom, "utf8")) : undefined,
    tags: git("tag", "--list").split("\n"),
    changelog: readFileSync(join(ROOT, "CHANGELOG.md"), "utf8"),
    checksumProblems: checksumProblems(DIST, NAMES),
  };
}

function describe(facts: ReleaseFacts, present: readonly string[]): void {
  console.log(`version   ${facts.version}`);
  console.log(`tag       ${tagOf(facts.version)}`);
  console.log(`commit    ${facts.head}\n`);
  for (const name of present) {
    const path = join(DIST, name);
    const size = statSync(path).size.toString().padStart(11);
    console.log(`${sha256OfFile(path)} ${size}  ${name}`);
  }
  const notes = changelogSection(facts.changelog, facts.version);
  if (notes !== undefined) console.log(`\nCHANGELOG, ${facts.version}:\n\n${notes}`);
}

function git(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync("git", args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`git ${args.join(" ")} ended with ${status}\n${stderr}`);
  // Not at the beginning: the first line of a status may start with a space.
  return stdout.trimEnd();
}

process.exit(main(process.argv.slice(2)));
