/**
 * The extensions that localtls itself has no use for, by @peculiar/x509, which knows them. Loaded by
 * extension_texts.ts for a certificate that has such an extension: it costs more than all the rest together.
 *
 * @module
 */

import "./reflect_metadata.ts";
import type { Extension } from "../x509/certificate.ts";
import { sequence } from "../der/encode.ts";
import { octetString, oid } from "../der/encode.ts";
import { escapeText } from "../x509/name.ts";

/** Imported when the polyfill stands: Bun evaluates CommonJS before the modules it is listed after. */
const { ExtensionFactory } = await import("@peculiar/x509");

/**
 * What an extension says, a line for each fact; undefined where the library does not know it or cannot read it.
 * Safe to show.
 */
export function peculiarLines(extension: Extension): string[] | undefined {
  const raw = sequence(oid(extension.oid), octetString(extension.value));
  try {
    const text = ExtensionFactory.create(raw).toString("text");
    // The first line is the extension's own name.
    const lines = text.split("\n").slice(1).map((line) => escapeText(line.trim()));
    const facts = lines.filter((line) => line !== "" && line !== "Distribution Point:");
    return facts.length === 0 ? undefined : facts;
  } catch {
    // Whatever a reader of hostile input may throw: the caller writes the octets.
    return undefined;
  }
}
