/**
 * A ledger: a file of one JSON object a line, appended to, and at times rewritten without what others have taken the
 * place of (ledger_compaction.ts). Never in memory as a whole: ledger_reading.ts.
 *
 * @module
 */

import type { Host } from "../host/host.ts";
import type { EventReader } from "./ledger.ts";
import type { OpenLedger } from "./ledger_reading.ts";
import { DIRECTORY_MODE, PRIVATE_MODE, type StatePlace } from "./paths.ts";

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
  /**
   * Every event at once, for ledgers that stay small; a missing file is an empty ledger. Those of certificates are
   * read one by one: readCertificates(). Throws STATE_UNSAFE, FILE_READ, FILE_TOO_LARGE.
   */
  read(): Promise<LedgerContent<E>>;
  /** Opens it for reading by the line; undefined where there is no file. Throws as read() does. */
  open(): Promise<OpenLedger<E> | undefined>;
}

/** The ledger in a file. */
export function openLedger<E>(
  host: Host,
  place: StatePlace,
  path: string,
  readEvent: EventReader<E>,
): Ledger<E> {
  const appendAll = async (events: readonly E[]) => {
    await host.files.makeDirectory(place.path, { mode: DIRECTORY_MODE });
    const lines = events.map((event) => JSON.stringify(event));
    await host.files.appendLines(path, lines, { mode: PRIVATE_MODE });
  };
  // Loaded where it is wanted: most runs do nothing but append.
  const open = async () =>
    await (await import("./ledger_reading.ts")).openForReading(host, place, path, readEvent);
  return {
    path,
    append: (event) => appendAll([event]),
    appendAll,
    open,
    async read() {
      const ledger = await open();
      if (ledger === undefined) return { events: [], damaged: 0 };
      try {
        return (await import("./ledger_reading.ts")).collect(ledger.lines());
      } finally {
        ledger.close();
      }
    },
  };
}
