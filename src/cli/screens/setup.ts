/**
 * The screen after `setup`: what was trusted where, the files, the nginx lines, what comes next.
 *
 * @module
 */

import type { TrustDocument } from "../../commands/documents.ts";
import type { Screen } from "../reporter.ts";
import { certificateFiles, day, namesLine, plannedLines, storeTable } from "./parts.ts";

/** Prints a setup document. */
export const setupScreen: Screen = (anyDocument, { style, quiet, program }) => {
  const document = anyDocument as TrustDocument;
  if (document.planned !== undefined) return plannedLines(document.planned, style).join("\n");
  if (quiet) return "";
  const lines = [
    style.bold("Trust on this machine"),
    ...(document.stores.length === 0
      ? [
        document.profile === undefined
          ? "  no store was found"
          : "  no store is changed: trust comes with the profile",
      ]
      : storeTable(document.stores, style)),
  ];
  if (document.profile !== undefined) {
    lines.push(
      "",
      style.bold("Profile for Macs, iPhones and iPads"),
      `  ${document.profile}`,
      style.dim(
        "  Deploy it with an MDM server, or open it on the device and install it in the settings.",
      ),
      style.dim(
        "  Installed by hand on iPhones and iPads, it is switched on under General > About >",
      ),
      style.dim("  Certificate Trust Settings."),
    );
  }
  const certificate = document.certificates?.[0];
  if (certificate !== undefined) {
    const { names, cert, key, state, notAfter } = certificate;
    const kept = state === "kept" ? " (as it was)" : "";
    lines.push(
      "",
      style.bold(`Certificate for ${namesLine(names)}, until ${day(notAfter)}${kept}`),
      ...certificateFiles(certificate, style),
      "",
      style.bold("nginx"),
      `  ssl_certificate     ${nginxPath(cert)};`,
      `  ssl_certificate_key ${nginxPath(key ?? "")};`,
      style.dim(`  a whole server block: ${program} config nginx ${names[0]}`),
    );
  }
  lines.push("", style.bold("Next"), "  Restart the browsers that are open.");
  if (!document.ok) {
    const asRoot = document.stores.some(({ outcome }) => outcome === "needs-root")
      ? ", or setup again as root"
      : "";
    lines.push(`  Run the commands shown above for the stores that are left${asRoot}.`);
  }
  lines.push(`  To see how things stand: ${program} status`, `  To undo: ${program} uninstall`);
  return lines.join("\n");
};

/** A path as a parameter of nginx: a blank ends one, and a backslash is an escape. */
function nginxPath(path: string): string {
  return /[\s"'\\;{}]/.test(path) ? `"${path.replaceAll(/["\\]/g, "\\$&")}"` : path;
}
