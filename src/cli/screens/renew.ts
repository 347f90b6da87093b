/**
 * The screen after `renew`.
 *
 * @module
 */

import type { RenewDocument, TimerDocument, TimerResult } from "../../commands/documents.ts";
import type { Screen } from "../reporter.ts";
import { type Cell, formatTable } from "../table.ts";
import { day, namesLine, plannedLines } from "./parts.ts";

/** Prints a renew document. */
export const renewScreen: Screen = (anyDocument, { style, quiet, program }) => {
  const document = anyDocument as RenewDocument | TimerDocument;
  if (document.planned !== undefined) return plannedLines(document.planned, style).join("\n");
  if ("timer" in document) return timerLines(document.timer, quiet).join("\n");
  if (quiet) return "";
  const { certificates, renewed, exec } = document;
  if (document.watched) return `${renewed} renewed`;
  if (certificates.length === 0) {
    return `Nothing to renew; what was issued here: ${program} list`;
  }
  const rows = certificates.map((
    { names, state = "kept", reason = "", notAfter, cert },
  ): Cell[] => [
    namesLine(names),
    {
      text: state,
      mark: state === "renewed" ? style.good : state === "failed" ? style.bad : style.dim,
    },
    state === "renewed" ? `until ${day(notAfter)}` : reason,
    { text: cert, mark: style.dim },
  ]);
  const lines = formatTable(rows, "");
  if (renewed > 0 && exec === undefined) {
    lines.push("", "Reload the servers that use these certificates.");
  }
  return lines.join("\n");
};

function timerLines({ action, files, commands }: TimerResult, quiet: boolean): string[] {
  // The commands are what is left to do: they are shown in any case.
  if (quiet) return [...commands];
  const title = {
    installed: "Written",
    unchanged: "As it was",
    removed: "Removed",
    absent: "There is no timer of localtls",
  }[action];
  const lines = [title, ...files.map((path) => `  ${path}`)];
  if (commands.length > 0) lines.push("", "Run:", ...commands.map((line) => `  ${line}`));
  else if (action === "installed" || action === "unchanged") {
    lines.push(
      "",
      "To see it: systemctl --user list-timers localtls-renew.timer",
      "While nobody is logged in it runs only with: loginctl enable-linger",
    );
  }
  return lines;
}
