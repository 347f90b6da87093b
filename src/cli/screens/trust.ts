/**
 * The screen after `trust` and `untrust`.
 *
 * @module
 */

import type { NginxAnchorDocument, TrustDocument } from "../../commands/documents.ts";
import { quoteArgument } from "../../host/shell_words.ts";
import type { Screen } from "../reporter.ts";
import type { Style } from "../style.ts";
import { day, namesLine, plannedLines, storeTable } from "./parts.ts";

/** Prints a trust or untrust document. */
export const trustScreen: Screen = (anyDocument, { style, quiet, program }) => {
  const document = anyDocument as TrustDocument;
  if (document.planned !== undefined) return plannedLines(document.planned, style).join("\n");
  if (quiet) return "";
  const { anchor, anchors, command } = document;
  if (anchors !== undefined) return severalText(anchors, style, program);
  const title = anchor === undefined
    ? `${command === "trust" ? "Trust in" : "Without trust in"} the CA of localtls`
    : `${anchor.subject || "certificate without a subject"}, until ${day(anchor.notAfter)}`;
  const { image } = document;
  const where = image === undefined ? "" : ` --root ${quoteArgument(image)}`;
  const undo = `untrust${anchor === undefined ? "" : ` ${anchor.sha256}`}${where}`;
  return [
    style.bold(title),
    ...(document.stores.length === 0
      ? ["  no store was found"]
      : storeTable(document.stores, style)),
    "",
    image === undefined
      ? "Restart the browsers that are open."
      : "What runs in it already has to be started again.",
    ...(command === "trust" ? [`To undo: ${program} ${undo}`] : []),
  ].join("\n");
};

/** `trust --nginx`. */
function severalText(
  anchors: readonly NginxAnchorDocument[],
  style: Style,
  program: string,
): string {
  const blocks = anchors.map(({ subject, names, notAfter, files, skipped, stores }) => {
    const title = subject || namesLine(names) || "certificate without a name";
    return [
      style.bold(`${title}, until ${day(notAfter)}`),
      ...files.map((file) => `  ${style.dim(file)}`),
      ...(skipped === undefined ? storeTable(stores, style) : [`  left out: ${skipped}`]),
    ].join("\n");
  });
  const changed = anchors.filter(({ skipped }) => skipped === undefined);
  if (changed.length === 0) return blocks.join("\n\n");
  const undo = changed.map(({ sha256 }) => `To undo: ${program} untrust ${sha256}`);
  return [...blocks, ["Restart the browsers that are open.", ...undo].join("\n")].join("\n\n");
}
