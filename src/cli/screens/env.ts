/**
 * The screens of `env` and `run`.
 *
 * @module
 */

import type {
  EnvDocument,
  EnvironmentDocument,
  EnvProfilesDocument,
  RootsDocument,
} from "../../commands/env/documents.ts";
import type { Screen } from "../reporter.ts";
import type { Style } from "../style.ts";
import { type Cell, formatTable } from "../table.ts";
import { plannedLines } from "./parts.ts";

const PROFILE_WORDS: Readonly<Record<string, string>> = {
  added: "written",
  unchanged: "there already",
  removed: "taken out",
  absent: "nothing there",
  failed: "not changed",
};

/** Prints an env document; of `run` nothing but what --dry-run would do, since stdout is the program's. */
export const envScreen: Screen = (anyDocument, { style, quiet }) => {
  const document = anyDocument as EnvironmentDocument;
  if (document.planned !== undefined) return plannedLines(document.planned, style).join("\n");
  if (document.command === "run") return "";
  if ("profiles" in document) return profileLines(document, quiet, style).join("\n");
  return document.text ?? explanation(document, style).join("\n");
};

function explanation({ variables, leftOut }: EnvDocument, style: Style): string[] {
  const lines: string[] = [];
  for (const { name, value, readers, effect, base } of variables) {
    const what = effect === "adds" ? "adds to their own roots" : "replaces their roots";
    lines.push(
      style.bold(name),
      `  ${readers}`,
      `  ${what}${base === undefined ? ": the root of localtls" : `; ${baseWords(base)}`}`,
      `  ${style.dim(value)}`,
    );
  }
  if (leftOut.length > 0) {
    const rows = leftOut.map(({ name, reason }): Cell[] => [name, reason]);
    lines.push("", style.bold("Not set"), ...formatTable(rows));
  }
  return lines;
}

function baseWords({ source, path }: RootsDocument): string {
  switch (source) {
    case "system":
      return `made of ${path} and the root of localtls`;
    case "file":
      return `made of your ${path} and the root of localtls`;
    case "java":
      return "made of the roots of the Javas here and the root of localtls";
    case "runtime":
      return "made of Mozilla's roots, as localtls carries them, and the root of localtls";
    case "none":
      return "the root of localtls alone: there are no public roots on this machine";
  }
}

function profileLines({ profiles }: EnvProfilesDocument, quiet: boolean, style: Style): string[] {
  const shown = quiet ? profiles.filter(({ outcome }) => outcome === "failed") : profiles;
  if (profiles.length === 0) return quiet ? [] : ["There is nothing of localtls in any start file"];
  const lines = shown.flatMap(({ path, outcome, reason, hint }) => [
    `  ${path}  ${PROFILE_WORDS[outcome]}`,
    ...(reason === undefined ? [] : [`      ${reason}`]),
    ...(hint === undefined ? [] : [`      ${style.bold(hint)}`]),
  ]);
  if (!quiet && profiles.some(({ outcome }) => outcome === "added")) {
    lines.push("", "In force in every shell that is started from now on.");
  }
  return lines;
}
