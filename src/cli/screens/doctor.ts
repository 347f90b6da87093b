/**
 * The screen of `doctor`: the verdict first, then what was looked at, then what to type.
 *
 * @module
 */

import type { DoctorDocument } from "../../commands/documents.ts";
import type { Screen } from "../reporter.ts";
import type { Style } from "../style.ts";
import { type Cell, formatTable } from "../table.ts";

type Check = DoctorDocument["checks"][number];

/** In the order of the screen. */
const TITLES: Readonly<Record<Check["group"], string>> = {
  network: "Network",
  tls: "TLS",
  certificate: "Certificate",
  trust: "Trust",
  page: "Calls from the page",
  ca: "CA",
  stores: "Stores",
  certificates: "Certificates",
  machine: "Machine",
};

const SIGNS: Readonly<Record<Check["status"], string>> = {
  pass: "ok",
  warn: "note",
  fail: "FAIL",
  skip: "-",
};

/** Prints a doctor document. */
export const doctorScreen: Screen = (anyDocument, { style, quiet }) => {
  const document = anyDocument as DoctorDocument;
  const { checks, clients, probes = [] } = document;
  const lines = headline(document, style);
  for (const [group, title] of Object.entries(TITLES)) {
    const shown = checks.filter((check) =>
      check.group === group && (!quiet || check.status === "fail")
    );
    if (shown.length === 0) continue;
    lines.push("", style.bold(title), ...checkLines(shown, style));
  }
  if (clients.length > 0 && !quiet) {
    lines.push("", style.bold("Clients"), ...clientTable(document, style));
  }
  if (probes.length > 0) {
    lines.push("", style.bold("What they say themselves"));
    lines.push(...formatTable(probes.map(({ name, verdict, words }): Cell[] => [
      name,
      { text: verdict, mark: verdict === "refuses" ? style.bad : style.good },
      words ?? "",
    ])));
  }
  return [...lines, ...fixLines(checks, style)].join("\n");
};

function headline(document: DoctorDocument, style: Style): string[] {
  const { ok, verdict, summary, target, clients } = document;
  const mark = ok ? style.good : style.bad;
  const name = /^ERR_/.test(verdict) ? `net::${verdict}` : verdict === "OK" ? "ok" : verdict;
  const word = verdict === "PROBLEMS" ? "" : `${mark(style.bold(name))}  `;
  const firefox = clients.find((client) => client.name === "Firefox")?.error;
  return [
    `${word}${style.bold(summary)}`,
    style.dim(firefox === undefined || ok ? target : `${target}   in Firefox: ${firefox}`),
  ];
}

function checkLines(checks: readonly Check[], style: Style): string[] {
  const marks: Readonly<Record<Check["status"], (text: string) => string>> = {
    pass: style.good,
    warn: style.caution,
    fail: style.bad,
    skip: style.dim,
  };
  return formatTable(
    checks.map(({ status, message }): Cell[] => [
      { text: SIGNS[status], mark: marks[status] },
      message.replace(/\.$/, ""),
    ]),
  );
}

function clientTable({ clients }: DoctorDocument, style: Style): string[] {
  return formatTable(clients.map(({ name, verdict, error = "", roots }): Cell[] => [
    name,
    { text: verdict, mark: verdict === "accepts" ? style.good : style.bad },
    error,
    { text: roots, mark: style.dim },
  ]));
}

/** Each fix once, those of failed checks first; commands stand alone on their lines. */
function fixLines(checks: readonly Check[], style: Style): string[] {
  const ranks: Readonly<Record<Check["status"], number>> = { fail: 0, warn: 1, skip: 2, pass: 3 };
  const sorted = checks.filter(({ fix, severity, status }) =>
    fix !== undefined && (status === "fail" || severity !== "low")
  ).toSorted((a, b) => ranks[a.status] - ranks[b.status]);
  const seen = new Set<string>();
  const lines: string[] = [];
  for (const { fix = "", fixNote } of sorted) {
    if (seen.has(fix)) continue;
    seen.add(fix);
    lines.push(...(lines.length === 0 ? ["", style.bold("What to do")] : [""]));
    if (fixNote !== undefined) lines.push(`  ${style.dim(`${fixNote}:`)}`);
    lines.push(...fix.split("\n").map((line) => (fix.includes("<<'END'") ? line : `  ${line}`)));
  }
  return lines;
}
