/**
 * Words for the two command lines of Windows. A hint has to do in both PowerShell and cmd.exe, since nobody knows which
 * one it is pasted into.
 *
 * @module
 */

/**
 * Characters that neither shell sees anything in. Not among them: "," and "@" (operators of PowerShell), "%" (a
 * variable of cmd), "~" and "*" (expanded), "{}()&|;<>^!#" and every quotation mark.
 */
const PLAIN = /^[\p{L}\p{N}_.:\\/+=-]+$/u;

/** Inside double quotes PowerShell still reads these, and cmd "%" and "!"; PowerShell takes curly quotes for quotes. */
const READ_IN_DOUBLE_QUOTES = /["$`%!“”„]/;

/** One argument. */
export function quoteWindowsArgument(argument: string): string {
  // A dash and a dot in one bare word is split by PowerShell 5: -a.b becomes "-a" ".b".
  if (PLAIN.test(argument) && !/^-.*[.:]/.test(argument)) return argument;
  if (!READ_IN_DOUBLE_QUOTES.test(argument)) {
    // A program reads a backslash before the closing quote as an escape (CommandLineToArgvW).
    return `"${argument.replace(/\\+$/, "$&$&")}"`;
  }
  // No spelling does in both any more: PowerShell's, which is what Windows opens nowadays.
  return `'${argument.replaceAll(/['‘’‚‛]/g, "$&$&")}'`;
}

/** A whole command line. A quoted program needs PowerShell's call operator, which cmd does not know: it gets its bare name. */
export function quoteWindowsCommand(argv: readonly string[]): string {
  const [program = "", ...rest] = argv;
  const bare = PLAIN.test(program)
    ? program
    : program.slice(program.search(/[^\\/]*$/)).replace(/\.exe$/i, "");
  return [bare, ...rest].map(quoteWindowsArgument).join(" ");
}

/**
 * Splits a command line as programs of Windows do (CommandLineToArgvW), and expands nothing: blanks separate words,
 * double quotes keep them together, and a backslash is one unless it stands before a double quote.
 * @returns undefined where a quote has no end.
 */
export function splitWindowsWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const run = /^\\+(?=")/.exec(line.slice(at))?.[0].length ?? 0;
    if (run > 0) {
      word = (word ?? "") + "\\".repeat(run >> 1);
      at += run;
      if (run % 2 === 1) word += '"';
      else at--;
      continue;
    }
    const character = line[at]!;
    if (character === '"') {
      quoted = !quoted;
      word ??= "";
    } else if (!quoted && /[ \t\r\n]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quoted) return undefined;
  return word === undefined ? words : [...words, word];
}
