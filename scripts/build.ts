/**
 * Builds the executable.
 *
 * `npm run build` writes dist/localtls with Bun; `npm run build -- --runtime deno` bundles the program
 * into one file in a directory of its own and calls `deno compile` on it, with the permissions of the
 * `localtls` task in deno.json.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { bunPath, denoPath, ROOT } from "./toolchain.mjs";
import { VERSION } from "../src/version.ts";

/**
 * Flags of `bun build --compile`, each measured on whole runs of the program: bytecode and minify save
 * parsing, splitting keeps the commands that are not run from being loaded. The autoload flags are about
 * safety: without them a compiled program runs `preload` code from a bunfig.toml in the current directory.
 */
const BUN_FLAGS = [
  "--compile",
  "--minify",
  "--bytecode",
  "--format=esm",
  "--splitting",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
];

function main(args: readonly string[]): number {
  const quiet = args.includes("--quiet");
  checkVersions();
  const runtime = args.includes("--runtime") ? args[args.indexOf("--runtime") + 1] : "bun";
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  if (runtime === "bun") return buildWithBun(quiet);
  if (runtime === "deno") return buildWithDeno(quiet);
  console.error(`build: "${runtime}" is no runtime: give --runtime bun or --runtime deno`);
  return 2;
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

function buildWithBun(quiet: boolean): number {
  const output = join(ROOT, "dist", process.platform === "win32" ? "localtls.exe" : "localtls");
  // Beside the old one and then renamed over it: a running localtls keeps its own file.
  const fresh = `${output}.new`;
  const code = spawn([bunPath(), "build", ...BUN_FLAGS, "src/main.ts", "--outfile", fresh], quiet);
  if (code !== 0) return code;
  renameSync(fresh, output);
  if (!quiet) console.error(`build: dist/localtls, ${megabytes(output)} MB`);
  return 0;
}

function buildWithDeno(quiet: boolean): number {
  const work = join(ROOT, ".cache", "deno-compile");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  // One file in an empty directory: deno compile embeds every node_modules that it finds.
  const bundled = spawn(
    [bunPath(), "build", "src/main.ts", "--target=node", "--outfile", join(work, "localtls.mjs")],
    true,
  );
  if (bundled !== 0) return bundled;
  const output = join(ROOT, "dist", "localtls-deno");
  const env: Record<string, string> = {};
  const denort = process.env["DENORT_BIN"];
  if (denort !== undefined && denort !== "") env["DENORT_BIN"] = denort;
  const compile = [denoPath(), "compile", "--no-check", "--no-config", ...denoPermissions()];
  const result = spawnSync(
    compile[0]!,
    [...compile.slice(1), "--output", output, join(work, "localtls.mjs")],
    { cwd: work, encoding: "utf8", env: { ...process.env, ...env }, timeout: 120_000 },
  );
  if (result.status === 0) {
    if (!quiet) console.error(`build: dist/localtls-deno, ${megabytes(output)} MB`);
    return 0;
  }
  const detail = `${result.stdout ?? ""}${result.stderr ?? ""}`.trim();
  const noRuntime = denort === undefined &&
    /denort|download|fetch|dl\.deno|client error/i.test(detail);
  console.error(
    noRuntime
      ? "build: cannot compile with Deno: it needs its runtime, denort, which it downloads, and there is " +
        "no way to get it from here\n" +
        "build: hint: DENORT_BIN=/path/to/denort npm run build -- --runtime deno\n" +
        `build: the bundled program is ready: deno run ${denoPermissions().join(" ")} ` +
        ".cache/deno-compile/localtls.mjs"
      : `build: deno compile failed\n${detail}`,
  );
  return 1;
}

/** The permissions of the `localtls` task, so that they stand in one place. */
function denoPermissions(): string[] {
  const { tasks } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
  const command: string = tasks.localtls.command ?? tasks.localtls;
  return command.split(" ").filter((word) =>
    word.startsWith("--allow-") || word.startsWith("--deny-")
  );
}

function spawn(argv: readonly string[], quiet: boolean): number {
  const result = spawnSync(argv[0]!, argv.slice(1), { cwd: ROOT, encoding: "utf8" });
  if (result.status !== 0 || !quiet) console.error(`${result.stdout}${result.stderr}`.trim());
  return result.status ?? 1;
}

function megabytes(path: string): string {
  return (statSync(path).size / 1e6).toFixed(0);
}

process.exit(main(process.argv.slice(2)));
