/**
 * Text that came from outside (a file, a pipe, a peer, a tool, an exception about one of them), made fit for a message.
 *
 * A file that was named by mistake may be a private key or a password, and a message may end up in a service's log. So
 * a message repeats such text only in a form in which no secret comes, and otherwise says how long it is:
 * {@link quoteInput} for one value, {@link redact} for sentences of others, {@link exceptionText} for exceptions,
 * {@link withholdInput} where the message was made from the input by somebody else.
 *
 * @module
 */

import { LocalTlsError } from "./errors.ts";

/** Characters of foreign text that are repeated. */
export const MAX_QUOTED = 40;

/**
 * Characters in a row that are as good as a secret: 16 of base64 are 96 bits. A text that is shorter is shown whatever
 * it is, since a mistyped name has to be named.
 */
export const SECRET_LENGTH = 16;

/** A word that people write: letters of one case or capitalised, perhaps with a small number after it. No base64 has many of these in a row. */
const WORD = /^(?:[a-z]{1,15}\d{0,3}|[A-Z][a-z]{0,14}\d{0,3}|[A-Z]{1,15}\d{0,3}|\d{1,8})$/;

/** RFC 7468, 2: the words of a label, of which the longest in use is CERTIFICATE. */
const LABEL = /^[A-Z][A-Z0-9]{0,14}(?: [A-Z][A-Z0-9]{0,14})*$/;

/** Runs of what base64, base64url and hexadecimal are written with. */
const ENCODED_RUN = /[A-Za-z0-9+/=_-]{16,}/g;

/** What a program does to a terminal (ECMA-48, 5.4). */
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const COLOUR = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** A line that is no text: of octets, of which some are no UTF-8, or of UTF-16, where every second one is NUL. */
const BINARY_LINE = /^.*(?:\ufffd|[^\P{Cc}\n\t]).*$/gmu;

/** Octets in hexadecimal with something between them, as `openssl x509 -text` writes them. */
const OCTET_RUN = /(?:[0-9A-Fa-f]{2}[: ]){7,}[0-9A-Fa-f]{2}/g;

/**
 * What does not show, or changes how others show: C0 and DEL and C1, line and paragraph separators, every format
 * character (bidirectional marks, joiners, byte order marks, tags), halves of surrogates, and the two that Unicode
 * counts as letters and prints as nothing.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0]/gu;

/**
 * Characters that end a line or drive a terminal, or turn the direction of the text after them: in a value that is
 * written into a configuration they would make another line than the one that is meant, or hide what it says.
 * Other format characters (joiners) are part of words of real languages, and of paths.
 */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** Whether a text holds a character that may stand in nothing that is written for a machine: see {@link CONTROL}. */
export function hasControl(text: string): boolean {
  return CONTROL.test(text);
}

/**
 * Checks a value that is to be written into a unit, a profile, a script or a configuration. Throws USAGE for a control
 * character: there it would begin another line, or show as something else than it is.
 *
 * @param where Completes "Cannot write VALUE into ...".
 * @returns The value.
 */
export function writable(value: string, where: string): string {
  const character = CONTROL.exec(value)?.[0];
  if (character === undefined) return value;
  throw new LocalTlsError(
    "USAGE",
    `Cannot write "${escapeInvisible(value)}" into ${where}: it has the control character ${
      escapeInvisible(character)
    }`,
    { hints: ["Use a path or a value without it"] },
  );
}

/**
 * Writes what does not show as `\uXXXX`, as JSON does.
 * @param keep Characters that stay, as a class of a regular expression has them: "\n\t".
 */
export function escapeInvisible(text: string, keep = ""): string {
  // The usual case; looking for the classes costs more.
  if (/^[ -~]*$/.test(text)) return text;
  return text.replace(
    INVISIBLE,
    (character) => keep.includes(character) ? character : escapeUnits(character),
  );
}

function escapeUnits(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    out += `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`;
  }
  return out;
}

