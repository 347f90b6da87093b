/**
 * Certificates in bulk: `cert --from`, with its files on the disk, and the engine alone, against what no program can do
 * without: key, exports and signature.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileProgram } from "../compiled.ts";
import { type Command, measure, measurePeak } from "../measure.ts";
import type { Part, PartRun, Rate } from "../part.ts";
import { LOCALTLS, type Place } from "../place.ts";
import type { LoopResult } from "../programs/loop.ts";

const SIGNING = "generateKey, export, sign alone";
const ENGINE = "the engine, without files";
const LOOP = 40_000;

/** As the target has it: pinned to one core, by the processor's time, for that core is not ours alone. */
const oneCore = (name: string) => `${name}, one core`;

const nameOf = (lines: number) => `localtls cert --from, ${lines.toLocaleString("en")} lines`;

export const list: Part = {
  title: "Certificates in bulk",
  budget: 80,
  async measure(run) {
    const place = run.place("list");
    measure(place.command([LOCALTLS, "cert", "app.test"]));
    const [signing, engine] = [
      await compileProgram("signing_loop"),
      await compileProgram("issuing_loop"),
    ];
    const loop = (program: string) => loopRate(place.command([program, String(LOOP)]));
    const pinned = (program: string) => {
      const { cpu } = loopRate(place.command(["taskset", "-c", "0", program, String(LOOP)]));
      return { rate: 1_000_000 / cpu, cpu };
    };
    const ofList = (lines: number) => ({
      name: nameOf(lines),
      run: () => issue(place, lines, measure),
    });
    await run.rates("certificates/s", [
      { name: SIGNING, run: () => loop(signing) },
      { name: ENGINE, run: () => loop(engine) },
      { name: oneCore(SIGNING), run: () => pinned(signing) },
      { name: oneCore(ENGINE), run: () => pinned(engine) },
      ...[10, 1_000].map(ofList),
    ], { rounds: 7, share: 0.3 });
    // A disk that others use can take minutes for as many files.
    if (hasTime(run, 10_000, nameOf(1_000))) {
      await run.rates("certificates/s", [ofList(10_000)], { rounds: 3, share: 0.3, cold: true });
    }
    run.compare(oneCore(ENGINE), oneCore(SIGNING), { atLeast: 0.75 });
    run.compare(ENGINE, SIGNING);
    run.compare(nameOf(10_000), SIGNING);
    run.judge(oneCore(ENGINE), { atLeast: 8000 });
    run.judge(nameOf(10_000), { atLeast: 3000 });
    compareMemory(run);
  },
};

/** Whether there is time for a list, at the rate of another; told where there is not. */
function hasTime(run: PartRun, lines: number, known: string): boolean {
  const seconds = lines / (run.valueOf(known) ?? 0);
  if (Date.now() + seconds * 1000 < run.until()) return true;
  run.note(`${nameOf(lines)}: not measured: it would have taken ${seconds.toFixed(0)} s.`);
  return false;
}

/**
 * Whether memory grows with the list. Files are in memory as well, outside of the process: what the disk of this
 * machine takes for 200,000 of them says nothing about that.
 */
function compareMemory(run: PartRun): void {
  const place = run.place("list", {}, tmpdir());
  measure(place.command([LOCALTLS, "cert", "app.test"]));
  const sizes = run.quick ? [1_000, 10_000] : [10_000, 100_000];
  const named = sizes.map((lines) => `${nameOf(lines)}, into tmpfs`);
  sizes.forEach((lines, index) => {
    if (index > 0 && !hasTime(run, lines, named[index - 1]!)) return;
    const { rate, cpu, peak } = issue(place, lines, measurePeak);
    const name = named[index]!;
    run.row({ name, unit: "certificates/s", values: [rate], cpu: [cpu], peak: [peak] });
  });
  run.compare(named[1]!, named[0]!, { atMost: 1.1 }, "peak");
}

/** What a program of programs/loop.ts says of itself. */
export function loopRate(command: Command): Required<Rate> {
  const { count, wall, cpu }: LoopResult = JSON.parse(measure(command).stdout);
  return { rate: count / wall * 1000, cpu: cpu / count * 1000 };
}

/**
 * Issues for a list into a new directory. On the disk it stays until all is measured: for some minutes ext4 avoids the
 * inodes of what was removed, and searches them all for every new file.
 */
function issue<T extends { readonly wall: number; readonly cpu: number }>(
  place: Place,
  lines: number,
  how: (command: Command) => T,
): Omit<T, "cpu"> & Required<Rate> {
  const list = join(place.home, `list-${lines}`);
  writeFileSync(list, Array.from({ length: lines }, (_, index) => `host-${index}.test\n`).join(""));
  const out = mkdtempSync(join(place.home, "out-"));
  const sample = how(place.command([LOCALTLS, "cert", "--from", list, "--out", out, "--quiet"]));
  if (place.isInMemory) rmSync(out, { recursive: true });
  const { wall, cpu } = sample;
  return { ...sample, rate: lines / wall * 1000, cpu: cpu / lines * 1000 };
}
