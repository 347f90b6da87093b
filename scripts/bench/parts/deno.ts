/** The source under `deno run`, with the permissions of the `localtls` task, and the executable. */

import { join } from "node:path";
import { denoPermissions } from "../../build/deno_compile.ts";
import { denoPath, ROOT } from "../../toolchain.mjs";
import { measure } from "../measure.ts";
import { type Part, PEAK_RUNS } from "../part.ts";
import { LOCALTLS } from "../place.ts";

const COMMANDS = [["version"], ["--help"], ["cert", "app.test"]];

export const deno: Part = {
  title: "The source under Deno",
  budget: 20,
  async measure(run) {
    const place = run.place("deno");
    measure(place.command([LOCALTLS, "cert", "app.test"]));
    const flags = ["--quiet", "--no-check", "--no-prompt", `--config=${join(ROOT, "deno.json")}`];
    const source = join(ROOT, "src", "main.ts");
    const prefix = [denoPath(), "run", ...flags, ...denoPermissions(), source];
    const nameOf = (program: string, args: readonly string[]) => `${program} ${args[0]}`;
    await run.race(
      COMMANDS.flatMap((args) => [
        { name: nameOf("deno run", args), command: place.command([...prefix, ...args]) },
        { name: nameOf("localtls", args), command: place.command([LOCALTLS, ...args]) },
      ]),
      { rounds: 15, peaks: PEAK_RUNS },
    );
    for (const args of COMMANDS) run.compare(nameOf("deno run", args), nameOf("localtls", args));
  },
};
