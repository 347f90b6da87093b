/**
 * Words for the shell of this system: quoted for hints that are pasted, and a list of words that the user wrote,
 * split without any shell. Commands run from argument arrays. Which shell that is, is decided here and nowhere else;
 * what is written below is a POSIX shell's, windows_words.ts has the others.
 *
 * @module
 */

import { operatingSystem } from "./operating_system.ts";
import { quoteWindowsArgument, quoteWindowsCommand, splitWindowsWords } from "./windows_words.ts";

const ON_WINDOWS = operatingSystem() === "windows";

/** One argument, quoted where a shell would see more in it than its characters. */
export function quoteArgument(argument: string): string {
  if (ON_WINDOWS) return quoteWindowsArgument(argument);
  return /^[\w./@:+,%=-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** A whole command line. */
export function quoteCommand(argv: readonly string[]): string {
  if (ON_WINDOWS) return quoteWindowsCommand(argv);
  return argv.map(quoteArgument).join(" ");
}

/**
 * Splits a command line as a shell does (on Windows, as programs do), and expands nothing. Blanks separate words; single quotes keep
 * everything, double quotes too but for a backslash before a quote, a backslash, a dollar sign or a
 * backtick; a backslash elsewhere keeps the next character.
 * @returns undefined where a quote has no end, or a backslash nothing after it.
 */
export function splitWords(line: string): string[] | undefined {
  return ON_WINDOWS ? splitWindowsWords(line) : splitPosixWords(line);
}

function splitPosixWords(line: string): string[] | undefined {
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
