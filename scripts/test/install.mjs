/**
 * Packages that tests use and that are too heavy for package.json, whose packages everybody installs: each set in a directory
 * of .cache/servers, installed again when what is wanted changes.
 */

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../toolchain.mjs";

const SERVERS = join(ROOT, ".cache", "servers");

/**
 * Installs a set unless it is there.
 *
 * @param name Its directory.
 * @param wanted What it is made of, as text: another text is another set.
 * @param prepare Gives the steps, one after the other: commands, run in the directory, and functions.
 */
export async function install(name, wanted, prepare) {
  const directory = join(SERVERS, name);
  const stamp = join(directory, "installed.txt");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  mkdirSync(directory, { recursive: true });
  rmSync(join(directory, "unavailable.txt"), { force: true });
  console.log(`test: installing packages of ${name}`);
  for (const step of prepare(directory, wanted)) {
    if (typeof step === "function") {
      step();
      continue;
    }
    const [program, ...args] = step;
    if (await run(program, args, directory) !== 0) {
      console.log(`test: cannot install packages of ${name}: their tests are skipped or fail`);
      return;
    }
  }
  writeFileSync(stamp, wanted);
}

/** Notes why a set cannot be had on this machine: then its tests are skipped, by this reason. */
export function noteUnavailable(name, reason) {
  const directory = join(SERVERS, name);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "unavailable.txt"), reason);
  console.log(`test: not installed, their tests will be skipped: packages of ${name}: ${reason}`);
}

function run(program, args, cwd) {
  const child = spawn(program, args, { cwd, stdio: ["ignore", "ignore", "inherit"] });
  return new Promise((resolve) => child.once("error", () => resolve(127)).once("close", resolve));
}
