/**
 * The screen after `share`.
 *
 * @module
 */

import type { ShareDocument } from "../../commands/documents.ts";
import type { Screen } from "../reporter.ts";
import { plannedLines } from "./parts.ts";

/** Prints a share document; the fingerprint, because it has to be told over another way. */
export const shareScreen: Screen = (anyDocument, { style, quiet }) => {
  const document = anyDocument as ShareDocument;
  if (document.planned !== undefined) return plannedLines(document.planned, style).join("\n");
  if (quiet) return "";
  if (document.url !== undefined) {
    const { visitors = [] } = document;
    return `${style.bold(`${visitors.length} visitors`)} ${style.dim(visitors.join(", "))}`;
  }
  return [
    style.bold("For other machines and phones"),
    `  ${document.file}  ${style.dim(`${document.files.length} files, no key`)}`,
    "",
    "There: unpack it and run install.sh or install.ps1; README.txt says it for phones.",
    "Tell them this fingerprint over another way, to compare (SHA-256):",
    `  ${style.bold(document.sha256)}`,
  ].join("\n");
};
