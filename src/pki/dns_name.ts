/**
 * dNSName values: what the user typed as lower-case A-labels, or a reason why not.
 *
 * The rules are those that every client measured keeps (facts/certificate-profiles.md), which is less than DNS
 * allows: letters, digits and hyphens (RFC 5280, 4.2.1.6 and RFC 1034, 3.5), IDNs as A-labels (RFC 5280, 7.2),
 * no underscore (Java refuses), no dot at the end (six clients refuse).
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { escapeText } from "../x509/name.ts";

/** RFC 1035, 2.3.4. */
const MAX_LABEL_LENGTH = 63;

/** RFC 1035, 2.3.4: 255 octets on the wire, which is 253 characters. */
const MAX_NAME_LENGTH = 253;

/** Characters of a name that are shown in a message. */
const MAX_SHOWN = 80;

/** The error for a name that cannot be used. @param state What is wrong, without a period. */
export function nameError(
  text: string,
  state: string,
  hints: readonly string[] = [],
): LocalTlsError {
  return new LocalTlsError("NAME_INVALID", `Cannot use the name ${quoteName(text)}: ${state}`, {
    hints,
  });
}

/** A name as messages show it: quoted, cut, and with nothing in it that could drive a terminal. */
export function quoteName(text: string): string {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
  return `"${escapeText(shown).replaceAll('"', '\\"')}"`;
}

/**
 * Whether a text is beyond doubt a host name in canonical form: lower-case labels, of which the last begins with a
 * letter and none with "xn--". False says nothing: {@link toDnsName} judges.
 */
export function isPlainName(text: string): boolean {
  if (text.length > MAX_NAME_LENGTH) return false;
  let start = 0; // of the label
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : DOT;
    if (code === DOT) {
      const length = at - start;
      if (length === 0 || length > MAX_LABEL_LENGTH || text.charCodeAt(at - 1) === HYPHEN) {
        return false;
      }
      if (at < text.length) start = at + 1;
    } else if (code === HYPHEN) {
      // IDNs have their hyphens in the third and fourth place.
      if (at === start || at === start + 3) return false;
    } else if (!isLowerCase(code) && !(code >= 0x30 && code <= 0x39)) return false;
  }
  return isLowerCase(text.charCodeAt(start));
}

const DOT = 0x2e;
const HYPHEN = 0x2d;

function isLowerCase(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

/**
 * A host name in canonical form: lower-case A-labels, no wildcard, not an address.
 * Throws NAME_INVALID; hints say what to write where that can be known.
 *
 * @param text What to read.
 * @param original What the user typed, for messages.
 * @example
 * ```ts
 * import { equal, throws } from "node:assert/strict";
 * import { toDnsName } from "./dns_name.ts";
 *
 * equal(toDnsName("Bücher.Test"), "xn--bcher-kva.test");
 * throws(() => toDnsName("a_b.test"), { code: "NAME_INVALID" });
 * ```
 */
export function toDnsName(text: string, original = text): string {
  // deno-lint-ignore no-control-regex
  const ascii = /^[\x00-\x7f]*$/.test(text) ? text.toLowerCase() : idnToAscii(text, original);
  if (ascii.endsWith(".") && ascii.length > 1) {
    const hint = `Write ${ascii.replace(/\.+$/, "")}`;
    throw nameError(original, "most clients refuse names with a dot at the end", [hint]);
  }
  const labels = ascii.split(".");
  for (const label of labels) checkLabel(label, original);
  if (ascii.length > MAX_NAME_LENGTH) {
    const state = `it has ${ascii.length} characters, more than ${MAX_NAME_LENGTH}`;
    throw nameError(original, state);
  }
  if (looksNumeric(ascii)) {
    throw nameError(original, "its last label is a number, which clients take for an address");
  }
  if (labels.some((label) => label.startsWith("xn--")) && urlHost(ascii) !== ascii) {
    throw nameError(original, 'a label begins with "xn--" and is no internationalized name');
  }
  return ascii;
}

function checkLabel(label: string, original: string): void {
  if (label === "") {
    throw nameError(
      original,
      "a label is empty: two dots follow each other, or it begins with one",
    );
  }
  const bad = /[^a-z0-9-]/.exec(label)?.[0];
  if (bad === "_") {
    const plain = original.replaceAll("_", "-");
    const hints = /(?:^|[./])-|-(?:\.|$)/.test(plain) ? [] : [`Write ${plain}`];
    throw nameError(original, "Java refuses names with an underscore", hints);
  }
  if (bad !== undefined) {
    throw nameError(original, `the character ${quoteName(bad)} is not allowed`);
  }
  if (label.startsWith("-") || label.endsWith("-")) {
    throw nameError(original, "a label begins or ends with a hyphen");
  }
  if (label.length > MAX_LABEL_LENGTH) {
    const state = `a label has ${label.length} characters, more than ${MAX_LABEL_LENGTH}`;
    throw nameError(original, state);
  }
}

/** Whether URL parsers would read a host as an IPv4 address: its last label is a number (WHATWG URL, 3.5). */
export function looksNumeric(host: string): boolean {
  return /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/i.test(host);
}

/**
 * UTS #46 through the URL parser, the one IDNA that every runtime has. It maps more than a user means, so what goes
 * in is letters, marks, digits, hyphens and dots, none of them a compatibility character (a full-width digit
 * would become an address); what comes out is checked as every other name.
 */
function idnToAscii(text: string, original: string): string {
  const bad = /[^\p{L}\p{M}\p{N}.-]/u.exec(text)?.[0];
  if (bad !== undefined) {
    throw nameError(original, `the character ${quoteName(bad)} is not allowed`);
  }
  if (text.normalize("NFKC") !== text.normalize("NFC")) {
    const plain = text.normalize("NFKC");
    throw nameError(original, "it has characters that clients write in another way", [
      `Write ${plain}`,
    ]);
  }
  const labels = text.split(".");
  if (labels.includes("")) labels.forEach((label) => checkLabel(label === "" ? "" : "x", original));
  const ascii = urlHost(text);
  if (ascii === undefined) throw nameError(original, "it is no internationalized name (UTS #46)");
  return ascii;
}

/** What the URL parser makes of a host; undefined where it refuses. */
export function urlHost(host: string): string | undefined {
  try {
    return new URL(`http://${host}`).hostname;
  } catch {
    return undefined;
  }
}
