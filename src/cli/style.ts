/**
 * Colours, only where they are wanted: on a terminal, without NO_COLOR, with a TERM that has them.
 *
 * @module
 */

import { bold, dim, green, red, setColorEnabled, yellow } from "deno-std/fmt/colors.js";
import type { CliHost } from "./console.ts";

/** Ways to mark text. Without colours each returns its argument. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  caution(text: string): string;
}

/** Decides for one stream (no-color.org: any non-empty value of NO_COLOR turns colours off). */
export async function chooseStyle(host: CliHost, stream: "stdout" | "stderr"): Promise<Style> {
  const wanted = host.env("NO_COLOR") === undefined && host.env("TERM") !== "dumb" &&
    await host.isTerminal(stream);
  return makeStyle(wanted);
}

/** A style with or without colours. */
export function makeStyle(colours: boolean): Style {
  const plain = (text: string) => text;
  if (!colours) return { bold: plain, dim: plain, good: plain, bad: plain, caution: plain };
  // The library looks at Deno's own setting; here it has been decided already.
  setColorEnabled(true);
  return { bold, dim, good: green, bad: red, caution: yellow };
}

// C0 without tab and line feed, DEL, C1, and the marks that change the direction of text.
const UNPRINTABLE =
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Takes out control characters, so that a name in a foreign certificate cannot write to the terminal;
 * applied to every text of a document before it is shown.
 */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, "\ufffd");
}

/** As {@link printable}, for every string anywhere in a document. */
export function printableDocument<T>(value: T): T {
  if (typeof value === "string") return printable(value) as T;
  if (Array.isArray(value)) return value.map(printableDocument) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, printableDocument(inner)]),
  ) as T;
}
