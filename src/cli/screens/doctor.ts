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

type ProbeVerdict = NonNullable<DoctorDocument["probes"]>[number]["verdict"];

const PROBE_MARKS: Readonly<Record<ProbeVerdict, (style: Style) => (text: string) => string>> = {
  accepts: (style) => style.good,
  refuses: (style) => style.bad,
  unclear: (style) => style.caution,
  "not-installed": (style) => style.dim,
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
      { text: verdict.replace("-", " "), mark: PROBE_MARKS[verdict](style) },
      words ?? "",
    ])));
  }
  return [...lines, ...fixLines(checks, style)].join("\n");
};

function headline(document: DoctorDocument, style: Style): string[] {
  const { ok, verdict, summary, target, clients } = document;
  const mark = ok ? style.good : style.bad;
  const name = verdict === "PROBLEMS" ? "" : /^ERR_/.test(verdict) ? `net::${verdict}` : verdict;
  const firefox = clients.find((client) => client.name === "Firefox")?.error;
  return [
    `${name === "" ? "" : `${mark(style.bold(name))}  `}${style.bold(summary.replace(/\.$/, ""))}`,
    style.dim(firefox === undefined || ok ? target : `${target}   in Firefox: ${firefox}`),
  ];
}

/** Columns of a sentence before it goes on in the next line. */
const SENTENCE_COLUMNS = 92;

/** Breaks a sentence at blanks. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > SENTENCE_COLUMNS) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function checkLines(checks: readonly Check[], style: Style): string[] {
  const marks: Readonly<Record<Check["status"], (text: string) => string>> = {
    pass: style.good,
    warn: style.caution,
    fail: style.bad,
    skip: style.dim,
  };
  return checks.flatMap(({ status, message }) => {
    const sign = SIGNS[status];
    return wrap(message.replace(/\.$/, "")).map((line, i) =>
      `  ${i === 0 ? marks[status](sign) + " ".repeat(6 - sign.length) : " ".repeat(6)}${
        status === "pass" || status === "skip" ? style.dim(line) : line
      }`
    );
  });
}

function clientTable({ clients }: DoctorDocument, style: Style): string[] {
  return formatTable(clients.map(({ name, verdict, error = "" }): Cell[] => [
    name,
    { text: verdict, mark: verdict === "accepts" ? style.good : style.bad },
    error,
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
    const words = fix.split("\n");
    // One fix can be a part of another: the lines for nginx with and without a new certificate.
    if (words.every((line) => seen.has(line))) continue;
    for (const line of words) seen.add(line);
    lines.push(...(lines.length === 0 ? ["", style.bold("What to do")] : [""]));
    if (fixNote !== undefined) {
      lines.push(...wrap(`${fixNote}:`).map((line) => `  ${style.dim(line)}`));
    }
    // The end of a here-document stands at the beginning of its line.
    const indent = fix.includes("<<'END'") ? "" : "  ";
    lines.push(...words.map((line) => indent + style.bold(line)));
  }
  return lines;
}
