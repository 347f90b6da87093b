/**
 * The CA as it will be when what was interrupted is finished, without finishing it: for whoever may not change the state
 * directory, and for root, who changes a user's files only when a command was given that changes them.
 *
 * @module
 */

import type { Host } from "../host/host.ts";
import { type CaContent, readCaFile, readCaFiles } from "./ca_files.ts";
import {
  CA_FILES,
  FORMER_PREFIX,
  joinPath,
  REPLACING_DIRECTORY,
  STAGED_DIRECTORY,
  type StatePlace,
} from "./paths.ts";
import { findReplacement } from "./replacement_journal.ts";
import { checkDirectory } from "./safety.ts";

/**
 * Reads each file of the CA where a creation or a replacement that was killed has left it. Changes nothing.
 * Throws STATE_UNSAFE, CA_MISMATCH for a journal that is none, FILE_*.
 */
export async function readThroughJournals(host: Host, place: StatePlace): Promise<CaContent> {
  const found = await findReplacement(host, place);
  const staged = joinPath(place.path, REPLACING_DIRECTORY);
  const moved = new Map(await readCaFiles(host, place, place.path));
  if (found?.phase === "swapping.json") {
    return new Map([...moved, ...await readCaFiles(host, place, staged)]);
  }
  if (found?.phase === "undoing.json") {
    const waiting = await readCaFiles(host, place, staged);
    for (const name of CA_FILES) {
      // What still waits has not been swapped; the others get back what they were.
      if (waiting.has(name)) continue;
      const former = await readCaFile(host, place, joinPath(staged, FORMER_PREFIX + name), name);
      if (former !== undefined) moved.set(name, former);
    }
    return moved;
  }
  const creating = joinPath(place.path, STAGED_DIRECTORY);
  const info = await host.files.info(creating);
  if (info === undefined || moved.size === CA_FILES.length) return moved;
  checkDirectory(host, place, creating, info);
  const waiting = await readCaFiles(host, place, creating);
  // As completing it would: a file that is in both places is for a person to look at.
  return CA_FILES.some((name) => moved.has(name) && waiting.has(name))
    ? moved
    : new Map([...moved, ...waiting]);
}
