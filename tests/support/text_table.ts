/**
 * Tables in the output of a test run.
 *
 * @module
 */

/** Lines of text: a row for every key, a column for every inner key, in the order of appearance. */
export function formatTable(rows: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  const columns = [...new Set(Object.values(rows).flatMap((row) => Object.keys(row)))];
  const cells = [
    ["", ...columns],
    ...Object.entries(rows).map(([name, row]) => [name, ...columns.map((key) => row[key] ?? "-")]),
  ];
  const widths = cells[0]?.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  return cells
    .map((row) => row.map((cell, i) => cell.padEnd(widths?.[i] ?? 0)).join("  ").trimEnd())
    .join("\n");
}
