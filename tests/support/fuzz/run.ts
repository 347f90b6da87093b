/**
 * A run of fuzzing: so many inputs from a seed, each with a bound on its time.
 *
 * @module
 */

import { LocalTlsError } from "../../../src/errors.ts";
import { makeCorpus } from "./corpus.ts";
import { createRandom } from "./mutate.ts";
import { type FuzzTarget, fuzzTargets } from "./targets.ts";

/** What a run is asked for. */
export interface FuzzOptions {
  readonly seed: number;
  readonly inputs: number;
  /** Milliseconds that one input may take. */
  readonly inputLimitMs: number;
  /** Milliseconds after which no further input is tried. */
  readonly totalLimitMs: number;
  /** Default: all of {@link fuzzTargets}. */
  readonly targets?: readonly FuzzTarget[];
  /** Called before each input. */
  onInput?(index: number, target: string): void;
}

/** What a run has found. */
export interface FuzzReport {
  readonly tried: number;
  /** Of each target: tried, and how many were accepted. */
  readonly targets: ReadonlyMap<string, { tried: number; accepted: number }>;
  /** Each with what is needed to repeat it. */
  readonly failures: readonly string[];
  /** The slowest input, and what it was for. */
  readonly slowest: { readonly milliseconds: number; readonly target: string };
  readonly seconds: number;
}

/** A run that fails everywhere should not fill the screen. */
const MAX_FAILURES = 20;

/** Characters of an input in a report: whole certificates of the corpus, twice over. */
const MAX_SHOWN = 20_000;

/**
 * Runs. Each input is made from the seed and its own number. Keys and signatures in the corpus are new in every run,
 * so that the octets of an input are not the same in the next one: a failure shows them.
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const targets = options.targets ?? fuzzTargets(await makeCorpus());
  const wheel = targets.flatMap((target) => Array.from({ length: target.weight }, () => target));
  const counts = new Map(targets.map(({ name }) => [name, { tried: 0, accepted: 0 }]));
  const failures: string[] = [];
  let slowest = { milliseconds: 0, target: "" };
  const started = performance.now();
  let tried = 0;
  for (; tried < options.inputs && failures.length < MAX_FAILURES; tried++) {
    const begin = performance.now();
    if (begin - started > options.totalLimitMs) break;
    const random = createRandom(Math.imul(options.seed, 0x9e3779b1) + tried);
    const target = random.pick(wheel);
    options.onInput?.(tried, target.name);
    const input = target.make(random);
    const count = counts.get(target.name)!;
    count.tried++;
    const failure = await attempt(target, input);
    if (failure === undefined) count.accepted++;
    else if (failure !== REFUSED) {
      failures.push(describe(options.seed, tried, target, input, failure));
    }
    const milliseconds = performance.now() - begin;
    if (milliseconds > slowest.milliseconds) slowest = { milliseconds, target: target.name };
    if (milliseconds > options.inputLimitMs) {
      const failure = `took ${Math.round(milliseconds)} ms`;
      failures.push(describe(options.seed, tried, target, input, failure));
    }
  }
  const seconds = (performance.now() - started) / 1000;
  return { tried, targets: counts, failures, slowest, seconds };
}

const REFUSED = "refused";

/** @returns undefined where the input is accepted, REFUSED, or what must not be. */
async function attempt(
  target: FuzzTarget,
  input: Uint8Array | string,
): Promise<string | undefined> {
  try {
    await target.read(input);
    return undefined;
  } catch (error) {
    if (error instanceof LocalTlsError) {
      return /^Cannot [^\n]+$/.test(error.message) && error.code !== "INTERNAL"
        ? REFUSED
        : `message "${error.message}"`;
    }
    return error instanceof Error ? error.stack ?? error.message : String(error);
  }
}

function describe(
  seed: number,
  index: number,
  target: FuzzTarget,
  input: Uint8Array | string,
  failure: string,
): string {
  const shown = typeof input === "string"
    ? JSON.stringify(input)
    : Array.from(input, (octet) => octet.toString(16).padStart(2, "0")).join("");
  return `seed ${seed}, input ${index}, ${target.name}: ${failure}\n  ${shown.slice(0, MAX_SHOWN)}`;
}
