/**
 * Putting a new CA into the state directory, so that a crash at any step leaves either no CA or one
 * that the next run completes by itself.
 *
 * 1. All three files are written into `.new-<random>/`, each synced. Killed here: nothing but
 *    leftovers, which the next creation sweeps away.
 * 2. That directory is renamed to `.creating/`: one atomic step, after which the CA exists.
 * 3. The files are moved to their places one by one, and `.creating/` is removed. Killed here: each
 *    file is in one of two places, and {@link completeCreation} moves the rest.
 *
 * Nothing has been trusted or issued before the last step, and no step ever replaces a file. A plain
 * order of three renames was rejected: between them, a killed creation cannot be told from a lost file.
 *
 * Everything here runs under the lock.
 *
 * @module
 */

import { toHex } from "../bytes.ts";
import type { Host } from "../host/host.ts";
import {
  type CaContent,
  type CaTexts,
  incompleteError,
  openContent,
  readCaFiles,
  writeCaFiles,
} from "./ca_files.ts";
import {
  CA_FILES,
  DIRECTORY_MODE,
  FORMER_PREFIX,
  joinPath,
  REPLACEMENT_PHASES,
  STAGED_DIRECTORY,
  type StatePlace,
  TEMPORARY_FILE,
  UNFINISHED_PREFIX,
} from "./paths.ts";
import { checkDirectory } from "./safety.ts";

/** What {@link writeDirectory} makes; a directory of another name is somebody else's. */
const UNFINISHED_NAME = /^\.new-[0-9a-f]{16}$/;

/** Writes a new CA. The caller has made sure that there is none, not even a part of one. */
export async function publishHierarchy(
  host: Host,
  place: StatePlace,
  texts: CaTexts,
): Promise<void> {
  const staged = joinPath(place.path, STAGED_DIRECTORY);
  await writeDirectory(
    host,
    place,
    staged,
    (unfinished) => writeCaFiles(host, unfinished, texts),
  );
  await moveStaged(host, place);
}

/** Makes a directory with what `fill` writes into it, whole or not at all: it gets its name last. */
export async function writeDirectory(
  host: Host,
  place: StatePlace,
  path: string,
  fill: (unfinished: string) => Promise<void>,
): Promise<void> {
  const { files } = host;
  const random = toHex(crypto.getRandomValues(new Uint8Array(8)));
  const unfinished = joinPath(place.path, `${UNFINISHED_PREFIX}${random}`);
  try {
    await files.makeDirectory(unfinished, { mode: DIRECTORY_MODE });
    await fill(unfinished);
    await files.rename(unfinished, path);
  } catch (error) {
    // A full disk: give back what was taken. The first error is the one that counts.
    await sweepDirectory(host, unfinished).catch(() => {});
    throw error;
  }
}

/**
 * Completes a creation that was killed while its files were moved. Moves only what makes a whole CA:
 * files that do not belong together are left as they are, for a person to look at.
 *
 * Throws CA_INCOMPLETE and CA_MISMATCH where all that is left of a CA is staged, and is not whole.
 */
export async function completeCreation(host: Host, place: StatePlace): Promise<void> {
  const staged = joinPath(place.path, STAGED_DIRECTORY);
  const info = await host.files.info(staged);
  if (info === undefined) return;
  checkDirectory(host, place, staged, info);
  const moved = await readCaFiles(host, place, place.path);
  // A whole CA stands, perhaps from a backup: what is staged besides is of no use, and not ours to judge.
  if (moved.size === CA_FILES.length) return;
  const waiting = await readCaFiles(host, place, staged);
  if (waiting.size === 0) {
    await host.files.removeDirectory(staged);
    return;
  }
  const overlaps = CA_FILES.some((name) => moved.has(name) && waiting.has(name));
  const whole: CaContent = new Map([...moved, ...waiting]);
  if (overlaps || whole.size < CA_FILES.length) {
    throw incompleteError(place, moved.size > 0 ? moved : whole);
  }
  try {
    await openContent(place, whole, () => Promise.reject(new Error("not used")));
  } catch (error) {
    throw moved.size > 0 ? incompleteError(place, moved) : error;
  }
  await moveStaged(host, place);
}

/** Removes what killed creations left before their CA existed. */
export async function sweepUnfinished(host: Host, place: StatePlace): Promise<void> {
  for (const name of await host.files.list(place.path)) {
    if (UNFINISHED_NAME.test(name)) await sweepDirectory(host, joinPath(place.path, name));
  }
}

async function moveStaged({ files }: Host, place: StatePlace): Promise<void> {
  const staged = joinPath(place.path, STAGED_DIRECTORY);
  for (const name of CA_FILES) {
    const from = joinPath(staged, name);
    if (await files.info(from)) await files.rename(from, joinPath(place.path, name));
  }
  await files.removeDirectory(staged);
}

/** Removes a directory with the files that a creation makes, and nothing else. */
export async function sweepDirectory({ files }: Host, directory: string): Promise<string[]> {
  const removed: string[] = [];
  if ((await files.info(directory))?.type !== "directory") return removed;
  // The journal of a replacement goes last: it names files elsewhere.
  const names = (await files.list(directory)).sort((a, b) =>
    Number(isPhase(a)) - Number(isPhase(b))
  );
  for (const name of names) {
    const bare = name.startsWith(FORMER_PREFIX) ? name.slice(FORMER_PREFIX.length) : name;
    const isOurs = CA_FILES.some((file) => file === bare) || isPhase(name) ||
      TEMPORARY_FILE.test(name);
    const path = joinPath(directory, name);
    if (isOurs && await files.remove(path)) removed.push(path);
  }
  if (await files.removeDirectory(directory)) removed.push(directory);
  return removed;
}

function isPhase(name: string): boolean {
  return REPLACEMENT_PHASES.some((phase) => phase === name);
}
