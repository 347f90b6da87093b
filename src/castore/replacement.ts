/**
 * Putting another CA in the place of the one that is there, together with every certificate file that has
 * to change with it: all of them, or none, wherever a crash or an error falls.
 *
 * 1. {@link stageReplacement}: the new CA is written into `.replacing/`, with a journal. Nothing uses it yet.
 * 2. {@link prepareFiles}: beside every file that will change, a copy of what it is and what it will be. The
 *    journal names them first.
 * 3. {@link swapFiles}: one rename of the journal decides; after it every file is renamed into its place, the
 *    ledger is written, and the copies go.
 *
 * Killed before the rename of step 3, everything is as before, and {@link dropReplacement} takes the leftovers
 * away. Killed after it, {@link settleReplacement} goes on to the end. An error in step 3 is undone by
 * {@link undoSwap}, and a kill in that is undone further. No step but the second needs disk space.
 *
 * Everything here runs under the lock.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host, WriteOptions } from "../host/host.ts";
import {
  certificateSwaps,
  removeCopies,
  restoreCertificate,
  swapCertificate,
} from "./certificate_swap.ts";
import { type CaTexts, modeOfCaFile, writeCaFiles } from "./ca_files.ts";
import { sweepDirectory, writeDirectory } from "./creation.ts";
import { readCertificates } from "./certificates.ts";
import type { IssuedEvent } from "./ledger.ts";
import type { Ledger } from "./ledger_file.ts";
import {
  CA_FILES,
  FORMER_PREFIX,
  joinPath,
  REPLACING_DIRECTORY,
  type StatePlace,
} from "./paths.ts";
import { changePhase, findReplacement, writeJournal } from "./replacement_journal.ts";
import type { ReplacementPlan, SwapFile } from "./replacement_plan.ts";
import { isOfAnotherUser } from "./safety.ts";

/** A file that changes with the CA, outside the state directory. */
export interface ChangedFile {
  readonly file: SwapFile;
  readonly content: string;
  /** Of the file that is there. */
  readonly options: WriteOptions;
}

/** The swaps of the CA's own files: what is new is staged in `.replacing/`. */
export function caSwaps(place: StatePlace): SwapFile[] {
  const staged = joinPath(place.path, REPLACING_DIRECTORY);
  return CA_FILES.map((name) => ({
    place: joinPath(place.path, name),
    fresh: joinPath(staged, name),
    former: joinPath(staged, FORMER_PREFIX + name),
  }));
}

/** Step 1. The caller has made sure that nothing is staged. */
export async function stageReplacement(
  host: Host,
  place: StatePlace,
  texts: CaTexts,
  plan: ReplacementPlan,
): Promise<void> {
  const staged = joinPath(place.path, REPLACING_DIRECTORY);
  await writeDirectory(host, place, staged, async (unfinished) => {
    await writeCaFiles(host, unfinished, texts);
    await writeJournal(host, unfinished, plan);
  });
}

/**
 * Step 2. Throws FILE_WRITE, FILE_UNSAFE; what was written then is named in the journal, for
 * {@link dropReplacement}.
 */
export async function prepareFiles(
  host: Host,
  place: StatePlace,
  plan: ReplacementPlan,
  changed: readonly ChangedFile[],
): Promise<void> {
  const { files } = host;
  const staged = joinPath(place.path, REPLACING_DIRECTORY);
  await writeJournal(host, staged, plan);
  const copy = async (from: string, to: string, options: WriteOptions) => {
    const content = await files.read(from);
    if (content === undefined) {
      throw new LocalTlsError("FILE_NOT_FOUND", `Cannot copy "${from}": it is not there any more`);
    }
    await files.write(to, content, options);
  };
  for (const { file, content, options } of changed) {
    await files.write(file.fresh, content, options);
    await copy(file.place, file.former, options);
  }
  for (const name of CA_FILES) {
    const former = joinPath(staged, FORMER_PREFIX + name);
    await copy(joinPath(place.path, name), former, {
      mode: modeOfCaFile(name),
    });
  }
}

/** Step 3. After an error the caller calls {@link undoSwap}; after a kill the next run goes on. */
export async function swapFiles(
  host: Host,
  place: StatePlace,
  issued: Ledger<IssuedEvent>,
  plan: ReplacementPlan,
): Promise<void> {
  await changePhase(host, place, "preparing.json", "swapping.json");
  await finishSwap(host, place, issued, plan);
}

