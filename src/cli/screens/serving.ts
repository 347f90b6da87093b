/**
 * The screen of `serve` and `proxy`: what to type into a browser, or to point a phone at.
 *
 * @module
 */

import { renderUnicodeCompact } from "uqr";
import type { ServingDocument } from "../../commands/serving/documents.ts";
import type { Screen } from "../reporter.ts";
import { formatTable } from "../table.ts";
import { day, plannedLines } from "./parts.ts";

/** Prints a serving document. */
export const servingScreen: Screen = (anyDocument, { style, quiet, isTerminal = false }) => {
  const document = anyDocument as ServingDocument;
  if (document.planned !== undefined) return plannedLines(document.planned, style).join("\n");
  const { urls, lanUrl, directory, routes = [], certificate, redirectPort } = document;
  if (quiet) return urls.join("\n");
  const lines = directory === undefined ? ["Serving"] : [`Serving ${directory}`];
  lines.push(...urls.map((url) => `  ${style.bold(url)}`));
  if (routes.length > 0) {
    lines.push("", ...formatTable(routes.map(({ path, target }) => [path, target])));
  }
  if (redirectPort !== undefined) lines.push(`  http on port ${redirectPort} leads there`);
  if (certificate !== undefined) {
    lines.push(
      "",
      style.dim(`Certificate until ${day(certificate.notAfter)}; renewed while this runs`),
    );
  }
  // Light modules on a dark terminal: readers of QR codes want the quiet zone around it (ISO/IEC 18004, 6.3.8).
  if (isTerminal && lanUrl !== undefined) {
    lines.push("", renderUnicodeCompact(lanUrl, { border: 2 }), lanUrl);
  }
  lines.push("", style.dim("Ctrl-C ends it"));
  return lines.join("\n");
};
