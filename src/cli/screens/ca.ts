/**
 * The screens of the commands about the CA itself.
 *
 * @module
 */

import type {
  CaCertificateDocument,
  CaDetailsDocument,
  CaFilesDocument,
  CaReplacedDocument,
  CaShowDocument,
} from "../../commands/ca/documents.ts";
import type { Screen } from "../reporter.ts";
import type { Style } from "../style.ts";
import { formatTable } from "../table.ts";
import { day, namesLine, plannedLines, storeTable } from "./parts.ts";

/** Prints what `ca show` found. */
export const caShowScreen: Screen = (anyDocument, { style }) => {
  const document = anyDocument as CaShowDocument;
  if (document.pem !== undefined) return document.pem;
  const { ca, directory } = document;
  const lines = [style.bold("Root"), ...certificateTable(ca.rootCertificate)];
  if (ca.issuer === undefined) lines.push("  it issues by itself");
  else lines.push("", style.bold("Issuer"), ...certificateTable(ca.issuer));
  lines.push(
    "",
    style.bold("CA"),
    ...formatTable([
      ["may issue for", permittedText(ca.permitted)],
      ["key", `${ca.key.path} (${ca.key.encrypted ? "encrypted" : "not encrypted"})`],
      ["directory", directory],
    ]),
  );
  return lines.join("\n");
};

/** Prints what `ca permit` and `ca rotate` did. */
export const caReplacedScreen: Screen = (anyDocument, { style, quiet, program }) => {
  const document = anyDocument as CaReplacedDocument;
  if (document.planned !== undefined) return plannedLines(document.planned, style).join("\n");
  if (quiet) return "";
  const { ca, certificates, stores, formerStores } = document;
  if (!document.changed) return "The CA permits that already; nothing was changed";
  const lines = [
    style.bold("New CA"),
    ...formatTable([
      ["root", ca.root],
      ["SHA-256", ca.sha256],
      ["until", day(ca.notAfter)],
      ["may issue for", permittedText(ca.permitted)],
    ]),
  ];
  if (stores.length > 0) {
    lines.push("", style.bold("Trust in the new root"), ...storeTable(stores, style));
  }
  if (formerStores.length > 0) {
    lines.push("", style.bold("The former root"), ...storeTable(formerStores, style));
  }
  if (certificates.length > 0) {
    lines.push("", style.bold("Issued again, with the same keys"));
    lines.push(...formatTable(certificates.map(({ names, cert }) => [namesLine(names), cert])));
  }
  lines.push("", style.bold("Next"));
  if (certificates.length > 0) lines.push("  Reload the servers that use these certificates.");
  lines.push(
    "  Restart the browsers that are open.",
    `  Other machines that trust this CA need the new root: ${program} ca export`,
  );
  if (!document.ok) lines.push("  Run the commands shown above for the stores that are left.");
  return lines.join("\n");
};

/** Prints what `ca export`, `import`, `encrypt` and `decrypt` did. */
export const caFilesScreen: Screen = (anyDocument, { style, quiet, program }) => {
  const document = anyDocument as CaFilesDocument;
  if (document.planned !== undefined) return plannedLines(document.planned, style).join("\n");
  if (quiet) return "";
  const { command, ca, files, changed } = document;
  const list = files.map((path) => `  ${path}`);
  switch (command) {
    case "ca encrypt":
      return [style.bold("The key is encrypted now"), ...list].join("\n");
    case "ca decrypt":
      return changed
        ? [style.bold("The key is not encrypted any more"), ...list].join("\n")
        : "The key is not encrypted; nothing was changed";
    case "ca export":
      return [style.bold("Written"), ...list, `SHA-256 of the root: ${ca.sha256}`].join("\n");
    case "ca import":
      return [
        style.bold("The CA is taken over"),
        ...detailLines(ca, style),
        "",
        style.bold("Next"),
        `  To have it trusted: ${program} trust`,
        `  To put its key under a password: ${program} ca encrypt`,
      ].join("\n");
  }
};

function detailLines(ca: CaDetailsDocument, style: Style): string[] {
  return [
    ...certificateTable(ca.rootCertificate),
    ...formatTable([["may issue for", { text: permittedText(ca.permitted), mark: style.bold }]]),
  ];
}

function certificateTable(certificate: CaCertificateDocument): string[] {
  const { subject, sha256, notBefore, notAfter, key, path } = certificate;
  return formatTable([
    ["subject", subject],
    ["SHA-256", sha256],
    ["valid", `${day(notBefore)} to ${day(notAfter)}`],
    ["key", key],
    ["file", path],
  ]);
}

function permittedText(words: readonly string[]): string {
  return words.length === 1 && words[0] === "any"
    ? "every name (no constraints)"
    : words.join(", ");
}
