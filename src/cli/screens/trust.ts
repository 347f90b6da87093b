/**
 * The screen after `trust` and `untrust`.
 *
 * @module
 */

import type { TrustDocument } from "../../commands/documents.ts";
import type { Screen } from "../reporter.ts";
import { day, plannedLines, storeTable } from "./parts.ts";

/** Prints a trust or untrust document. */
export const trustScreen: Screen = (anyDocument, { style, quiet, program }) => {
  const document = anyDocument as TrustDocument;
  if (document.planned !== undefined) return plannedLines(document.planned, style).join("\n");
  if (quiet) return "";
  const { anchor, command } = document;
  const title = anchor === undefined
    ? `${command === "trust" ? "Trust in" : "Without trust in"} the CA of localtls`
    : `${anchor.subject || "certificate without a subject"}, until ${day(anchor.notAfter)}`;
  const undo = anchor === undefined ? "untrust" : `untrust ${anchor.sha256}`;
  return [
    style.bold(title),
    ...(document.stores.length === 0
      ? ["  no store was found"]
      : storeTable(document.stores, style)),
    "",
    "Restart the browsers that are open.",
    ...(command === "trust" ? [`To undo: ${program} ${undo}`] : []),
  ].join("\n");
};