/**
 * Brings what was interrupted to an end: files that were being swapped are swapped, those that were being
 * put back are put back. What was staged and never begun stays.
 * @returns What is left staged.
 */
export async function settleReplacement(
  host: Host,
  place: StatePlace,
  issued: Ledger<IssuedEvent>,
): Promise<ReplacementPlan | undefined> {
  const found = await findReplacement(host, place);
  if (found?.phase === "swapping.json") {
    await finishSwap(host, place, issued, found.plan);
    return undefined;
  }
  if (found?.phase === "undoing.json") await putBack(host, place, issued, found.plan);
  return found?.plan;
}

/** Takes step 3 back. The new CA stays staged: it may still be trusted somewhere. */
export async function undoSwap(
  host: Host,
  place: StatePlace,
  issued: Ledger<IssuedEvent>,
  plan: ReplacementPlan,
): Promise<void> {
  const staged = joinPath(place.path, REPLACING_DIRECTORY);
  if (await host.files.info(joinPath(staged, "preparing.json"))) return; // it was not begun
  await changePhase(host, place, "swapping.json", "undoing.json");
  await putBack(host, place, issued, plan);
}

/** Removes everything that was staged and prepared. The caller has made sure that nothing trusts the new CA. */
export async function dropReplacement(host: Host, place: StatePlace): Promise<void> {
  const found = await findReplacement(host, place);
  if (found !== undefined && await isOfAnotherUser(host, place)) {
    for (const swap of certificateSwaps(found.plan)) await removeCopies(host, swap);
  } else {
    // Of one's own, the name says enough: nobody but a replacement has files that are called so.
    for (const { fresh, former } of found?.plan.files ?? []) {
      await host.files.remove(former);
      await host.files.remove(fresh);
    }
  }
  await sweepDirectory(host, joinPath(place.path, REPLACING_DIRECTORY));
}

async function finishSwap(
  host: Host,
  place: StatePlace,
  issued: Ledger<IssuedEvent>,
  plan: ReplacementPlan,
): Promise<void> {
  const { files } = host;
  const swaps = certificateSwaps(plan);
  for (const swap of swaps) await swapCertificate(host, swap);
  for (const { fresh, place: path } of caSwaps(place)) {
    if (await files.info(fresh)) await files.rename(fresh, path);
  }
  // Twice in the ledger, after a kill, is as good as once.
  const placed = new Set(swaps.map((swap) => swap.place));
  const lines = plan.issued.filter(({ cert }) => placed.has(cert));
  if (lines.length > 0) await issued.appendAll(lines);
  try {
    for (const swap of swaps) await removeCopies(host, swap);
    for (const { former } of caSwaps(place)) await files.remove(former);
    await sweepDirectory(host, joinPath(place.path, REPLACING_DIRECTORY));
  } catch (error) {
    // Everything is in its place: copies that cannot be removed are tried again by the next run.
    if (!(error instanceof LocalTlsError)) throw error;
  }
}

/** A file whose new content is still waiting was not swapped; the others get back what they were. */
async function putBack(
  host: Host,
  place: StatePlace,
  issued: Ledger<IssuedEvent>,
  plan: ReplacementPlan,
): Promise<void> {
  const { files } = host;
  for (const { place: path, fresh, former } of caSwaps(place)) {
    if (await files.info(fresh)) continue;
    if (await files.info(former)) await files.rename(former, path);
  }
  for (const swap of certificateSwaps(plan)) {
    if (await files.info(swap.fresh) === undefined) await restoreCertificate(host, swap);
    await removeCopies(host, swap);
  }
  await correctLedger(issued, plan);
  await changePhase(host, place, "undoing.json", "preparing.json");
}

/** Lines that were written for certificates that are taken back are followed by those of before. */
async function correctLedger(issued: Ledger<IssuedEvent>, plan: ReplacementPlan): Promise<void> {
  try {
    const taken = new Set(plan.issued.map(({ sha256 }) => sha256));
    const wrong = new Set<string>();
    for await (const { event } of readCertificates(issued)) {
      if (taken.has(event.sha256)) wrong.add(event.cert);
    }
    const corrected = plan.formerlyIssued.filter(({ cert }) => wrong.has(cert));
    if (corrected.length > 0) await issued.appendAll(corrected);
  } catch (error) {
    // The files are what counts; a full disk, which can be why all this is undone, takes no line either.
    if (!(error instanceof LocalTlsError)) throw error;
  }
}
