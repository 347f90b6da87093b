/**
 * The state directory: the CA, the ledgers, and the rules under which they are read and changed.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import type { TargetUser } from "../host/target_user.ts";
import type { Authority } from "../pki/authority.ts";
import type { Hierarchy } from "../pki/hierarchy.ts";
import type { AuthorityChange } from "./authority_change.ts";
import {
  changeAuthority,
  createAuthority,
  type CreatedAuthority,
  type Desk,
  loadAuthority,
} from "./authority_loading.ts";
import type { PasswordSource } from "./ca_files.ts";
import {
  type IssuedEvent,
  readIssuedEvent,
  readTrustedEvent,
  type TrustedEvent,
} from "./ledger.ts";
import { type Ledger, openLedger } from "./ledger_file.ts";
import { type LockOptions, withLock } from "./lock.ts";
import {
  ISSUED_LEDGER,
  joinPath,
  locateState,
  LOCK_FILE,
  type StatePlace,
  TRUSTED_LEDGER,
} from "./paths.ts";
import { listState, removeLock, removeState } from "./purge.ts";
import { findReplacement } from "./replacement_journal.ts";
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
  ): Promise<CreatedAuthority>;
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
  const desk: Desk = {
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
    .filter((path) =>
      ![...known].some((held) => held === path || held.startsWith(joinPath(path, "")))
    );
}
