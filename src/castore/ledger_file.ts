/**
 * A ledger: a file of one JSON object a line, only ever appended to.
 *
 * @module
 */

import type { Host, WriteOptions } from "../host/host.ts";
import type { EventReader } from "./ledger.ts";
import { DIRECTORY_MODE, PRIVATE_MODE, type StatePlace } from "./paths.ts";
import { checkPlainFile } from "./safety.ts";

/** About 100,000 certificates; a larger file is not a ledger any more. */
const MAX_LEDGER_BYTES = 64 * 1024 * 1024;

/** What a ledger holds. */
export interface LedgerContent<E> {
  /** Oldest first. */
  readonly events: E[];
  /** Lines that are no event: torn by a kill in the middle of a write, or garbage. They are left out. */
  readonly damaged: number;
}

/** One of the two ledgers. */
export interface Ledger<E> {
  readonly path: string;
  /**
   * Appends an event; makes the file, and the state directory, if needed. Throws FILE_WRITE and
   * FILE_UNSAFE: an event that cannot be noted is for the caller to judge.
   */
  append(event: E): Promise<void>;
  /** As append(), for several events in one write: a batch costs the disk as much as one event. */
  appendAll(events: readonly E[]): Promise<void>;
  /** Reads it whole; a missing file is an empty ledger. Throws STATE_UNSAFE, FILE_READ, FILE_TOO_LARGE. */
  read(): Promise<LedgerContent<E>>;
}

/** The ledger in a file. */
export function openLedger<E>(
  host: Host,
  place: StatePlace,
  path: string,
  readEvent: EventReader<E>,
): Ledger<E> {
  const owner: WriteOptions = { owner: place.owner };
  const appendAll = async (events: readonly E[]) => {
    await host.files.makeDirectory(place.path, { mode: DIRECTORY_MODE, ...owner });
    const lines = events.map((event) => JSON.stringify(event));
    await host.files.appendLines(path, lines, { mode: PRIVATE_MODE, ...owner });
  };
  return {
    path,
    append: (event) => appendAll([event]),
    appendAll,
    async read() {
      const info = await host.files.info(path);
      if (info === undefined) return { events: [], damaged: 0 };
      checkPlainFile(host, place, path, info, "public");
      const content = await host.files.read(path, MAX_LEDGER_BYTES);
      return parseLedger(new TextDecoder().decode(content), readEvent);
    },
  };
}

/** Splits a ledger into events; exported for its tests. */
export function parseLedger<E>(text: string, readEvent: EventReader<E>): LedgerContent<E> {
  const events: E[] = [];
  let damaged = 0;
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === "") continue;
    const event = readEvent(parseJson(line));
    if (event === undefined) damaged++;
    else events.push(event);
  }
  return { events, damaged };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
