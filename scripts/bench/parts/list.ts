/**
 * Certificates in bulk: `cert --from`, with its files on the disk, and the engine alone, against what no program can do
 * without: key, exports and signature.
 */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileProgram } from "../compiled.ts";
import { type Command, measure, measurePeak } from "../measure.ts";
import type { Part, PartRun, Rate } from "../part.ts";
import { LOCALTLS, type Place } from "../place.ts";
import type { LoopResult } from "../programs/loop.ts";

const SIGNING = "generateKey, export, sign alone";
const ENGINE = "the engine, without files";
const LOOP = 10_000;

const nameOf = (lines: number) => `localtls cert --from, ${lines.toLocaleString("en")} lines`;

export const list: Part = {
  title: "Certificates in bulk",
  budget: 110,
  async measure(run) {
    const place = run.place("list");
    measure(place.command([LOCALTLS, "cert", "app.test"]));
    const [signing, engine] = [
      await compileProgram("signing_loop"),
      await compileProgram("issuing_loop"),
    ];
    const loop = (program: string) => loopRate(place.command([program, String(LOOP)]));
    await run.rates("certificates/s", [
      { name: SIGNING, run: () => loop(signing) },
      { name: ENGINE, run: () => loop(engine) },
      ...[10, 1_000, 10_000].map((lines) => ({
        name: nameOf(lines),
        run: () => issue(place, lines, measure),
      })),
    ], { rounds: 7, share: 0.5 });
    run.compare(ENGINE, SIGNING, { atLeast: 0.75 });
    run.compare(nameOf(10_000), SIGNING);
    run.judge(nameOf(10_000), { atLeast: 8000 });
    if (run.quick) run.note("Without the list of 100,000 lines.");
    else memory(run, place);
  },
};

/** What a program of programs/loop.ts says of itself. */
export function loopRate(command: Command): Rate {
  const { count, wall, cpu }: LoopResult = JSON.parse(measure(command).stdout);
  return { rate: count / wall * 1000, cpu: cpu / count * 1000 };
}

function memory(run: PartRun, place: Place): void {
  const sizes = [10_000, 100_000];
  for (const lines of sizes) {
    const { rate, cpu, peak } = issue(place, lines, measurePeak);
    run.row({
      name: `${nameOf(lines)}, memory`,
      unit: "certificates/s",
      values: [rate],
      cpu: [cpu],
      peak: [peak],
    });
  }
  const [few, many] = sizes.map((lines) => `${nameOf(lines)}, memory`);
  run.compare(many!, few!, { atMost: 1.1 }, "peak");
}

/** Issues for a list into a new directory, which goes afterwards. */
function issue<T extends { readonly wall: number; readonly cpu: number }>(
  place: Place,
  lines: number,
  how: (command: Command) => T,
): Omit<T, "cpu"> & Required<Rate> {
  const [list, out] = [join(place.home, `list-${lines}`), join(place.home, "out")];
  writeFileSync(list, Array.from({ length: lines }, (_, index) => `host-${index}.test\n`).join(""));
  mkdirSync(out);
  const sample = how(place.command([LOCALTLS, "cert", "--from", list, "--out", out, "--quiet"]));
  rmSync(out, { recursive: true });
  const { wall, cpu } = sample;
  return { ...sample, rate: lines / wall * 1000, cpu: cpu / lines * 1000 };
}
