/** What the program takes to start: an empty program, `--help`, `version`. */

import { compileProgram } from "../compiled.ts";
import { type Part, PEAK_RUNS } from "../part.ts";
import { LOCALTLS } from "../place.ts";

const EMPTY = "empty program";

export const start: Part = {
  title: "Starting",
  budget: 15,
  async measure(run) {
    const place = run.place("start");
    const programs = [
      { name: EMPTY, argv: [await compileProgram("empty")] },
      { name: "localtls version", argv: [LOCALTLS, "version"] },
      { name: "localtls --help", argv: [LOCALTLS, "--help"] },
    ];
    await run.race(
      programs.map(({ name, argv }) => ({ name, command: place.command(argv) })),
      { rounds: 101, peaks: PEAK_RUNS },
    );
    for (const { name } of programs.slice(1)) run.compare(name, EMPTY, { atMost: 1.5 });
  },
};
