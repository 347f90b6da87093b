/**
 * The screen of `status`.
 *
 * @module
 */

import type { CertificateDocument, StatusDocument } from "../../commands/documents.ts";
import type { Screen } from "../reporter.ts";
import type { Style } from "../style.ts";
import { type Cell, formatTable } from "../table.ts";
import { day, namesLine, storeTable } from "./parts.ts";

/** Prints a status document. */
export const statusScreen: Screen = (anyDocument, { style, quiet }) => {
  const document = anyDocument as StatusDocument;
  const { ca, stores, certificates, todo } = document;
  const lines: string[] = [];
  if (!quiet) {
    lines.push(style.bold("CA"));
    if (ca === undefined) lines.push(`  none in ${document.directory}`);
    else {
      lines.push(...formatTable([
        ["root", ca.root],
        ["SHA-256", ca.sha256],
        ["until", day(ca.notAfter)],
        ["may issue for", wrapped(ca.permitted)],
      ]));
    }
    if (stores.length > 0) lines.push("", style.bold("Stores"), ...storeTable(stores, style));
    if (certificates.length > 0) {
      lines.push("", style.bold("Certificates"), ...certificateTable(certificates, style));
    }
    lines.push("");
  }
  if (todo.length === 0) lines.push(style.good("Nothing needs doing."));
  else {
    lines.push(style.caution("To do"));
    lines.push(...todo.flatMap(({ message, command }) => [`  ${message}`, `      ${command}`]));
  }
  return lines.join("\n");
};

function certificateTable(certificates: readonly CertificateDocument[], style: Style): string[] {
  return formatTable(certificates.map(({ names, notAfter, cert, state = "valid" }): Cell[] => {
    const mark = state === "valid" ? style.good : state === "due" ? style.caution : style.bad;
    return [
      namesLine(names),
      { text: state, mark },
      `until ${day(notAfter)}`,
      { text: cert, mark: style.dim },
    ];
  }));
}

function wrapped(words: readonly string[]): string {
  return words.length === 1 && words[0] === "any"
    ? "every name (no constraints)"
    : words.join(", ");
}
