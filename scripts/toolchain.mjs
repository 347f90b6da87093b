/**
 * What the other scripts stand on, on a machine that has only Node and npm: the pinned packages, and
 * the Bun and Deno that come with them. Plain JavaScript, because Node has to run it before either is there.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The top of the repository. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a program to its end; ends this process with the same code if it fails and `check` is set. */
export function run(argv, { check = true, quiet = false, env = {}, cwd = ROOT } = {}) {
  const result = spawnSync(argv[0], argv.slice(1), {
    cwd,
    env: { ...process.env, ...env },
    stdio: quiet ? ["ignore", "pipe", "pipe"] : ["inherit", "inherit", "inherit"],
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  if (result.error) throw result.error;
  if (check && result.status !== 0) {
    if (quiet) process.stderr.write(result.stdout + result.stderr);
    console.error(`localtls: "${argv.join(" ")}" ended with ${result.status ?? result.signal}`);
    process.exit(result.status ?? 1);
  }
  return result;
}

/** Installs the packages of package-lock.json, unless they are there already. */
export function ensurePackages() {
  const marker = join(ROOT, "node_modules", ".package-lock.json");
  const lock = join(ROOT, "package-lock.json");
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs) return;
  console.error("localtls: installing the packages that package-lock.json pins (npm ci)");
  const npm = process.env.npm_execpath;
  const argv = npm?.endsWith(".js") ? [process.execPath, npm] : ["npm"];
  run([...argv, "ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}

/** The pinned Bun. */
export function bunPath() {
  return findBinary("bun", [
    "node_modules/bun/bin/bun.exe",
    ...platformPackages("@oven", ["bin/bun", "bin/bun.exe"]),
  ]);
}

/** The pinned Deno. */
export function denoPath() {
  return findBinary("deno", [
    "node_modules/deno/deno",
    "node_modules/deno/deno.exe",
    ...platformPackages("@deno", ["deno", "deno.exe"]),
  ]);
}

/** npm can be set not to run install scripts; the platform's own package has the program all the same. */
function platformPackages(scope, files) {
  const directory = join(ROOT, "node_modules", scope);
  if (!existsSync(directory)) return [];
  return readdirSync(directory).flatMap((name) =>
    files.map((file) => `node_modules/${scope}/${name}/${file}`)
  );
}

function findBinary(name, candidates) {
  for (const candidate of candidates) {
    const path = join(ROOT, candidate);
    if (!existsSync(path) || statSync(path).size < 1 << 20) continue;
    if (spawnSync(path, ["--version"], { encoding: "utf8" }).status === 0) return path;
  }
  console.error(`localtls: cannot find ${name} in node_modules\nlocaltls: hint: npm ci`);
  process.exit(1);
}

/** A value of package.json. */
export function packageJson() {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
}
