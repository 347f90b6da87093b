/**
 * The screen of `list`.
 *
 * @module
 */

import type { CertificateDocument, ListDocument } from "../../commands/documents.ts";
import type { Screen } from "../reporter.ts";
import type { Style } from "../style.ts";
import { type Cell, formatTable } from "../table.ts";
import { day, namesLine } from "./parts.ts";

/** Prints a list document. */
export const listScreen: Screen = (anyDocument, { style, program }) => {
  const { certificates } = anyDocument as ListDocument;
  if (certificates.length === 0) return `No certificate was issued here yet: ${program} cert NAME`;
  const lines = formatTable(certificates.map((certificate) => row(certificate, style)), "");
  const wanted = certificates.some(({ state }) =>
    state === "due" || state === "expired" || state === "not-yet-valid" || state === "foreign"
  );
  if (wanted) lines.push("", `To renew what is due: ${program} renew`);
  return lines.join("\n");
};

function row(certificate: CertificateDocument, style: Style): Cell[] {
  const { names, notAfter, cert, keyType, usage, state = "valid" } = certificate;
  const mark = state === "valid"
    ? style.good
    : state === "due"
    ? style.caution
    : state === "superseded"
    ? style.dim
    : style.bad;
  return [
    namesLine(names),
    { text: state, mark },
    `until ${day(notAfter)}`,
    usage === "both" ? "server, client" : usage,
    keyType,
    { text: cert, mark: style.dim },
  ];
}
