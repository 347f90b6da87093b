/**
 * Words for a POSIX shell: quoted for hints that are pasted, and a list of words that the user wrote, split
 * without any shell. Commands run from argument arrays.
 *
 * @module
 */

/** One argument, quoted where a shell would see more in it than its characters. */
export function quoteArgument(argument: string): string {
  return /^[\w./@:+,%=-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** A whole command line. */
export function quoteCommand(argv: readonly string[]): string {
  return argv.map(quoteArgument).join(" ");
}

/**
 * Splits a command line as a shell does, and expands nothing. Blanks separate words; single quotes keep
 * everything, double quotes too but for a backslash before a quote, a backslash, a dollar sign or a
 * backtick; a backslash elsewhere keeps the next character.
 * @returns undefined where a quote has no end, or a backslash nothing after it.
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    const next = line[at + 1];
    if (quote === "'" && character !== "'") word += character;
    else if (character === "\\" && (quote === "" || /["\\$`]/.test(next ?? ""))) {
      if (next === undefined) return undefined;
      word = (word ?? "") + next;
      at++;
    } else if (character === quote) quote = "";
    else if (quote !== "") word += character;
    else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quote !== "") return undefined;
  return word === undefined ? words : [...words, word];
}
