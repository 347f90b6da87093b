/**
 * Loading, making and changing the CA of a state directory.
 *
 * Reading takes no lock. What looks half or mismatched may be another process in the middle of its
 * work, so it is looked at again under the lock before it is called an error.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { checkAccess, protectState } from "./access.ts";
import type { Authority } from "../pki/authority.ts";
import type { Hierarchy } from "../pki/hierarchy.ts";
import { type AuthorityChange, openAuthorityChange } from "./authority_change.ts";
import {
  caTexts,
  incompleteError,
  openContent,
  type PasswordSource,
  readCaFiles,
} from "./ca_files.ts";
import { completeCreation, publishHierarchy, sweepUnfinished } from "./creation.ts";
import type { IssuedEvent } from "./ledger.ts";
import type { Ledger } from "./ledger_file.ts";
import { type LockOptions, withLock } from "./lock.ts";
import { CA_FILES, joinPath, REPLACING_DIRECTORY, type StatePlace } from "./paths.ts";
import { settleReplacement } from "./replacement.ts";
import { findReplacement } from "./replacement_journal.ts";
import type { ReplacementPlan } from "./replacement_plan.ts";
import { checkDirectory } from "./safety.ts";

/** What everything below works with. */
export interface Desk {
  readonly host: Host;
  readonly place: StatePlace;
  readonly password: PasswordSource;
  readonly issued: Ledger<IssuedEvent>;
}

/** Implements StateDirectory.loadAuthority. */
export async function loadAuthority(
  desk: Desk,
  options: LockOptions,
): Promise<Authority | undefined> {
  const { host, place } = desk;
  const first = await look(desk);
  if (!("error" in first) && !await isBeingSwapped(host, place)) return first.authority;
  try {
    return await withLock(host, place, options, async () => {
      await settle(desk);
      return await readAuthority(desk);
    });
  } catch (second) {
    // Where the lock cannot be had (a read-only directory), the first look has to do.
    const code = second instanceof LocalTlsError ? second.code : undefined;
    if (code !== "FILE_WRITE" && code !== "STORE_UNAVAILABLE") throw second;
    if ("error" in first) throw first.error;
    return first.authority;
  }
}

/** What may be another process in the middle of its work is an answer here. */
async function look(
  desk: Desk,
): Promise<{ readonly authority: Authority | undefined } | { readonly error: unknown }> {
  try {
    return { authority: await readAuthority(desk) };
  } catch (error) {
    if (isHalfDone(error)) return { error };
    throw error;
  }
}

/** Under the lock: completes what was killed half-way. */
async function settle({ host, place, issued }: Desk): Promise<ReplacementPlan | undefined> {
  await completeCreation(host, place);
  return await settleReplacement(host, place, issued);
}

/** What StateDirectory.createAuthority gives. */
export interface CreatedAuthority {
  readonly authority: Authority;
  readonly created: boolean;
  /** Made, and the system does not say whether others may read the key. */
  readonly unconfirmed?: boolean;
}

/** Implements StateDirectory.createAuthority. */
export async function createAuthority(
  desk: Desk,
  make: () => Promise<Hierarchy>,
  options: LockOptions,
): Promise<CreatedAuthority> {
  const { host, place } = desk;
  const held = await loadAuthority(desk, options);
  if (held !== undefined) return { authority: held, created: false };
  return await withLock(host, place, options, async () => {
    await sweepUnfinished(host, place);
    await settle(desk);
    const found = await readAuthority(desk);
    if (found !== undefined) return { authority: found, created: false };
    const confirmed = await protectState(host, place);
    await publishHierarchy(host, place, await caTexts(await make()));
    // What was written is what is used: read back, and checked as any other CA.
    const authority = await readAuthority(desk);
    if (authority !== undefined) {
      return { authority, created: true, ...(confirmed ? {} : { unconfirmed: true }) };
    }
    throw new LocalTlsError("FILE_WRITE", `Cannot make a CA in "${place.path}": it did not stay`);
  });
}

/** Implements StateDirectory.changeAuthority. */
export async function changeAuthority<T>(
  desk: Desk,
  work: (change: AuthorityChange) => Promise<T>,
  options: LockOptions,
): Promise<T> {
  const { host, place } = desk;
  // Looked at first: without a CA nothing is made, not even the lock.
  const held = await loadAuthority(desk, options);
  if (held === undefined) {
    throw new LocalTlsError(
      "CA_MISSING",
      `Cannot change the CA: there is none in "${place.path}"`,
      {
        hints: [`${place.program} setup`],
      },
    );
  }
  return await withLock(host, place, options, async () => {
    await sweepUnfinished(host, place);
    const left = await settle(desk);
    const authority = await readAuthority(desk) ?? held;
    return await work(openAuthorityChange({ ...desk, authority, left }));
  });
}

/** One look at the directory. Throws CA_INCOMPLETE and CA_MISMATCH also for what is half done. */
async function readAuthority({ host, place, password }: Desk): Promise<Authority | undefined> {
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
  const found = await findReplacement(host, place);
  return found !== undefined && found.phase !== "preparing.json";
}

function isHalfDone(error: unknown): boolean {
  return error instanceof LocalTlsError &&
    (error.code === "CA_INCOMPLETE" || error.code === "CA_MISMATCH");
}
