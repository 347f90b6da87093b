/**
 * Builds what the tests of other machines run, into .cache/platforms/programs: localtls for each of them, a TLS
 * client and a certutil.exe for Windows.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { buildRelease } from "../build/release_build.ts";
import { readLock, runtimePath } from "../build/runtimes.ts";
import { selectTargets } from "../build/targets.ts";
import { bunPath, ROOT } from "../toolchain.mjs";

const PROGRAMS = join(ROOT, ".cache", "platforms", "programs");
const WINDOWS_SOURCES = join(ROOT, "tests", "platforms", "windows");
const TARGETS = "linux-x64,linux-arm64,linux-x64-musl,linux-arm64-musl,windows-x64";

async function main(): Promise<number> {
  // What a build of before has left is no proof.
  rmSync(PROGRAMS, { recursive: true, force: true });
  mkdirSync(PROGRAMS, { recursive: true });
  let code = 0;
  for (const build of [buildLocaltls, buildClient, buildCertutil]) {
    try {
      await build();
    } catch (error) {
      console.error(`platforms: ${error instanceof Error ? error.message : error}`);
      code = 1;
    }
  }
  return code;
}

async function buildLocaltls(): Promise<void> {
  const finished = () => {};
  await buildRelease({
    targets: selectTargets(TARGETS),
    directory: PROGRAMS,
    archives: false,
    finished,
    warn: (message) => console.error(`platforms: ${message}`),
  });
}

async function buildClient(): Promise<void> {
  const [windows] = selectTargets("windows-x64");
  const runtime = await runtimePath(readLock(), windows!);
  run([
    ...[bunPath(), "build", "--compile", `--target=${windows!.bun}`],
    ...[`--compile-executable-path=${runtime}`, join(WINDOWS_SOURCES, "tls_client.ts")],
    ...["--outfile", join(PROGRAMS, "tls_client.exe")],
  ]);
}

function buildCertutil(): void {
  run([
    ...["x86_64-w64-mingw32-gcc", "-municode", "-O1", "-Wall", "-Wextra", "-Werror"],
    ...["-o", join(PROGRAMS, "certutil.exe"), join(WINDOWS_SOURCES, "certutil.c"), "-lcrypt32"],
  ]);
}

function run(argv: readonly string[]): void {
  const { status, error, stdout, stderr } = spawnSync(argv[0]!, argv.slice(1), {
    cwd: PROGRAMS,
    encoding: "utf8",
  });
  if (status === 0) return;
  throw new Error(`${argv[0]} ended with ${status ?? error?.message}\n${stdout}${stderr}`.trim());
}

process.exit(await main());
