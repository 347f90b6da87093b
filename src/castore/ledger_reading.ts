/**
 * Reading a ledger by the line. It is input: the state directory may belong to a user and be read by root, and other
 * programs of that user write there too.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host, LineFile } from "../host/host.ts";
import { moveAsideCommand } from "../host/shell_hints.ts";
import type { EventReader } from "./ledger.ts";
import type { LedgerContent } from "./ledger_file.ts";
import type { StatePlace } from "./paths.ts";
import { checkPlainFile } from "./safety.ts";

/** Some two million certificates; reading takes ten seconds then. */
const MAX_LEDGER_BYTES = 1024 * 1024 * 1024;

/** Bytes of a line: a thousand names of 255 octets, and three paths of 4,096 in the longest JSON there is. */
export const MAX_LINE_BYTES = 512 * 1024;

/** A line that is not blank. */
export interface LedgerLine<E> {
  /** From 1; blank lines count. */
  readonly number: number;
  /** Undefined for a line that is none. */
  readonly event: E | undefined;
  /** Whether it is an object with a word of its own for what happened: perhaps of a later localtls. */
  readonly isUnknown: boolean;
}

/** A ledger that is open for reading. */
export interface OpenLedger<E> {
  readonly file: LineFile;
  /**
   * Its lines, from the beginning each time.
   * @param wanted Leaves out the lines for which it says no, before they are looked at.
   */
  lines(wanted?: (line: number) => boolean): Iterable<LedgerLine<E>>;
  close(): void;
}

/** Opens a ledger; undefined where there is no file. Throws STATE_UNSAFE, FILE_*. */
export async function openForReading<E>(
  host: Host,
  place: StatePlace,
  path: string,
  readEvent: EventReader<E>,
): Promise<OpenLedger<E> | undefined> {
  return await openLines(host, place, path, readEvent, MAX_LEDGER_BYTES);
}

/** As {@link openForReading}, whatever its size. */
export async function openForCompaction<E>(
  host: Host,
  place: StatePlace,
  path: string,
  readEvent: EventReader<E>,
): Promise<OpenLedger<E> | undefined> {
  return await openLines(host, place, path, readEvent, Infinity);
}

async function openLines<E>(
  host: Host,
  place: StatePlace,
  path: string,
  readEvent: EventReader<E>,
  maxBytes: number,
): Promise<OpenLedger<E> | undefined> {
  const info = await host.files.info(path);
  if (info === undefined) return undefined;
  checkPlainFile(host, place, path, info, "public");
  const file = await host.files.openLines(path, MAX_LINE_BYTES);
  if (file === undefined) return undefined;
  try {
    // What was opened is judged, and not what was there before.
    checkPlainFile(host, place, path, file.info, "public");
    if (file.info.size > maxBytes) throw tooLarge(path, place);
  } catch (error) {
    file.close();
    throw error;
  }
  return {
    file,
    lines: (wanted) => readLines(file.lines(), readEvent, wanted),
    close: () => file.close(),
  };
}

function tooLarge(path: string, { program }: StatePlace): LocalTlsError {
  return new LocalTlsError(
    "FILE_TOO_LARGE",
    `Cannot read "${path}": it is larger than ${MAX_LEDGER_BYTES} bytes`,
    {
      hints: [
        `${program} renew`,
        "That drops the lines of certificates that were replaced. If it is still too large after that:",
        moveAsideCommand(path),
      ],
    },
  );
}

/** The lines that are not blank, as events. */
export function* readLines<E>(
  lines: Iterable<string | undefined>,
  readEvent: EventReader<E>,
  wanted: (line: number) => boolean = () => true,
): Generator<LedgerLine<E>> {
  let number = 0;
  for (const line of lines) {
    number++;
    if (!wanted(number) || line?.trim() === "") continue;
    const value = line === undefined ? undefined : parseLine(line);
    const event = readEvent(value);
    yield { number, event, isUnknown: event === undefined && isUnknown(value) };
  }
}

/** The events of all lines, and how many are none. */
export function collect<E>(lines: Iterable<LedgerLine<E>>): LedgerContent<E> {
  const events: E[] = [];
  let damaged = 0;
  for (const { event } of lines) {
    if (event === undefined) damaged++;
    else events.push(event);
  }
  return { events, damaged };
}

/** Splits a text into events; for tests. */
export function parseLedger<E>(text: string, readEvent: EventReader<E>): LedgerContent<E> {
  return collect(readLines(text.split(/\r?\n/), readEvent));
}

/** A string of JSON (RFC 8259, 7), and the colon after one that is a name. */
const STRING = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

/**
 * The object on a line; undefined for what is none. All that is ours is one flat object in which no name is twice: with
 * a second one it would depend on the reader what the line says (RFC 8259, 4).
 */
function parseLine(line: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  if (!Object.values(value).every(isFlat)) return undefined;
  // As we write it: then it says everything once, and counting is not needed.
  if (JSON.stringify(value) === line) return value as Record<string, unknown>;
  let names = 0;
  for (const [, colon] of line.matchAll(STRING)) if (colon !== undefined) names++;
  return names === Object.keys(value).length ? value as Record<string, unknown> : undefined;
}

/** A value, or a list of them. */
function isFlat(value: unknown): boolean {
  return typeof value !== "object" ||
    (Array.isArray(value) && value.every((part) => typeof part !== "object"));
}

const KNOWN_EVENTS: readonly unknown[] = ["issued", "added", "removed"];

function isUnknown(value: Record<string, unknown> | undefined): boolean {
  return typeof value?.["event"] === "string" && !KNOWN_EVENTS.includes(value["event"]);
}
