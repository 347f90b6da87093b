/**
 * The screens after `csr` and `accept`.
 *
 * @module
 */

import type { AcceptDocument, CsrDocument } from "../../commands/csr/documents.ts";
import { quoteArgument } from "../../host/shell_words.ts";
import type { Screen } from "../reporter.ts";
import { formatTable } from "../table.ts";
import { day, namesLine, plannedLines } from "./parts.ts";

/** Prints either document. */
export const csrScreen: Screen = (anyDocument, { style, quiet, program }) => {
  const document = anyDocument as CsrDocument | AcceptDocument;
  if (document.planned !== undefined) return plannedLines(document.planned, style).join("\n");
  if (quiet) return "";
  const cell = (text: string) => ({ text, mark: style.dim });
  if (document.command === "csr") {
    return [
      style.bold(`Request for ${namesLine(document.names)}`),
      ...formatTable([
        [document.request, cell("the request: send this to the CA")],
        [document.key, cell("private key: stays here")],
      ]),
      "",
      `When the answer is there: ${program} accept ANSWER`,
    ].join("\n");
  }
  return [
    style.bold(`Certificate for ${namesLine(document.names)}, until ${day(document.notAfter)}`),
    ...formatTable([
      [document.cert, cell("certificate, full chain")],
      [document.key, cell("private key")],
    ]),
    "  issued by:",
    ...document.chain.slice(1).map((subject) => `    ${subject}`),
    "",
    // It is another CA's: what renews the certificates of ours must not take its place.
    `Before it ends, ask that CA again: ${program} csr ${
      document.request.endsWith("-client.csr") ? "--client " : ""
    }--reuse-key ${document.names.map(quoteArgument).join(" ")}`,
  ].join("\n");
};
