/**
 * The state directory: the CA, the ledgers, and the rules under which they are read and changed.
 *
 * Reading takes no lock. What looks half or mismatched may be another process in the middle of its
 * work, so it is looked at again under the lock before it is called an error.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import type { TargetUser } from "../host/target_user.ts";
import type { Authority } from "../pki/authority.ts";
import type { Hierarchy } from "../pki/hierarchy.ts";
import { incompleteError, openContent, readCaFiles } from "./ca_files.ts";
import { completeCreation, publishHierarchy, sweepUnfinished } from "./creation.ts";
import {
  type IssuedEvent,
  readIssuedEvent,
  readTrustedEvent,
  type TrustedEvent,
} from "./ledger.ts";
import { type Ledger, openLedger } from "./ledger_file.ts";
import { type LockOptions, withLock } from "./lock.ts";
import {
  CA_FILES,
  ISSUED_LEDGER,
  joinPath,
  locateState,
  LOCK_FILE,
  type StatePlace,
  TRUSTED_LEDGER,
} from "./paths.ts";
import { listState, removeLock, removeState } from "./purge.ts";
import { checkDirectory } from "./safety.ts";

/** The state directory of the user that is meant; it need not exist. */
export interface StateDirectory {
  /** Absolute. */
  readonly path: string;
  readonly rootFile: string;
  readonly issuerFile: string;
  readonly issuerKeyFile: string;
  readonly issued: Ledger<IssuedEvent>;
  readonly trusted: Ledger<TrustedEvent>;
  /**
   * The CA; undefined where there is none at all. Changes nothing, but for completing a creation
   * that was killed half-way.
   *
   * Throws STATE_UNSAFE, CA_INCOMPLETE, CA_MISMATCH, STATE_LOCKED, FILE_READ; each with what to do.
   */
  loadAuthority(options?: LockOptions): Promise<Authority | undefined>;
  /**
   * The CA, made if there is none at all. Never replaces anything: a partial or damaged CA is an
   * error as in {@link StateDirectory.loadAuthority}.
   *
   * @param make Called under the lock, and only when there is none.
   */
  createAuthority(
    make: () => Promise<Hierarchy>,
    options?: LockOptions,
  ): Promise<{ readonly authority: Authority; readonly created: boolean }>;
  /**
   * Removes the files that localtls makes, then the directory if nothing else is in it.
   * @returns What was removed; with `dryRun`, what would be.
   */
  purge(options?: LockOptions & { readonly dryRun?: boolean }): Promise<string[]>;
  /** What is in the directory and is nobody's business here: what a purge leaves. */
  foreignFiles(): Promise<string[]>;
}

/**
 * Decides where the state directory is; looks at nothing and makes nothing.
 *
 * @param dir The value of `--dir`. Throws USAGE for an empty one.
 */
export function openStateDirectory(
  host: Host,
  user: TargetUser,
  dir?: string,
): Promise<StateDirectory> {
  return new Promise((resolve) => resolve(makeStateDirectory(host, locateState(host, user, dir))));
}

function makeStateDirectory(host: Host, place: StatePlace): StateDirectory {
  const file = (name: string) => joinPath(place.path, name);
  return {
    path: place.path,
    rootFile: file("root.pem"),
    issuerFile: file("issuer.pem"),
    issuerKeyFile: file("issuer-key.pem"),
    issued: openLedger(host, place, file(ISSUED_LEDGER), readIssuedEvent),
    trusted: openLedger(host, place, file(TRUSTED_LEDGER), readTrustedEvent),
    loadAuthority: (options = {}) => loadAuthority(host, place, options),
    createAuthority: (make, options = {}) => createAuthority(host, place, make, options),
    purge: (options = {}) => purge(host, place, options),
    foreignFiles: () => listForeign(host, place),
  };
}

async function loadAuthority(
  host: Host,
  place: StatePlace,
  options: LockOptions,
): Promise<Authority | undefined> {
  try {
    return await readAuthority(host, place);
  } catch (error) {
    if (!isHalfDone(error)) throw error;
    try {
      return await withLock(host, place, options, async () => {
        await completeCreation(host, place);
        return await readAuthority(host, place);
      });
    } catch (second) {
      // Where the lock cannot be had (a read-only directory), the first look has to do.
      const code = second instanceof LocalTlsError ? second.code : undefined;
      throw code === "FILE_WRITE" || code === "STORE_UNAVAILABLE" ? error : second;
    }
  }
}

async function createAuthority(
  host: Host,
  place: StatePlace,
  make: () => Promise<Hierarchy>,
  options: LockOptions,
): Promise<{ readonly authority: Authority; readonly created: boolean }> {
  const held = await loadAuthority(host, place, options);
  if (held !== undefined) return { authority: held, created: false };
  return await withLock(host, place, options, async () => {
    await sweepUnfinished(host, place);
    await completeCreation(host, place);
    const found = await readAuthority(host, place);
    if (found !== undefined) return { authority: found, created: false };
    await publishHierarchy(host, place, await make());
    // What was written is what is used: read back, and checked as any other CA.
    const authority = await readAuthority(host, place);
    if (authority !== undefined) return { authority, created: true };
    throw new LocalTlsError("FILE_WRITE", `Cannot make a CA in "${place.path}": it did not stay`);
  });
}

/** One look at the directory. Throws CA_INCOMPLETE and CA_MISMATCH also for what is half done. */
async function readAuthority(host: Host, place: StatePlace): Promise<Authority | undefined> {
  const info = await host.files.info(place.path);
  if (info === undefined) return undefined;
  checkDirectory(host, place, place.path, info);
  const content = await readCaFiles(host, place, place.path);
  if (content.size === 0) return undefined;
  if (content.size < CA_FILES.length) throw incompleteError(place, content);
  return await openContent(place, content);
}

function isHalfDone(error: unknown): boolean {
  return error instanceof LocalTlsError &&
    (error.code === "CA_INCOMPLETE" || error.code === "CA_MISMATCH");
}

async function purge(
  host: Host,
  place: StatePlace,
  options: LockOptions & { readonly dryRun?: boolean },
): Promise<string[]> {
  const { files } = host;
  const info = await files.info(place.path);
  if (info === undefined) return [];
  checkDirectory(host, place, place.path, info);
  if (options.dryRun === true) {
    const lock = joinPath(place.path, LOCK_FILE);
    return [...await listState(host, place), ...await files.info(lock) ? [lock] : []];
  }
  const removed = await withLock(host, place, options, async () => [
    ...await removeState(host, place),
    // Systems that keep open files from being removed get it after the lock is given back.
    ...await removeLock(host, place).catch(() => []),
  ]);
  removed.push(...await removeLock(host, place));
  if (await files.removeDirectory(place.path)) removed.push(place.path);
  return removed;
}

async function listForeign(host: Host, place: StatePlace): Promise<string[]> {
  const known = new Set([...await listState(host, place), joinPath(place.path, LOCK_FILE)]);
  const names = await host.files.list(place.path);
  return names.map((name) => joinPath(place.path, name))
    .filter((path) => ![...known].some((held) => held === path || held.startsWith(`${path}/`)));
}
