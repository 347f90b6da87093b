/**
 * A label and a value that may take several lines, within 80 columns.
 *
 * @module
 */

import { textColumns } from "./table.ts";

/** Columns of a terminal that nobody has widened. */
const COLUMNS = 80;

/** Columns in front of values: a SHA-256 in hexadecimal then ends in the last column. */
const INDENT = 16;

/** One field: its label, and lines of its value, each wrapped by itself. */
export interface Field {
  readonly label: string;
  readonly lines: readonly string[];
  /** Marks every line, once its width has been measured. */
  readonly mark?: ((text: string) => string) | undefined;
}

/** Lays out fields, labels on the left. Fields without lines are left out. */
export function formatFields(fields: readonly Field[]): string[] {
  return fields.flatMap(({ label, lines, mark = (text) => text }) => {
    const wrapped = lines.flatMap((line) => wrap(line, COLUMNS - INDENT));
    return wrapped.map((line, i) => {
      const left = `  ${i === 0 ? label : ""}`;
      return left + " ".repeat(Math.max(1, INDENT - textColumns(left))) + mark(line);
    });
  });
}

/**
 * Breaks a text at its spaces; blanks in front are kept for every line. Words that are longer than a line stay whole: they are paths and URLs, which
 * people copy.
 */
export function wrap(text: string, columns: number): string[] {
  const indent = /^ */.exec(text)?.[0] ?? "";
  const lines: string[] = [];
  let line = "";
  for (const word of text.slice(indent.length).split(" ")) {
    if (line !== "" && textColumns(indent + line) + 1 + textColumns(word) > columns) {
      lines.push(indent + line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}
