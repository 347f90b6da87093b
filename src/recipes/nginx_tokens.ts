/**
 * The words of an nginx configuration, as nginx itself splits them.
 *
 * @module
 */

/** A piece of the text. */
export interface NginxToken {
  readonly type: "word" | ";" | "{" | "}";
  /** Without its quotes and escapes. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** What is wrong with the text, and where. */
export class NginxSyntaxError extends Error {
  constructor(readonly line: number, message: string) {
    super(message);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { t: "\t", r: "\r", n: "\n" };

/** Splits a text. Throws NginxSyntaxError. */
export function* nginxTokens(text: string): Generator<NginxToken> {
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const character = text[at]!;
    if (character === "\n") line++;
    if (/\s|\ufeff/.test(character)) at++;
    else if (character === "#") {
      const end = text.indexOf("\n", at);
      at = end === -1 ? text.length : end;
    } else if (character === ";" || character === "{" || character === "}") {
      at++;
      yield { type: character, text: character, line };
    } else {
      const word = character === '"' || character === "'"
        ? quotedWord(text, at, line)
        : plainWord(text, at);
      yield { type: "word", text: word.text, line };
      line += lineEnds(text.slice(at, word.end));
      at = word.end;
    }
  }
}

/**
 * The end of a block in another language (`content_by_lua_block { ... }`), whose braces, strings and comments are
 * not nginx's. Braces are counted.
 * @param at After the opening brace.
 * @returns The place after the closing one.
 */
export function skipForeignBlock(text: string, at: number): number {
  let depth = 1;
  while (at < text.length && depth > 0) {
    if (text[at] === "{") depth++;
    else if (text[at] === "}") depth--;
    at++;
  }
  return at;
}

function quotedWord(text: string, start: number, line: number): { text: string; end: number } {
  const quote = text[start]!;
  let word = "";
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at]!;
    if (character === quote) return { text: word, end: at + 1 };
    if (character !== "\\") word += character;
    else word += unescaped(text[++at] ?? "");
  }
  throw new NginxSyntaxError(line, "a quoted text has no end");
}

function plainWord(text: string, start: number): { text: string; end: number } {
  let word = "";
  let at = start;
  for (; at < text.length; at++) {
    const character = text[at]!;
    // "${name}" is a variable, whose brace begins no block.
    const isVariable = character === "{" && text[at - 1] === "$" && at > start;
    if (isVariable) {
      const close = text.indexOf("}", at);
      const end = close === -1 ? text.length - 1 : close;
      word += text.slice(at, end + 1);
      at = end;
    } else if (/[\s;{]/.test(character)) break;
    else if (character === "\\") word += unescaped(text[++at] ?? "");
    else word += character;
  }
  return { text: word, end: at };
}

/** Before quotes, itself and three letters a backslash goes; before everything else it stays. */
function unescaped(next: string): string {
  if (next === '"' || next === "'" || next === "\\") return next;
  return ESCAPES[next] ?? `\\${next}`;
}

function lineEnds(text: string): number {
  return text.split("\n").length - 1;
}
