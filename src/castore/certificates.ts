/**
 * The certificates of the ledger, one by one: 100,000 of them as objects would take half a gigabyte.
 *
 * @module
 */

import type { IssuedEvent } from "./ledger.ts";
import type { Ledger } from "./ledger_file.ts";
import type { OpenLedger } from "./ledger_reading.ts";
import { TakenNames } from "./taken_names.ts";

/** Octets that a line of a certificate has at least: two fingerprints and three times are 200. */
const MIN_LINE_BYTES = 250;

/** A certificate that was issued. */
export interface LedgerCertificate {
  readonly event: IssuedEvent;
  /** Another one was issued to the same path after it. */
  readonly superseded: boolean;
}

/** Options of {@link readCertificates}. */
export interface ReadOptions {
  /** Those too that others have taken the place of. */
  readonly all?: boolean | undefined;
  /** Called with the number of lines that are left out because they are no event, if there are any. */
  readonly onDamaged?: ((lines: number) => void) | undefined;
}

/**
 * The latest certificate of each path, oldest first; what is appended meanwhile is left out.
 * Throws STATE_UNSAFE, FILE_READ, FILE_TOO_LARGE.
 */
export async function* readCertificates(
  ledger: Ledger<IssuedEvent>,
  { all = false, onDamaged }: ReadOptions = {},
): AsyncGenerator<LedgerCertificate> {
  const open = await ledger.open();
  if (open === undefined) return;
  try {
    const { latest, damaged } = indexLedger(open);
    if (damaged > 0) onDamaged?.(damaged);
    for (const { event, number } of open.lines(all ? undefined : (line) => latest.has(line))) {
      if (event !== undefined) yield { event, superseded: !latest.has(number) };
    }
  } finally {
    open.close();
  }
}

/** The latest certificates as a list, for commands that need all of them at once and issue as many. */
export async function listCertificates(ledger: Ledger<IssuedEvent>): Promise<IssuedEvent[]> {
  const events: IssuedEvent[] = [];
  for await (const { event } of readCertificates(ledger)) events.push(event);
  return events;
}

/** Which lines of a ledger count. */
export interface LedgerIndex {
  /** The last line of each path. */
  readonly latest: LineSet;
  /** Lines of a kind that this version does not know. */
  readonly unknown: readonly number[];
  /** Lines that are no event. */
  readonly damaged: number;
  /** Events. */
  readonly events: number;
}

/** Goes through a ledger once. A path is kept as 64 bits of its hash, and the number of a line as one bit. */
export function indexLedger(open: OpenLedger<IssuedEvent>): LedgerIndex {
  const places = new TakenNames(Math.ceil(open.file.info.size / MIN_LINE_BYTES) + 1);
  const unknown: number[] = [];
  let [damaged, events, last] = [0, 0, 0];
  for (const { event, number, isUnknown } of open.lines()) {
    last = number;
    if (isUnknown) unknown.push(number);
    if (event === undefined) damaged++;
    else {
      events++;
      places.set(event.cert, number);
    }
  }
  return { latest: new LineSet(last, places.lines()), unknown, damaged, events };
}

/** Numbers of lines. */
export class LineSet {
  readonly #bits: Uint8Array;
  readonly size: number;

  /** @param last The greatest number there is. */
  constructor(last: number, lines: Iterable<number>) {
    this.#bits = new Uint8Array((last >>> 3) + 1);
    let size = 0;
    for (const line of lines) {
      this.#bits[line >>> 3]! |= 1 << (line & 7);
      size++;
    }
    this.size = size;
  }

  has(line: number): boolean {
    return ((this.#bits[line >>> 3] ?? 0) >>> (line & 7) & 1) === 1;
  }
}
