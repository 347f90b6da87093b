/**
 * Colours, only where they are wanted: on a terminal, without NO_COLOR, with a TERM that has them.
 *
 * @module
 */

import { bold, dim, green, red, setColorEnabled, yellow } from "deno-std/fmt/colors.js";
import { escapeInvisible } from "../input_text.ts";
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

/** The joiners, without which words of some languages are others. */
const JOINERS = "\u200c\u200d";

/**
 * Writes as \uXXXX what does not show or turns other text around, so that a name in a foreign certificate cannot write to
 * the terminal, nor look like another; applied to every text of a document before it is shown. Tabs and line ends stay.
 */
export function printable(text: string): string {
  return escapeInvisible(text, "\n\t");
}

/** A sentence of the program, as every reporter prints it: what a URL has in front of its "@" is a secret. */
export function sentence(text: string): string {
  return text.replaceAll(/\/\/[^\s/?#@"']*:[^\s/?#@"']*@/g, "//...@");
}

/**
 * As {@link printable}, for every string anywhere in a document. What is under "text" is to be pasted or run: its paths have
 * to stay the paths that they are, joiners included.
 */
export function printableDocument<T>(value: T, key = ""): T {
  if (typeof value === "string") {
    return (key === "text" ? escapeInvisible(value, `\n\t${JOINERS}`) : printable(value)) as T;
  }
  if (Array.isArray(value)) return value.map((inner) => printableDocument(inner, key)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, printableDocument(inner, key)]),
  ) as T;
}

/** A document as JSON. What does not show is escaped, which changes no value, and no terminal. */
export function jsonText(document: unknown, indentation?: number): string {
  return escapeInvisible(JSON.stringify(document, undefined, indentation), "\n");
}