/**
 * A value from outside, for a message: in quotation marks where it is short, a PEM label, or words with dots, slashes and
 * hyphens between them (names of hosts and files), of {@link MAX_QUOTED} characters at most; else its length alone.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { quoteInput } from "./input_text.ts";
 *
 * equal(quoteInput("ENCRYPTED PRIVATE KEY"), '"ENCRYPTED PRIVATE KEY"');
 * equal(quoteInput("/etc/nginx/conf.d/site01.conf"), '"/etc/nginx/conf.d/site01.conf"');
 * equal(quoteInput("MHcCAQEEIF8mYMRTCCDHs2dsRs1U"), "(28 characters)");
 * ```
 */
export function quoteInput(text: string): string {
  return mayBeShown(text)
    ? `"${escapeInvisible(text).replaceAll('"', '\\"')}"`
    : `(${text.length} characters)`;
}

/** Whether {@link quoteInput} shows a text. */
function mayBeShown(text: string): boolean {
  if (text.length < SECRET_LENGTH) return true;
  if (text.length > MAX_QUOTED) return false;
  return LABEL.test(text) || (/^[A-Za-z0-9./\\_*@:,-]+$/.test(text) && isWords(text));
}

function isWords(text: string): boolean {
  return text.split(/[^A-Za-z0-9]+/).every((piece) => piece === "" || WORD.test(piece));
}

/**
 * Sentences of another program, or of a runtime, for a message: on one line, cut, and without any run of characters
 * that could be a key, whose place an ellipsis takes.
 *
 * @param length Characters that are kept.
 * @param end Which end is kept: where the reason stands.
 */
export function redact(text: string, length = 200, end: "first" | "last" = "first"): string {
  const line = redactLines(text).replaceAll(/\s+/g, " ").trim();
  if (line.length <= length) return line;
  return end === "first" ? `${line.slice(0, length)}...` : `...${line.slice(-length)}`;
}

/** As {@link redact}, of any length, with its lines. */
export function redactLines(text: string): string {
  return text
    .replaceAll(COLOUR, "")
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(BINARY_LINE, "...")
    .replaceAll(OCTET_RUN, "...")
    .replaceAll(ENCODED_RUN, (run) => isWords(run) ? run : "...");
}

/**
 * The text of anything that was thrown, for a message. Parsers of a runtime quote their input (`JSON.parse`), so that
 * what is not an error of our own goes through {@link redact}.
 */
export function exceptionText(error: unknown): string {
  if (error instanceof LocalTlsError) return error.message;
  return redact(error instanceof Error ? error.message : String(error));
}

/** Octets in hexadecimal as identifiers of devices and people are written (RFC 9562, 4). */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Runs in which there is room for a key of 128 bits: 22 characters of base64, and then some that are no serial number. */
const KEY_RUN = /[A-Za-z0-9+/=_-]{24,}/g;

/** Whether a value that is about to be published as somebody's name looks like a key or a password that was made by a machine. */
export function looksLikeSecret(text: string): boolean {
  if (UUID.test(text)) return false;
  return (text.match(KEY_RUN) ?? []).some((run) => !isWords(run));
}

/**
 * A message without the parts of the input that it repeats at length. For input that is not fit to be shown by
 * {@link quoteInput}; for the other it stays as it is.
 *
 * @param inputs The values that the message may have been made from.
 */
export function withholdInput(message: string, inputs: readonly string[]): string {
  const lower = message.toLowerCase();
  const windows = new Set<string>();
  for (const input of inputs) {
    if (mayBeShown(input)) continue;
    const text = input.toLowerCase();
    for (let at = 0; at + SECRET_LENGTH <= text.length; at++) {
      windows.add(text.slice(at, at + SECRET_LENGTH));
    }
  }
  let out = "";
  let hidden = 0; // up to here the message is part of the input
  for (let at = 0; at < message.length; at++) {
    if (windows.has(lower.slice(at, at + SECRET_LENGTH))) {
      if (at >= hidden) out += "...";
      hidden = at + SECRET_LENGTH;
    }
    if (at >= hidden) out += message[at];
  }
  return out;
}
