/**
 * The ledger of certificates without the lines that others have taken the place of.
 *
 * Kept are the latest line of each path, and lines of kinds that this version does not know. Nothing else has a reader:
 * `list --all` shows what there is.
 *
 * Other programs append without a lock. Files.rewriteLines() and Files.appendLines() see to it that nothing is lost
 * between the two; what a kill in the middle can leave is an old file under a second name, with lines that the new one
 * may lack. They are brought over here, at the next time.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { indexLedger } from "./certificates.ts";
import { type IssuedEvent, readIssuedEvent } from "./ledger.ts";
import type { Ledger } from "./ledger_file.ts";
import { MAX_LINE_BYTES, openForCompaction, readLines } from "./ledger_reading.ts";
import { type LockOptions, withLock } from "./lock.ts";
import { FORMER_LEDGER, ISSUED_LEDGER, joinPath, type StatePlace } from "./paths.ts";
import { checkPlainFile } from "./safety.ts";

/** Bytes. Below this (16,000 certificates) reading is a matter of tenths of a second. */
const MIN_COMPACTED_BYTES = 8 * 1024 * 1024;

/**
 * Rewrites the ledger where it is large and more than half of its lines are of no use, and brings over what a rewriting
 * that was killed has left. Works on ledgers of any size, line by line. As root only where the ledger is root's.
 *
 * @param minBytes Given by tests.
 * @returns Whether it was rewritten. Throws STATE_UNSAFE, STATE_LOCKED, FILE_*.
 */
export async function compactIssued(
  host: Host,
  place: StatePlace,
  issued: Ledger<IssuedEvent>,
  options: LockOptions & { readonly minBytes?: number } = {},
): Promise<boolean> {
  const { minBytes = MIN_COMPACTED_BYTES } = options;
  const info = await host.files.info(issued.path);
  const former = await findFormer(host, place);
  if (info === undefined || (info.size < minBytes && former.length === 0)) return false;
  // A user's file is the user's to write: the next run without sudo does it.
  if (host.user?.uid === 0 && info.uid !== 0) return false;
  return await withLock(host, place, options, async () => {
    for (const name of await findFormer(host, place)) await bringOver(host, place, issued, name);
    return await rewrite(host, place, issued, minBytes);
  });
}

async function rewrite(
  host: Host,
  place: StatePlace,
  issued: Ledger<IssuedEvent>,
  minBytes: number,
): Promise<boolean> {
  const open = await openForCompaction(host, place, issued.path, readIssuedEvent);
  if (open === undefined) return false;
  try {
    if (open.file.info.size < minBytes) return false;
    const { latest, unknown, events, damaged } = indexLedger(open);
    const kept = latest.size + unknown.length;
    if (kept * 2 >= events + damaged) return false;
    const others = new Set(unknown);
    const keeps = (line: number) => latest.has(line) || others.has(line);
    await host.files.rewriteLines(issued.path, open.file, keeps);
    return true;
  } finally {
    open.close();
  }
}

async function findFormer({ files }: Host, place: StatePlace): Promise<string[]> {
  return (await files.list(place.path)).filter((name) => FORMER_LEDGER.test(name));
}

/**
 * Appends what the former file has and the ledger has not: lines after the octet in its name, of paths for which nothing
 * later was noted since.
 */
async function bringOver(
  host: Host,
  place: StatePlace,
  issued: Ledger<IssuedEvent>,
  name: string,
): Promise<void> {
  const { files } = host;
  const path = joinPath(place.path, name);
  const info = await files.info(path);
  if (info === undefined) return;
  checkPlainFile(host, place, path, info, "public");
  const current = await files.info(joinPath(place.path, ISSUED_LEDGER));
  // The same file: it was killed before the new one took its place, and nothing is missing.
  if (current !== undefined && current.inode !== info.inode) {
    const late = await readLate(host, path, Number(FORMER_LEDGER.exec(name)?.[1]));
    const missing = await withoutKnown(late, issued);
    if (missing.length > 0) await issued.appendAll(missing);
  }
  await files.remove(path);
}

async function readLate(host: Host, path: string, from: number): Promise<Map<string, IssuedEvent>> {
  const late = new Map<string, IssuedEvent>();
  const file = await host.files.openLines(path, MAX_LINE_BYTES);
  if (file === undefined) return late;
  try {
    for (const { event } of readLines(file.lines(from), readIssuedEvent)) {
      if (event !== undefined) late.set(event.cert, event);
    }
  } finally {
    file.close();
  }
  return late;
}

async function withoutKnown(
  late: Map<string, IssuedEvent>,
  issued: Ledger<IssuedEvent>,
): Promise<IssuedEvent[]> {
  const open = late.size === 0 ? undefined : await issued.open();
  if (open === undefined) return [...late.values()];
  try {
    for (const { event } of open.lines()) {
      const held = event === undefined ? undefined : late.get(event.cert);
      if (held !== undefined && Date.parse(event!.time) >= Date.parse(held.time)) {
        late.delete(held.cert);
      }
    }
  } finally {
    open.close();
  }
  return [...late.values()];
}

/** As {@link compactIssued}, where it is a service and not the purpose: what is in its way is a warning. */
export async function tryCompactIssued(
  host: Host,
  place: StatePlace,
  issued: Ledger<IssuedEvent>,
  options: LockOptions,
): Promise<LocalTlsError | undefined> {
  try {
    await compactIssued(host, place, issued, options);
    return undefined;
  } catch (error) {
    if (error instanceof LocalTlsError) return error;
    throw error;
  }
}
