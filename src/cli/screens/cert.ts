/**
 * The screen after `cert`.
 *
 * @module
 */

import type { CertDocument, CertListDocument } from "../../commands/documents.ts";
import type { Screen } from "../reporter.ts";
import { certificateFiles, day, namesLine, plannedLines } from "./parts.ts";

/** Prints a cert document. */
export const certScreen: Screen = (anyDocument, { style, quiet }) => {
  const document = anyDocument as CertDocument | CertListDocument;
  if (document.planned !== undefined) return plannedLines(document.planned, style).join("\n");
  if (quiet) return "";
  if ("issued" in document) {
    const { issued, kept = 0, failed } = document;
    const lines = [style.bold(`${counted(issued, "certificate")} issued`)];
    if (kept > 0) lines.push(`${counted(kept, "certificate")} kept`);
    if (failed > 0) lines.push(style.bad(`${counted(failed, "line")} failed`));
    return lines.join("\n");
  }
  return document.certificates.flatMap((certificate) => {
    const { names, usage, notAfter, kept } = certificate;
    const role = usage === "server"
      ? "Certificate"
      : usage === "client"
      ? "Client certificate"
      : "Server and client certificate";
    return [
      style.bold(`${role} for ${namesLine(names)}, until ${day(notAfter)}`),
      ...certificateFiles(certificate, style),
      ...(kept ? [style.dim("Kept: it is still good. --renew issues it anew.")] : []),
    ];
  }).join("\n");
};

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
