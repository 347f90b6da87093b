/**
 * Builds the executable.
 *
 * `npm run build` writes dist/localtls for this machine. `npm run build -- --all` writes the executables and
 * archives of every target, with their checksums and the list of components; `--target NAME,NAME` those of some,
 * `--no-archives` leaves the archives out, `--out DIR` writes elsewhere than to dist/. `npm run build -- --runtime
 * deno` calls `deno compile`.
 *
 * @module
 */

import { mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { VERSION } from "../src/version.ts";
import { compile } from "./build/bun_compile.ts";
import { withBytecodeOrder } from "./build/bytecode_order.ts";
import { selectTargets, type Target, TARGETS } from "./build/targets.ts";
import { ROOT } from "./toolchain.mjs";

const OPTIONS = {
  all: { type: "boolean", default: false },
  target: { type: "string" },
  "no-archives": { type: "boolean", default: false },
  out: { type: "string", default: join(ROOT, "dist") },
  runtime: { type: "string", default: "bun" },
  quiet: { type: "boolean", default: false },
} as const;

async function main(args: readonly string[]): Promise<number> {
  let options;
  let targets: readonly Target[] | undefined;
  try {
    options = parseArgs({ args: [...args], options: OPTIONS }).values;
    targets = wantedTargets(options.all, options.target);
    if (options.runtime !== "bun" && options.runtime !== "deno") {
      throw new Error(`"${options.runtime}" is no runtime: give --runtime bun or --runtime deno`);
    }
  } catch (error) {
    complain(error);
    return 2;
  }
  const { quiet, runtime, out } = options;
  try {
    checkVersions();
    mkdirSync(join(ROOT, "dist"), { recursive: true });
    if (targets !== undefined) await buildFor(targets, out, !options["no-archives"], quiet);
    else if (runtime === "deno") await buildWithDeno(quiet);
    else await buildHere(quiet);
    return 0;
  } catch (error) {
    complain(error);
    return 1;
  }
}

/** Undefined: this machine alone. */
function wantedTargets(all: boolean, list: string | undefined): readonly Target[] | undefined {
  if (all && list !== undefined) throw new Error("--all and --target exclude each other");
  if (all) return TARGETS;
  return list === undefined ? undefined : selectTargets(list);
}

/** One version, in three places that other programs read. */
function checkVersions(): void {
  for (const file of ["package.json", "deno.json"]) {
    const { version } = JSON.parse(readFileSync(join(ROOT, file), "utf8"));
    if (version !== VERSION) {
      throw new Error(`${file} says version ${version}, src/version.ts says ${VERSION}`);
    }
  }
}

async function buildHere(quiet: boolean): Promise<void> {
  const directory = join(ROOT, "dist");
  const path = join(directory, process.platform === "win32" ? "localtls.exe" : "localtls");
  // Renamed over the old one: a running localtls keeps its own file.
  const { output } = await withBytecodeOrder(
    directory,
    complain,
    (order) => compile({ name: "host", directory, order }, (fresh) => renameSync(fresh, path)),
  );
  if (!quiet) console.error(output);
  if (!quiet) report(relative(ROOT, path), statSync(path).size);
}

async function buildFor(
  targets: readonly Target[],
  out: string,
  archives: boolean,
  quiet: boolean,
): Promise<void> {
  // Loaded for this alone, so that a build for this machine does not wait for it.
  const { buildRelease } = await import("./build/release_build.ts");
  const directory = resolve(out);
  const finished = (name: string, size: number) => {
    if (!quiet) report(relative(ROOT, join(directory, name)), size);
  };
  await buildRelease({ targets, directory, archives, finished, warn: complain });
}

async function buildWithDeno(quiet: boolean): Promise<void> {
  const { compileWithDeno } = await import("./build/deno_compile.ts");
  const path = compileWithDeno();
  if (!quiet) report(relative(ROOT, path), statSync(path).size);
}

function report(name: string, size: number): void {
  console.error(`build: ${name}, ${(size / 1e6).toFixed(size < 1e6 ? 3 : 0)} MB`);
}

function complain(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  for (const line of message.split("\n")) console.error(`build: ${line}`);
}

process.exit(await main(process.argv.slice(2)));
