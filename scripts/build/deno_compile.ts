/**
 * `deno compile`: the program bundled into one file in a directory of its own, with the permissions of the
 * `localtls` task in deno.json.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { bunPath, denoPath, ROOT } from "../toolchain.mjs";

/** Writes dist/localtls-deno. @returns Its path. @throws {Error} Deno, or its runtime, could not do it. */
export function compileWithDeno(): string {
  const work = join(ROOT, ".cache", "deno-compile");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  // One file in an empty directory: deno compile embeds every node_modules that it finds.
  const bundled = spawnSync(
    bunPath(),
    ["build", "src/main.ts", "--target=node", "--outfile", join(work, "localtls.mjs")],
    { cwd: ROOT, encoding: "utf8" },
  );
  if (bundled.status !== 0) throw new Error(`Cannot bundle\n${bundled.stdout}${bundled.stderr}`);
  const output = join(ROOT, "dist", "localtls-deno");
  const flags = ["compile", "--no-check", "--no-config", ...denoPermissions()];
  const result = spawnSync(
    denoPath(),
    [...flags, "--output", output, join(work, "localtls.mjs")],
    { cwd: work, encoding: "utf8", env: environment(), timeout: 120_000 },
  );
  if (result.status === 0) return output;
  const detail = `${result.stdout ?? ""}${result.stderr ?? ""}`.trim();
  const noRuntime = environment()["DENORT_BIN"] === undefined &&
    /denort|download|fetch|dl\.deno|client error/i.test(detail);
  throw new Error(
    noRuntime
      ? "Cannot compile with Deno: it needs its runtime, denort, which it downloads, and there is " +
        "no way to get it from here\n" +
        "hint: DENORT_BIN=/path/to/denort npm run build -- --runtime deno\n" +
        `The bundled program is ready: deno run ${denoPermissions().join(" ")} ` +
        ".cache/deno-compile/localtls.mjs"
      : `Cannot compile with Deno\n${detail}`,
  );
}

/** This process's, without an empty DENORT_BIN, which Deno would take for a path. */
function environment(): NodeJS.ProcessEnv {
  const { DENORT_BIN, ...rest } = process.env;
  return DENORT_BIN ? { ...rest, DENORT_BIN } : rest;
}

/** The permissions of the `localtls` task, so that they stand in one place. */
export function denoPermissions(): string[] {
  const { tasks } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
  const command: string = tasks.localtls.command ?? tasks.localtls;
  return command.split(" ").filter((word) =>
    word.startsWith("--allow-") || word.startsWith("--deny-")
  );
}
