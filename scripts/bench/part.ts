/**
 * A part of the benchmark while it runs: what it has found, and how much time it has.
 *
 * @module
 */

import { ROOT } from "../toolchain.mjs";
import { type Command, measure, measurePeak, type Sample } from "./measure.ts";
import { Place } from "./place.ts";
import {
  compareRows,
  type Comparison,
  type Limit,
  median,
  type Quantity,
  type Row,
  type Unit,
} from "./results.ts";
import { type Contender, interleave } from "./rounds.ts";

/** A part. */
export interface Part {
  readonly title: string;
  /** Seconds that it may take; a round that has begun is finished. */
  readonly budget: number;
  measure(run: PartRun): Promise<void>;
}

/** A line of what a part tells while it runs. */
export type Told =
  | { readonly row: Row }
  | { readonly comparison: Comparison }
  | { readonly note: string };

/** A program that takes part in a race. */
export interface Runner {
  readonly name: string;
  readonly command: Command;
  /** Done after each run, and not timed. */
  readonly undo?: () => void;
}

/** How a race is run. */
export interface RaceOptions {
  /** Rounds at most. */
  readonly rounds: number;
  /** Runs for the peak memory of each; none without it. */
  readonly peaks?: number;
  /** Share of the part's time for it. Default: all that is left. */
  readonly share?: number;
  /** Without the round that warms up: for what takes so long that it does that by itself. */
  readonly cold?: boolean;
}

/** Runs of memory alone, where it is measured. */
export const PEAK_RUNS = 5;

/** Characters of a note: what a program says when it fails may be long. */
const MAX_NOTE = 300;

/** What a part works with. */
export class PartRun {
  readonly #rows = new Map<string, Row>();
  readonly #places: Place[] = [];
  readonly #begun = Date.now();
  #races = 0;

  /**
   * @param quick Few rounds: for a look, not for a record.
   * @param tell Is told every result as it comes, so that what is known outlives an early end.
   */
  constructor(
    readonly quick: boolean,
    private readonly budget: number,
    private readonly tell: (told: Told) => void,
  ) {}

  /** A new place, which goes with the part. @param base Where; see {@link Place}. */
  place(name: string, env: Readonly<Record<string, string>> = {}, base?: string): Place {
    const place = new Place(name, env, base);
    this.#places.push(place);
    return place;
  }

  /** When a share of the time that is left will be over, in milliseconds as Date.now() has them. */
  until(share = 1): number {
    const now = Date.now();
    return now + Math.max(0, this.#begun + this.budget * 1000 - now) * share;
  }

  /** Rounds for a record, or for a look. */
  rounds(full: number): number {
    return this.quick ? Math.min(full, 3) : full;
  }

  row(row: Row): void {
    this.#rows.set(row.name, row);
    this.tell({ row });
  }

  /** Says something; a path of this machine is told without what is above the checkout. */
  note(text: string): void {
    const note = text.replaceAll(ROOT, ".");
    this.tell({ note: note.length > MAX_NOTE ? `${note.slice(0, MAX_NOTE)} ...` : note });
  }

  /** Median of a row; undefined where it was not measured. */
  valueOf(name: string): number | undefined {
    const values = this.#rows.get(name)?.values;
    return values?.length ? median(values) : undefined;
  }

  /** Compares two rows, where both were measured. */
  compare(name: string, against: string, limit?: Limit, quantity: Quantity = "values"): void {
    const [row, other] = [this.#rows.get(name), this.#rows.get(against)];
    if (!row?.[quantity]?.length || !other?.[quantity]?.length) return;
    this.tell({ comparison: compareRows(row, other, quantity, limit) });
  }

  /** Holds a row's own number against a limit. */
  judge(name: string, limit: Limit): void {
    const row = this.#rows.get(name);
    if (row?.values.length) {
      this.tell({ comparison: compareRows(row, undefined, "values", limit) });
    }
  }

  /** Runs programs in turns; each becomes a row of milliseconds. */
  async race(runners: readonly Runner[], options: RaceOptions): Promise<void> {
    const { rounds, peaks = 0, share = 1 } = options;
    const race = this.#races++;
    const contenders = runners.map(({ name, command, undo }) => ({
      name,
      run: (): Sample => {
        const sample = measure(command);
        undo?.();
        return sample;
      },
    }));
    const limits = { rounds: this.rounds(rounds), until: this.until(share) };
    const { samples, failures } = await interleave(contenders, limits);
    for (const [name, reason] of failures) this.note(`${name}: not measured: ${reason}`);
    for (const { name, command, undo } of runners) {
      const taken = samples.get(name) ?? [];
      if (taken.length === 0) continue;
      const peak = Array.from({ length: this.quick ? Math.min(1, peaks) : peaks }, () => {
        const kibibytes = measurePeak(command).peak;
        undo?.();
        return kibibytes;
      });
      this.row({
        name,
        race,
        unit: "ms",
        values: taken.map(({ wall }) => wall),
        cpu: taken.map(({ cpu }) => cpu),
        ...(peak.length === 0 ? {} : { peak }),
      });
    }
  }

  /** Rates in turns, each a row. */
  async rates(
    unit: Unit,
    contenders: readonly Contender<Rate>[],
    { rounds, share = 1, cold = false }: Omit<RaceOptions, "peaks">,
  ): Promise<void> {
    const race = this.#races++;
    const limits = { rounds: this.rounds(rounds), until: this.until(share), cold };
    const { samples, failures } = await interleave(contenders, limits);
    for (const [name, reason] of failures) this.note(`${name}: not measured: ${reason}`);
    for (const [name, taken] of samples) {
      if (taken.length === 0) continue;
      const cpu = taken.flatMap((rate) => rate.cpu ?? []);
      this.row({
        name,
        race,
        unit,
        values: taken.map(({ rate }) => rate),
        ...(cpu.length === 0 ? {} : { cpu }),
      });
    }
  }

  /** Removes what the part left. */
  end(): void {
    for (const place of this.#places) place.remove();
  }
}

/** How much was done in a second, and the processor time in milliseconds that a thousand took. */
export interface Rate {
  readonly rate: number;
  readonly cpu?: number;
}
