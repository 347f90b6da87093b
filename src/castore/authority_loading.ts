/**
 * Loading the CA of a state directory. Making and changing it, and what a lock is needed for: authority_changing.ts,
 * loaded for these alone.
 *
 * Reading takes no lock. What looks half or mismatched may be another process in the middle of its
 * work, so it is looked at again under the lock before it is called an error.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import type { Authority } from "../pki/authority.ts";
import { checkAccess } from "./access.ts";
import { incompleteError, openContent, type PasswordSource, readCaFiles } from "./ca_files.ts";
import type { IssuedEvent } from "./ledger.ts";
import type { Ledger } from "./ledger_file.ts";
import type { LockOptions } from "./lock.ts";
import { CA_FILES, joinPath, REPLACING_DIRECTORY, type StatePlace } from "./paths.ts";
import { checkDirectory, isOfAnotherUser } from "./safety.ts";

/** What everything below works with. */
export interface Desk {
  readonly host: Host;
  readonly place: StatePlace;
  readonly password: PasswordSource;
  readonly issued: Ledger<IssuedEvent>;
  /** The command changes nothing (`--dry-run`). */
  readonly readOnly?: boolean | undefined;
}

/** Between two looks at a directory in which another process may be at work, in milliseconds; and how many there are. */
const LOOK_AGAIN_MS = 50;
const LOOKS = 20;

/** Implements StateDirectory.loadAuthority. */
export async function loadAuthority(
  desk: Desk,
  options: LockOptions,
): Promise<Authority | undefined> {
  const { host, place } = desk;
  const first = await look(desk);
  const changesNothing = desk.readOnly || await isOfAnotherUser(host, place);
  if (!("error" in first) && !await isBeingSwapped(host, place)) {
    if (first.authority !== undefined || !changesNothing) return first.authority;
  }
  // Whoever changes the CA settles it under the lock; looking is no reason for root to rename a user's files.
  if (changesNothing) return await loadThrough(desk, first);
  try {
    return await (await import("./authority_changing.ts")).settleAndRead(desk, options);
  } catch (second) {
    // Where the lock cannot be had (a read-only directory), the first look has to do.
    const code = second instanceof LocalTlsError ? second.code : undefined;
    if (code !== "FILE_WRITE" && code !== "STORE_UNAVAILABLE") throw second;
    if ("error" in first) throw first.error;
    return first.authority;
  }
}

/** What a creation or a replacement that was killed is going to be; it may also be at work just now. */
async function loadThrough(desk: Desk, first: Look): Promise<Authority | undefined> {
  const { host, place, password } = desk;
  const { readThroughJournals } = await import("./journal_view.ts");
  for (let left = LOOKS;; left--) {
    try {
      const content = await readThroughJournals(host, place);
      if (content.size === 0) return undefined;
      if (content.size < CA_FILES.length) throw incompleteError(place, content);
      await checkAccess(host, place, true);
      return await openContent(place, content, password);
    } catch (error) {
      if (!isHalfDone(error)) throw error;
      if (left === 0) throw "error" in first ? first.error : error;
      await host.sleep(LOOK_AGAIN_MS);
    }
  }
}

type Look = { readonly authority: Authority | undefined } | { readonly error: unknown };

/** What may be another process in the middle of its work is an answer here. */
async function look(desk: Desk): Promise<Look> {
  try {
    return { authority: await readAuthority(desk) };
  } catch (error) {
    if (isHalfDone(error)) return { error };
    throw error;
  }
}

/** One look at the directory. Throws CA_INCOMPLETE and CA_MISMATCH also for what is half done. */
export async function readAuthority(
  { host, place, password }: Desk,
): Promise<Authority | undefined> {
  const info = await host.files.info(place.path);
  if (info === undefined) return undefined;
  checkDirectory(host, place, place.path, info);
  const content = await readCaFiles(host, place, place.path);
  if (content.size === 0) return undefined;
  await checkAccess(host, place, content.has("issuer-key.pem"));
  if (content.size < CA_FILES.length) throw incompleteError(place, content);
  return await openContent(place, content, password);
}

/** Whether a replacement was begun and is not finished, by a process that works on it or was killed. */
async function isBeingSwapped(host: Host, place: StatePlace): Promise<boolean> {
  const staged = joinPath(place.path, REPLACING_DIRECTORY);
  if (await host.files.info(staged) === undefined) return false;
  const { findReplacement } = await import("./replacement_journal.ts");
  const found = await findReplacement(host, place);
  return found !== undefined && found.phase !== "preparing.json";
}

function isHalfDone(error: unknown): boolean {
  return error instanceof LocalTlsError &&
    (error.code === "CA_INCOMPLETE" || error.code === "CA_MISMATCH");
}
