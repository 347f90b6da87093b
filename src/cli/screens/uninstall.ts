/**
 * The screen after `uninstall`.
 *
 * @module
 */

import type { UninstallDocument } from "../../commands/documents.ts";
import type { Screen } from "../reporter.ts";
import { plannedLines, storeTable } from "./parts.ts";

/** Prints an uninstall document. */
export const uninstallScreen: Screen = (anyDocument, { style, quiet, program }) => {
  const document = anyDocument as UninstallDocument;
  if (document.planned !== undefined) return plannedLines(document.planned, style).join("\n");
  if (quiet) return "";
  const lines = [style.bold("Trust on this machine")];
  if (document.stores.length === 0) lines.push("  nothing was trusted");
  else lines.push(...storeTable(document.stores, style));
  if (document.purged.length > 0) {
    lines.push("", style.bold("Removed"), ...document.purged.map((path) => `  ${path}`));
  }
  if (document.timer !== undefined) {
    const { files, commands } = document.timer;
    lines.push("", style.bold("Timer"), ...files.map((path) => `  removed ${path}`));
    lines.push(...commands.map((line) => `  left to run: ${line}`));
  }
  for (const { path, outcome, reason } of document.profiles ?? []) {
    lines.push("", style.bold("Start file of a shell"), `  ${path}  ${outcome}`);
    if (reason !== undefined) lines.push(`      ${reason}`);
  }
  if (document.left.length > 0) {
    lines.push(
      "",
      style.bold("Left as they are (servers may use them)"),
      ...document.left.map((path) => `  ${path}`),
    );
  }
  if (document.stores.some(({ outcome }) => outcome === "removed")) {
    lines.push("", "Restart the browsers that are open: they remember hosts they have accepted.");
  }
  if (document.purged.length === 0 && document.ca !== undefined) {
    lines.push(`The CA is kept; to remove it and its key: ${program} uninstall --purge`);
  }
  return lines.join("\n");
};
