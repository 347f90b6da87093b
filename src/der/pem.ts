/**
 * PEM, the textual encoding of RFC 7468, and base64 (RFC 4648, 4).
 *
 * Tolerated, because real files have it: a byte order mark, CRLF or CR line ends, blanks at line ends,
 * lines of any length, any text outside the blocks (RFC 7468, 5.2: openssl writes some). Refused: a
 * block without its end, or with another's; characters outside the alphabet; padding that is missing
 * or hides bits; the header lines of RFC 1421. What a block's DER means is not looked at here.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import { quoteInput } from "../input_text.ts";

/** One block of a PEM text. */
export interface PemBlock {
  /** What stands after BEGIN: "CERTIFICATE", "PRIVATE KEY". */
  readonly label: string;
  readonly der: Bytes;
}

/** Characters. The largest file that anything here reads is 16 MiB; more would only be held in memory twice. */
const MAX_TEXT_LENGTH = 16 * 1024 * 1024;

/** RFC 7468, 2: generators wrap lines at 64 characters. */
const LINE_LENGTH = 64;

const BOUNDARY = /^-----(BEGIN|END) ([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)-----$/;

/**
 * A PEM block: LF line ends, 64 columns, a newline at the end.
 * @param label What stands after BEGIN.
 */
export function encodePem(label: string, der: Uint8Array): string {
  const text = encodeBase64(der);
  let lines = "";
  for (let at = 0; at < text.length; at += LINE_LENGTH) {
    lines += text.slice(at, at + LINE_LENGTH) + "\n";
  }
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}

/**
 * Every block of a PEM text, in order; an empty list where there is none.
 * Throws PEM_INVALID, naming the block and the line.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { decodePem, encodePem } from "./pem.ts";
 *
 * const text = "\uFEFFsome text\r\n" + encodePem("EXAMPLE", Uint8Array.of(1, 2, 3)).replaceAll("\n", "\r\n");
 * const [block] = decodePem(text);
 * equal(block?.label, "EXAMPLE");
 * equal(block?.der.length, 3);
 * ```
 */
export function decodePem(text: string): PemBlock[] {
  if (text.length > MAX_TEXT_LENGTH) {
    throw invalid(`text has ${text.length} characters, more than ${MAX_TEXT_LENGTH}`);
  }
  const blocks: PemBlock[] = [];
  let label: string | undefined;
  let beginLine = 0;
  let base64: string[] = [];
  let number = 0;
  for (const untrimmed of text.includes("\r") ? text.split(/\r\n|\n|\r/) : text.split("\n")) {
    number++;
    const line = untrimmed.trim(); // also takes off a byte order mark
    const boundary = line.startsWith("-----") ? BOUNDARY.exec(line) : null;
    if (boundary === null) {
      if (label === undefined) continue;
      if (line.includes(":")) {
        throw invalid(
          `block ${
            quoteInput(label)
          } has a header in line ${number}, an old form of encryption (RFC 1421)`,
        );
      }
      if (line !== "") base64.push(line);
      continue;
    }
    const [, kind, name = ""] = boundary;
    if (kind === "BEGIN") {
      if (label !== undefined) {
        throw invalid(
          `block ${quoteInput(label)} of line ${beginLine} has no end before line ${number}`,
        );
      }
      label = name;
      beginLine = number;
      base64 = [];
      continue;
    }
    if (label === undefined) {
      throw invalid(`END of ${quoteInput(name)} in line ${number} has no BEGIN`);
    }
    if (name !== label) {
      throw invalid(
        `block ${quoteInput(label)} of line ${beginLine} ends as ${
          quoteInput(name)
        } in line ${number}`,
      );
    }
    const der = decodeBase64(base64.join(""), `block ${quoteInput(label)} of line ${beginLine}`);
    if (der.length === 0) throw invalid(`block ${quoteInput(label)} of line ${beginLine} is empty`);
    blocks.push({ label, der });
    label = undefined;
  }
  if (label !== undefined) {
    throw invalid(`block ${quoteInput(label)} of line ${beginLine} has no end`);
  }
  return blocks;
}

/** Base64 with padding, without line ends. */
export function encodeBase64(bytes: Uint8Array): string {
  return bytes.toBase64();
}

/**
 * Strict base64: whole quanta, padded, no white space, no bits that are thrown away.
 * Throws PEM_INVALID.
 * @param what Names the text in messages.
 */
export function decodeBase64(text: string, what = "base64 text"): Bytes {
  if (text.length % 4 !== 0) {
    throw invalid(`${what} has ${text.length} base64 characters, no multiple of 4`);
  }
  try {
    const out = Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
    const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
    // The runtime passes over white space: then there is less than the text promises.
    if (out.length === text.length / 4 * 3 - padding) return out;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    if (/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw invalid(`${what} has bits after its end`);
  }
  throw invalid(`${what} has characters that are not base64`);
}

function invalid(state: string): LocalTlsError {
  return new LocalTlsError("PEM_INVALID", `Cannot read PEM: ${state}`);
}
