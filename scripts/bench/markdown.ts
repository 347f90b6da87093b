/**
 * The record as a page: targets first, then the numbers behind them.
 *
 * @module
 */

import type { Machine } from "./machine.ts";
import { type Comparison, median, type PartResult, type Row } from "./results.ts";

/** A whole run. */
export interface Report {
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly quick: boolean;
  readonly machine: Machine;
  /** Load average over a minute, before and after. */
  readonly load: readonly [number, number];
  readonly versions: Readonly<Record<string, string>>;
  /** Packages that could not be installed. */
  readonly missing: readonly string[];
  readonly parts: readonly PartResult[];
  /** Parts that were not measured yet when this was written. */
  readonly left: readonly string[];
  readonly seconds: number;
}

/** The page. */
export function toMarkdown(report: Report): string {
  const { parts } = report;
  const judged = parts.flatMap(({ comparisons }) => comparisons).filter(({ limit }) => limit);
  const met = judged.filter((each) => each.met).length;
  const blocks = [
    "# Benchmark",
    "`npm run bench` wrote this page. Contenders took turns, in an order that rotates; a number is the median, with the" +
    " lowest and highest round in brackets; a ratio is that of two medians of the same run; the ratios of half of the" +
    " rounds, each by itself, lie between the numbers in brackets. Processor time (CPU) depends less than the clock on" +
    " who else uses the machine. Numbers of other runs, or of other machines, cannot be compared with these, ratios can.",
    "What was found out about the targets, and why some are out of reach: [FINDINGS.md](FINDINGS.md).",
    conditions(report),
    `## Targets: ${met} of ${judged.length} met`,
    comparisonTable(judged),
    ...parts.flatMap(partBlocks),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function conditions(report: Report): string {
  const { date, quick, machine, load, versions, missing, left, seconds } = report;
  const { cores, processor, memory, kernel } = machine;
  const [before, after] = load.map((each) => each.toFixed(2));
  const lines = [
    `${date}, ${seconds} s${quick ? ", **quick: few rounds, no record**" : ""}`,
    `Machine: ${cores} cores (${processor}), ${memory}, ${kernel}`,
    `Load average when it began: ${before}, when it ended: ${after}. ` +
    (load[0] > 0.5 ? "**Others were using the machine.**" : "The machine was at rest."),
    `Versions: ${
      Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ")
    }`,
    ...(left.length === 0 ? [] : [`**Ended early**, not measured: ${left.join(", ")}`]),
    ...(missing.length === 0 ? [] : [`Not installed, hence not compared: ${missing.join(", ")}`]),
  ];
  return lines.map((line) => `- ${line}`).join("\n");
}

function partBlocks({ title, part, rows, comparisons, notes, seconds }: PartResult): string[] {
  const others = comparisons.filter(({ limit }) => limit === undefined);
  return [
    `## ${title} (\`--only ${part}\`, ${seconds} s)`,
    rowTable(rows),
    others.length === 0 ? "" : comparisonTable(others),
    notes.map((note) => `- ${note.replaceAll(/\s*\n\s*/g, " ")}`).join("\n"),
  ];
}

function rowTable(rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  const lines = rows.map((row) => [
    row.name,
    `${withSpread(row.values, (value) => amount(value, row.unit))} ${row.unit}`,
    row.cpu === undefined
      ? ""
      : `${number(median(row.cpu))} ms${row.unit === "ms" ? "" : " for 1,000"}`,
    row.peak === undefined ? "" : `${(median(row.peak) / 1024).toFixed(1)} MiB`,
    String(row.values.length),
  ]);
  return table(["", "median (lowest to highest)", "CPU", "peak memory", "rounds"], lines);
}

function comparisonTable(comparisons: readonly Comparison[]): string {
  if (comparisons.length === 0) return "";
  const lines = comparisons.map(({ name, against, quantity, ratio, spread, cpu, limit, met }) => [
    quantity === "values" ? name : `${name}: ${quantity === "peak" ? "peak memory" : "CPU"}`,
    against ?? "",
    number(ratio) + (spread === undefined ? "" : ` (${spread.map(number).join(" to ")})`),
    cpu === undefined ? "" : number(cpu),
    limit === undefined
      ? ""
      : "atMost" in limit
      ? `at most ${limit.atMost}`
      : `at least ${limit.atLeast}`,
    met === undefined ? "" : met ? "met" : "**not met**",
  ]);
  return table(["", "in times of", "ratio", "ratio of CPU", "target", ""], lines);
}

function withSpread(values: readonly number[], show: (value: number) => string): string {
  if (values.length === 1) return show(values[0]!);
  const ends = [Math.min(...values), Math.max(...values)].map(show);
  return `${show(median(values))} (${ends.join(" to ")})`;
}

function amount(value: number, unit: Row["unit"]): string {
  return unit === "ms" ? value.toFixed(1) : unit === "bytes" ? grouped(value) : number(value);
}

/** Three digits that matter; all of them before the point. */
function number(value: number): string {
  if (Math.abs(value) >= 100) return grouped(value);
  return value.toPrecision(3);
}

function grouped(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  // Pipes in a cell would end it.
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    line(head),
    line(head.map((_, column) => column === 0 ? "---" : "--:")),
    ...lines.map(line),
  ]
    .join("\n");
}
