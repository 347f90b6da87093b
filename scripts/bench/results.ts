/**
 * What is measured, as data: rows of numbers, and comparisons of two rows of the same part.
 *
 * @module
 */

/** What the numbers of a row are. */
export type Unit = "ms" | "requests/s" | "MB/s" | "certificates/s" | "paths/s" | "bytes" | "MiB";

/** All that was measured of one contender. */
export interface Row {
  readonly name: string;
  /** Rows of one race have rounds in common. */
  readonly race?: number;
  readonly unit: Unit;
  /** One of each round, in the order of rounds. */
  readonly values: readonly number[];
  /**
   * Milliseconds of processor time, of all threads and of what was started, of each round; where the values are rates,
   * for a thousand of them.
   */
  readonly cpu?: readonly number[];
  /** Peak memory in KiB (the largest process), of rounds of its own. */
  readonly peak?: readonly number[];
}

/** What two rows may be compared by. */
export type Quantity = "values" | "cpu" | "peak";

/** What a ratio shall be. */
export type Limit = { readonly atMost: number } | { readonly atLeast: number };

/** One row in times of another, or a row's own number where `against` is undefined. */
export interface Comparison {
  readonly name: string;
  readonly against?: string | undefined;
  readonly quantity: Quantity;
  /** Ratio of the medians, or the median. */
  readonly ratio: number;
  /** Between them lie the ratios of half of all rounds, each by itself; undefined without rounds in common. */
  readonly spread: readonly [number, number] | undefined;
  /** Ratio of processor times, which depend less on who else uses the machine. */
  readonly cpu?: number | undefined;
  readonly limit?: Limit | undefined;
  /** Undefined without a limit. */
  readonly met?: boolean | undefined;
}

/** What came of a part. */
export interface PartResult {
  readonly part: string;
  readonly title: string;
  readonly rows: readonly Row[];
  readonly comparisons: readonly Comparison[];
  /** What has to be known to read the numbers, and what could not be measured and why. */
  readonly notes: readonly string[];
  readonly seconds: number;
}

/** The middle one, or the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return sorted.length === 0 ? NaN : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** @param against Without it, the row's own number is held against the limit. */
export function compareRows(
  row: Row,
  against: Row | undefined,
  quantity: Quantity = "values",
  limit?: Limit,
): Comparison {
  const numbers = row[quantity] ?? [];
  const others = against?.[quantity];
  const ratio = against === undefined ? median(numbers) : median(numbers) / median(others ?? []);
  const pairs = against === undefined
    ? numbers
    : row.race === undefined || row.race !== against.race
    ? []
    : numbers.slice(0, others!.length).map((value, round) => value / others![round]!);
  return {
    name: row.name,
    against: against?.name,
    quantity,
    ratio,
    spread: pairs.length > 1 ? middleHalf(pairs) : undefined,
    cpu: quantity === "values" && row.cpu !== undefined && against?.cpu !== undefined
      ? median(row.cpu) / median(against.cpu)
      : undefined,
    limit,
    met: limit === undefined ? undefined : isMet(ratio, limit),
  };
}

function middleHalf(values: readonly number[]): readonly [number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  const quarter = Math.floor(sorted.length / 4);
  return [sorted[quarter]!, sorted[sorted.length - 1 - quarter]!];
}

function isMet(ratio: number, limit: Limit): boolean {
  return "atMost" in limit ? ratio <= limit.atMost : ratio >= limit.atLeast;
}
