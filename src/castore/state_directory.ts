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
import type { CreatedAuthority } from "./authority_changing.ts";
import { type Desk, loadAuthority } from "./authority_loading.ts";
import type { PasswordSource } from "./ca_files.ts";
import {
  type IssuedEvent,
  readIssuedEvent,
  readTrustedEvent,
  type TrustedEvent,
} from "./ledger.ts";
import { type Ledger, openLedger } from "./ledger_file.ts";
import type { LockOptions } from "./lock.ts";
import { ISSUED_LEDGER, joinPath, locateState, type StatePlace, TRUSTED_LEDGER } from "./paths.ts";

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
  /**
   * Drops superseded lines of the ledger of certificates where it is large and most of them are.
   * @returns What was in the way.
   */
  compactIssued(options?: LockOptions): Promise<LocalTlsError | undefined>;
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
 * @param readOnly Loading the CA finishes nothing that was interrupted, and looks through it.
 */
export function openStateDirectory(
  host: Host,
  user: TargetUser,
  dir?: string,
  password: PasswordSource = nobodyToAsk,
  readOnly = false,
): Promise<StateDirectory> {
  return new Promise((resolve) =>
    resolve(makeStateDirectory(host, locateState(host, user, dir), password, readOnly))
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
  readOnly: boolean,
): StateDirectory {
  const desk: Desk = {
    host,
    place,
    password,
    readOnly,
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
    // Loaded where they are wanted: most runs do nothing but issue.
    createAuthority: async (make, options = {}) =>
      (await import("./authority_changing.ts")).createAuthority(desk, make, options),
    changeAuthority: async (work, options = {}) =>
      (await import("./authority_changing.ts")).changeAuthority(desk, work, options),
    compactIssued: async (options = {}) => {
      const { tryCompactIssued } = await import("./ledger_compaction.ts");
      return await tryCompactIssued(host, place, desk.issued, options);
    },
    interruptedChange: async () => {
      const { findReplacement } = await import("./replacement_journal.ts");
      return (await findReplacement(host, place))?.plan.request;
    },
    purge: async (options = {}) => (await import("./purge.ts")).purge(host, place, options),
    foreignFiles: async () => (await import("./purge.ts")).listForeign(host, place),
  };
}
