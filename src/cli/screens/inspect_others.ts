/**
 * Requests and keys on the screen of `inspect`.
 *
 * @module
 */

import type { InspectDocument, KeyReport, RequestReport } from "../../commands/inspect/document.ts";
import type { Field } from "../fields.ts";
import type { Style } from "../style.ts";
import { extensionFields, nameFields, subjectFields } from "./inspect_certificate.ts";

const SIGNATURES: Readonly<Record<RequestReport["signature"], string>> = {
  good: "made by its own key",
  bad: "NOT made by its own key, or the request was changed",
  unchecked: "of a kind that is not checked here",
};

/** A request: what is asked for, which a CA need not grant. */
export function requestFields(request: RequestReport, style: Style): Field[] {
  const { subject, signature, sha256 } = request;
  return [
    { label: "subject", lines: [subject || "(empty)"] },
    ...nameFields(request),
    ...subjectFields(request, style),
    {
      label: "signature",
      lines: [SIGNATURES[signature]],
      mark: signature === "good" ? style.good : signature === "bad" ? style.bad : undefined,
    },
    ...extensionFields(request),
    { label: "SHA-256", lines: [sha256] },
  ];
}

/** A key: kind, form, and what it belongs to. */
export function keyFields(
  { keyType, format, encryption, certificates, requests, spkiSha256, private: isPrivate }:
    KeyReport,
  document: InspectDocument,
  style: Style,
): Field[] {
  const owners = [
    ...certificates.map((i) => `certificate ${i + 1}`),
    ...requests.map((i) => `request ${i + 1}`),
  ];
  const isAlone = document.certificates.length + document.requests.length === 0;
  const isClosed = keyType === "unknown";
  return [
    { label: "kind", lines: [isClosed ? "not known without the password" : keyType] },
    { label: "form", lines: [format] },
    {
      label: "encrypted",
      lines: isPrivate ? [encryption === undefined ? "no" : `yes, ${encryption}`] : [],
    },
    {
      label: "belongs to",
      lines: isAlone || isClosed ? [] : [owners.join(", ") || "none of the certificates here"],
      mark: owners.length > 0 ? style.good : style.bad,
    },
    {
      label: "certificate",
      lines: document.certificateFile === undefined ? [] : [document.certificateFile],
      mark: style.good,
    },
    { label: "SHA-256", lines: spkiSha256 === undefined ? [] : [spkiSha256] },
  ];
}
