/**
 * Lists of names: a line for each certificate, its names apart by blanks or commas, "#" begins a comment.
 *
 * @module
 */

/** A line with names in it. */
export interface ListLine {
  /** From 1, as editors count. */
  readonly number: number;
  /** At least one. */
  readonly words: readonly string[];
}

/** The lines with names in them, one at a time: a list is never split as a whole. */
export function* listLines(text: string): Generator<ListLine> {
  let number = 0;
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start);
    const line = text.slice(start, end < 0 ? text.length : end);
    start = end < 0 ? text.length : end + 1;
    number++;
    const words = wordsOf(line);
    if (words.length > 0) yield { number, words };
  }
}

/** How many lines have names in them. */
export function countLines(text: string): number {
  let count = 0;
  for (const _ of listLines(text)) count++;
  return count;
}

/** No name begins with "#", but a URI may have one in it. */
function wordsOf(line: string): string[] {
  const words = line.split(/[\s,]+/).filter((word) => word !== "");
  const comment = words.findIndex((word) => word.startsWith("#"));
  return comment < 0 ? words : words.slice(0, comment);
}
