/**
 * Pieces that several screens show: the table of stores, a certificate's files, what would be done.
 *
 * @module
 */

import type { CertificateDocument, PlannedStep, StoreResult } from "../../commands/documents.ts";
import type { Style } from "../style.ts";
import { type Cell, formatTable } from "../table.ts";

const OUTCOME_WORDS: Readonly<Record<StoreResult["outcome"], string>> = {
  added: "trusted",
  unchanged: "trusted already",
  removed: "removed",
  absent: "nothing there",
  trusted: "trusted",
  untrusted: "not trusted",
  unavailable: "cannot be changed",
  "needs-root": "needs root",
  failed: "failed",
};

const GOOD: readonly StoreResult["outcome"][] = ["added", "unchanged", "removed", "trusted"];
const BAD: readonly StoreResult["outcome"][] = ["failed", "untrusted"];

/** The stores as a table, with the reason and the command under each that needs something. */
export function storeTable(stores: readonly StoreResult[], style: Style): string[] {
  const rows = stores.map((store): Cell[] => {
    const mark = GOOD.includes(store.outcome)
      ? style.good
      : BAD.includes(store.outcome)
      ? style.bad
      : store.outcome === "absent"
      ? style.dim
      : style.caution;
    return [store.label, { text: OUTCOME_WORDS[store.outcome], mark }, {
      text: store.path,
      mark: style.dim,
    }];
  });
  return formatTable(rows).flatMap((line, i) => {
    const { reason, hint } = stores[i]!;
    return [
      line,
      ...(reason === undefined ? [] : [`      ${reason}`]),
      ...(hint === undefined ? [] : [`      ${style.bold(hint)}`]),
    ];
  });
}

/** The files of a certificate: the key only where it was made here, PKCS#12 where it was asked for. */
export function certificateFiles(certificate: CertificateDocument, style: Style): string[] {
  const { cert, key, p12 } = certificate;
  const files: [path: string | undefined, content: string][] = [
    [cert, "certificate, full chain"],
    [key, "private key"],
    [p12, "both as PKCS#12"],
  ];
  return formatTable(
    files.flatMap(([path, content]): Cell[][] =>
      path === undefined ? [] : [[path, { text: content, mark: style.dim }]]
    ),
  );
}

/** Names of a certificate on one line; many are cut short. */
export function namesLine(names: readonly string[]): string {
  return names.length <= 6
    ? names.join(", ")
    : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;
}

/** A date as people read it, without the time: 2027-12-26. */
export function day(iso: string): string {
  return iso.slice(0, 10);
}

/** What --dry-run prints: a line for every file and command, in order. */
export function plannedLines(steps: readonly PlannedStep[], style: Style): string[] {
  if (steps.length === 0) return ["Nothing would be changed"];
  const lines = steps.map((step) => {
    const root = step.root ? style.caution(" (as root)") : "";
    if (step.type === "run") return `  run     ${step.argv.join(" ")}${root}`;
    return `  ${step.type === "write" ? "write " : "delete"}  ${step.path}${root}`;
  });
  return ["Would do, and changes nothing now:", ...lines];
}
