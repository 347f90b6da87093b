/**
 * Contenders that take turns: A B C, B C A, C A B, ... so that whatever else the machine does meets all of them, and
 * nobody always runs after the same one.
 *
 * @module
 */

/** One of several that are measured against each other. */
export interface Contender<T> {
  readonly name: string;
  /** @param round From 0 on; -1 is the one that warms up. */
  run(round: number): Promise<T> | T;
}

/** How long to go on. */
export interface Limits {
  readonly rounds: number;
  /** When no further round is begun, in milliseconds as Date.now() has them. */
  readonly until: number;
  /** Without the round that warms up. */
  readonly cold?: boolean;
}

/** What was measured, by the name of the contender; and who could not run, with the reason. */
export interface Outcome<T> {
  readonly samples: ReadonlyMap<string, readonly T[]>;
  readonly failures: ReadonlyMap<string, string>;
}

/**
 * Lets all run in rounds. The first is for warming up, and not counted. Who fails is left out from then on, so that one
 * that does not work here costs the others nothing.
 */
export async function interleave<T>(
  contenders: readonly Contender<T>[],
  { rounds, until, cold = false }: Limits,
): Promise<Outcome<T>> {
  const samples = new Map<string, T[]>(contenders.map(({ name }) => [name, []]));
  const failures = new Map<string, string>();
  for (let round = cold ? 0 : -1; round < rounds; round++) {
    if (round > 0 && Date.now() > until) break;
    for (const { name, run } of rotate(contenders, round + 1)) {
      if (failures.has(name)) continue;
      try {
        const sample = await run(round);
        if (round >= 0) samples.get(name)!.push(sample);
      } catch (error) {
        failures.set(name, error instanceof Error ? error.message : String(error));
        samples.set(name, []);
      }
    }
  }
  return { samples, failures };
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const first = by % Math.max(items.length, 1);
  return [...items.slice(first), ...items.slice(0, first)];
}
