/**
 * The screen of `inspect`.
 *
 * @module
 */

import type { InspectDocument, InspectedCertificate } from "../../commands/inspect/document.ts";
import { formatFields, wrap } from "../fields.ts";
import type { Screen } from "../reporter.ts";
import type { Style } from "../style.ts";
import { type Cell, formatTable, textColumns } from "../table.ts";
import { certificateFields, roleOf, validityMark } from "./inspect_certificate.ts";
import { keyFields, requestFields } from "./inspect_others.ts";
import { day } from "./parts.ts";

/** Above it a line for each certificate: nobody reads 144 times thirty lines. */
const MAX_IN_FULL = 8;

/** Columns of a terminal that nobody has widened. */
const COLUMNS = 80;

/** Prints what was found. */
export const inspectScreen: Screen = (anyDocument, { style }) => {
  const document = anyDocument as InspectDocument;
  const { certificates, requests, keys, problems } = document;
  const blocks: string[][] = [[summary(document)]];
  if (certificates.length > MAX_IN_FULL) {
    blocks.push([
      ...certificateTable(certificates, style),
      "",
      "  Everything about each: --json",
    ]);
  } else {
    certificates.forEach((certificate, i) => {
      const number = certificates.length === 1 ? "" : ` ${i + 1}`;
      blocks.push([
        style.bold(`Certificate${number}: ${roleOf(certificate)}`),
        ...formatFields(certificateFields(certificate, i, document, style)),
      ]);
    });
  }
  requests.forEach((request) => {
    blocks.push([
      style.bold("Certification request"),
      ...formatFields(requestFields(request, style)),
    ]);
  });
  keys.forEach((key) => {
    blocks.push([
      style.bold(key.private ? "Private key" : "Public key"),
      ...formatFields(keyFields(key, document, style)),
    ]);
  });
  if (problems.length > 0) {
    blocks.push([
      style.bold(style.bad("Problems")),
      ...problems.flatMap(({ message }) => wrap(message, 76).map((line) => `  ${line}`)),
    ]);
  }
  return blocks.map((lines) => lines.join("\n")).join("\n\n");
};

function summary(document: InspectDocument): string {
  const { source, format, password, chain, certificates, requests, keys } = document;
  const count = (n: number, one: string) => n === 0 ? [] : [`${n} ${one}${n === 1 ? "" : "s"}`];
  const parts = [
    ...count(certificates.length, "certificate"),
    ...count(requests.length, "request"),
    ...count(keys.length, "key"),
  ].join(", ");
  const opened = password === undefined
    ? ""
    : password === "empty"
    ? "\nOpened with an empty password"
    : `\nOpened with the password "${password}", which everybody knows`;
  const order = chain === undefined
    ? ""
    : chain === "in-order"
    ? ", a chain in order"
    : ", a chain out of order";
  return `${source}\n${format}: ${parts}${order}${opened}`;
}

function certificateTable(
  certificates: readonly InspectedCertificate[],
  style: Style,
): string[] {
  const rows = certificates.map((certificate, i) => {
    const { notAfter, keyType, validity } = certificate;
    const state = validity.state.replaceAll("-", " ");
    return [String(i + 1), state, `until ${day(notAfter)}`, shorten(keyType, 10)];
  });
  // What is left of the line, so that none is broken.
  const used = Math.max(...formatTable(rows.map((row) => [...row, "|"])).map(textColumns)) - 1;
  return formatTable(rows.map((row, i): Cell[] => {
    const certificate = certificates[i]!;
    const [number = "", state = "", ...rest] = row;
    const { subject, names } = certificate;
    return [
      number,
      { text: state, mark: validityMark(certificate, style) },
      ...rest,
      shorten(shortSubject(subject) || names[0] || "(no name)", COLUMNS - used),
    ];
  }));
}

/** The common name alone where there is one: the rest is the same in most rows. */
function shortSubject(subject: string): string {
  return /(?:^|, )CN=((?:\\.|[^,+\\])+)/.exec(subject)?.[1] ?? subject;
}

function shorten(text: string, columns: number): string {
  if (textColumns(text) <= columns) return text;
  let short = "";
  for (const character of text) {
    if (textColumns(short + character) > columns - 3) break;
    short += character;
  }
  return `${short}...`;
}
