/**
 * The screen after `cert`.
 *
 * @module
 */

import type { CertDocument } from "../../commands/documents.ts";
import type { Screen } from "../reporter.ts";
import { certificateFiles, day, namesLine, plannedLines } from "./parts.ts";

/** Prints a cert document. */
export const certScreen: Screen = (anyDocument, { style, quiet }) => {
  const document = anyDocument as CertDocument;
  if (document.planned !== undefined) return plannedLines(document.planned, style).join("\n");
  if (quiet) return "";
  return document.certificates.flatMap((certificate) => [
    style.bold(
      `Certificate for ${namesLine(certificate.names)}, until ${day(certificate.notAfter)}`,
    ),
    ...certificateFiles(certificate, style),
  ]).join("\n");
};
