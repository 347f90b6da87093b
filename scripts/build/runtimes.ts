/**
 * Bun's executables for other machines: npm packages of exactly the version that builds, fetched by npm when a
 * build asks for them and kept below .cache/.
 *
 * package-lock.json pins them by SHA-512 already, as optional packages of `bun`; each is installed alone, by
 * `npm ci`, from a lock file that carries that pin, so that npm itself refuses other bytes.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../toolchain.mjs";
import type { Target } from "./targets.ts";

/** What package-lock.json says about one package. */
export interface LockedPackage {
  readonly version: string;
  /** `sha512-` and the Base64 of the digest of the package's archive. */
  readonly integrity: string;
  readonly license?: string;
}

/** The packages of a lock file, by their path ("node_modules/tlds"). */
export type Lock = Readonly<Record<string, LockedPackage>>;

/** Reads package-lock.json. */
export function readLock(): Lock {
  return JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages;
}

/**
 * The pin of a target's runtime.
 *
 * @throws {Error} The lock file has no SHA-512 for it, or another version than that of `bun`.
 */
export function pinOf(lock: Lock, { runtime }: Target): LockedPackage {
  const pin = lock[`node_modules/${runtime}`];
  const bun = lock["node_modules/bun"];
  if (pin === undefined || bun === undefined) {
    throw new Error(`Cannot find ${runtime}: package-lock.json does not pin it`);
  }
  if (pin.version !== bun.version) {
    throw new Error(
      `Cannot use ${runtime}: package-lock.json pins ${pin.version}, and bun ${bun.version} builds`,
    );
  }
  if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(pin.integrity ?? "")) {
    throw new Error(`Cannot use ${runtime}: package-lock.json has no SHA-512 for it`);
  }
  return pin;
}

/** The package.json and package-lock.json from which npm installs one runtime and nothing else. */
export function installFiles(runtime: string, pin: LockedPackage): Record<string, string> {
  const dependencies = { [runtime]: pin.version };
  const top = { name: "localtls-runtime", version: "0.0.0", dependencies };
  // Without os, cpu and libc: npm would refuse to install what this machine cannot run.
  const packages = {
    "": top,
    [`node_modules/${runtime}`]: { version: pin.version, integrity: pin.integrity },
  };
  const lock = {
    name: top.name,
    version: top.version,
    lockfileVersion: 3,
    requires: true,
    packages,
  };
  return {
    "package.json": JSON.stringify({ private: true, ...top }),
    "package-lock.json": JSON.stringify(lock),
  };
}

/**
 * The path of a target's runtime, fetched if it is not there yet.
 *
 * @throws {Error} npm could not get it, or got other bytes than those pinned, or the file in .cache/ has changed
 * since npm checked it.
 */
export async function runtimePath(lock: Lock, target: Target): Promise<string> {
  const pin = pinOf(lock, target);
  const directory = runtimeDirectory(target, pin);
  const file = join(directory, "node_modules", target.runtime, target.runtimeFile);
  const record = join(directory, "sha256");
  if (!existsSync(record)) await install(directory, target, pin);
  const digest = sha256(file);
  if (digest !== readFileSync(record, "utf8")) {
    throw new Error(
      `Cannot use ${file}: it has changed since it was fetched\nhint: rm -r ${directory}`,
    );
  }
  return file;
}

/** Where a runtime is kept. Named by the pin: another pin is another directory, and never finds old bytes. */
export function runtimeDirectory(target: Target, pin: LockedPackage): string {
  const digest = Buffer.from(pin.integrity.slice("sha512-".length), "base64").toString("hex");
  return join(ROOT, ".cache", "runtimes", `${target.name}-${pin.version}-${digest.slice(0, 16)}`);
}

async function install(directory: string, target: Target, pin: LockedPackage): Promise<void> {
  const fresh = `${directory}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    for (const [name, content] of Object.entries(installFiles(target.runtime, pin))) {
      writeFileSync(join(fresh, name), content);
    }
    await npmCi(fresh, target.runtime);
    writeFileSync(
      join(fresh, "sha256"),
      sha256(join(fresh, "node_modules", target.runtime, target.runtimeFile)),
    );
    rmSync(directory, { recursive: true, force: true });
    renameSync(fresh, directory);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function npmCi(directory: string, runtime: string): Promise<void> {
  const npm = process.env["npm_execpath"];
  const node = process.env["npm_node_execpath"];
  const command = npm?.endsWith(".js") && node !== undefined ? [node, npm] : ["npm"];
  const flags = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  return new Promise((resolve, reject) => {
    const child = spawn(command[0]!, [...command.slice(1), ...flags], {
      cwd: directory,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk) => output += chunk);
    child.stderr.on("data", (chunk) => output += chunk);
    child.on("error", (error) => reject(new Error(`Cannot run npm: ${error.message}`)));
    child.on("close", (code) => {
      if (code === 0) return resolve();
      reject(new Error(`Cannot fetch ${runtime}: npm ci ended with ${code}\n${output.trim()}`));
    });
  });
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
