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
import { type AuthorityChange, openAuthorityChange } from "./authority_change.ts";
import { type CaContent, caTexts, type PasswordSource } from "./ca_files.ts";
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
  REPLACING_DIRECTORY,
  type StatePlace,
  TRUSTED_LEDGER,
} from "./paths.ts";
import { listState, removeLock, removeState } from "./purge.ts";
import { findReplacement, settleReplacement } from "./replacement.ts";
import type { ReplacementPlan } from "./replacement_plan.ts";
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
   * The CA; undefined where there is none at all. Changes nothing, but for completing a creation or a
   * replacement that was killed half-way. The password of an encrypted key is asked for when the
   * key is first used, not here.
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
   * Changes the CA that is there: under the lock, after what an earlier run left half done was settled.
   * Throws as {@link StateDirectory.loadAuthority} does.
   */
  changeAuthority<T>(
    work: (change: AuthorityChange) => Promise<T>,
    options?: LockOptions,
  ): Promise<T>;
  /** A replacement of the CA that was interrupted before it took effect, as a command line's words. */
  interruptedChange(): Promise<readonly string[] | undefined>;
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
  password: PasswordSource = nobodyToAsk,
): Promise<StateDirectory> {
  return new Promise((resolve) =>
    resolve(makeStateDirectory(host, locateState(host, user, dir), password))
  );
}

function nobodyToAsk(): Promise<string> {
  const message = "Cannot use the key of the CA: it is encrypted, and no password is given";
  return Promise.reject(new LocalTlsError("CONFIRMATION_NEEDED", message));
}

function makeStateDirectory(
  host: Host,
  place: StatePlace,
  password: PasswordSource,
): StateDirectory {
  const desk = {
    host,
    place,
    password,
    issued: openLedger(host, place, joinPath(place.path, ISSUED_LEDGER), readIssuedEvent),
  };
  const file = (name: string) => joinPath(place.path, name);
  return {
    path: place.path,
    rootFile: file("root.pem"),
    issuerFile: file("issuer.pem"),
    issuerKeyFile: file("issuer-key.pem"),
    issued: desk.issued,
    trusted: openLedger(host, place, file(TRUSTED_LEDGER), readTrustedEvent),
    loadAuthority: (options = {}) => loadAuthority(desk, options),
    createAuthority: (make, options = {}) => createAuthority(desk, make, options),
    changeAuthority: (work, options = {}) => changeAuthority(desk, work, options),
    interruptedChange: async () => (await findReplacement(host, place))?.plan.request,
    purge: (options = {}) => purge(host, place, options),
    foreignFiles: () => listForeign(host, place),
  };
}

/** What everything below works with. */
interface Desk {
  readonly host: Host;
  readonly place: StatePlace;
  readonly password: PasswordSource;
  readonly issued: Ledger<IssuedEvent>;
}

async function loadAuthority(desk: Desk, options: LockOptions): Promise<Authority | undefined> {
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

async function createAuthority(
  desk: Desk,
  make: () => Promise<Hierarchy>,
  options: LockOptions,
): Promise<{ readonly authority: Authority; readonly created: boolean }> {
  const { host, place } = desk;
  const held = await loadAuthority(desk, options);
  if (held !== undefined) return { authority: held, created: false };
  return await withLock(host, place, options, async () => {
    await sweepUnfinished(host, place);
    await settle(desk);
    const found = await readAuthority(desk);
    if (found !== undefined) return { authority: found, created: false };
    await publishHierarchy(host, place, await caTexts(await make()));
    // What was written is what is used: read back, and checked as any other CA.
    const authority = await readAuthority(desk);
    if (authority !== undefined) return { authority, created: true };
    throw new LocalTlsError("FILE_WRITE", `Cannot make a CA in "${place.path}": it did not stay`);
  });
}

async function changeAuthority<T>(
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
  const content: CaContent = await readCaFiles(host, place, place.path);
  if (content.size === 0) return undefined;
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
