/**
 * Columns that line up on a terminal, also where names are in wide scripts.
 *
 * @module
 */

import { eastAsianWidth } from "get-east-asian-width";

/** A cell: its text, and how to mark it once the width has been measured. */
export type Cell = string | { readonly text: string; readonly mark: (text: string) => string };

/**
 * Lays rows out in columns, two spaces apart, without trailing spaces.
 *
 * @param rows Rows of cells; a short row leaves its last columns empty.
 * @param indent Put before every row.
 */
export function formatTable(rows: readonly (readonly Cell[])[], indent = "  "): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, textColumns(textOf(cell))));
  }
  return rows.map((row) => {
    const cells = row.map((cell, i) => {
      const text = textOf(cell);
      const shown = typeof cell === "string" ? text : cell.mark(text);
      const last = i === row.length - 1;
      return last ? shown : shown + " ".repeat((widths[i] ?? 0) - textColumns(text));
    });
    return (indent + cells.join("  ")).trimEnd();
  });
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}

/** Columns that a text takes: wide scripts two each, combining marks none. */
export function textColumns(text: string): number {
  // The usual case. Compiling the class below costs a millisecond.
  if (/^[ -~]*$/.test(text)) return text.length;
  let columns = 0;
  for (const character of text) {
    if (!/^\p{M}$/u.test(character)) columns += eastAsianWidth(character.codePointAt(0) ?? 0);
  }
  return columns;
}
