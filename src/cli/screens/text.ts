/**
 * The screen of commands whose answer is one text.
 *
 * @module
 */

import type { CommandDocument } from "../../commands/documents.ts";

/** Prints the text as it is, so that it can be redirected into a file. */
export function textScreen(document: CommandDocument): string {
  return "text" in document && typeof document.text === "string" ? document.text : "";
}
