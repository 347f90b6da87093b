/**
 * What a trust store is. An adapter per store implements {@link TrustStore}; `change.ts` is the one
 * caller of add() and remove(), and reads the store back after every change.
 *
 * @module
 */

import type { Host } from "../host/host.ts";
import type { TargetUser } from "../host/target_user.ts";
import type { Certificate } from "../x509/certificate.ts";
import type { Elevation } from "./elevation.ts";

/** Kinds of store; the words of `--stores`. "windows" is the Windows around a Linux in WSL. */
export type StoreKind = "system" | "nss" | "java" | "windows";

/** A certificate that is to be trusted, or not any more. */
export interface TrustAnchor {
  readonly certificate: Certificate;
  /** PEM of that certificate alone, LF line ends, ending in a newline. */
  readonly pem: string;
  /** SHA-256 of the DER, 64 lower-case hexadecimal digits: the only thing that anchors are matched by. */
  readonly sha256: string;
  /** Readable name: NSS nickname, Java alias, part of messages. Printable, 1 to 64 characters. */
  readonly label: string;
  /** "ca": may issue for others. "peer": a self-signed end-entity certificate, trusted as itself. */
  readonly role: "ca" | "peer";
  /** A file that holds `pem` and that root can read, for commands that are shown to the user. */
  readonly file: string;
  /**
   * A removal takes out only what bears a mark of ours: the name of the anchor file, the alias, the nickname, the lines
   * around the block that add() gives. For what a ledger names, which is input, and for public roots.
   */
  readonly onlyMarked?: boolean;
  /** One of the roots that every machine has: without marks of our own in it, a store never gives it up. */
  readonly isPublic?: boolean;
}

/** What reading a store shows. */
export interface StoreState {
  /**
   * trusted: clients of this store accept what the anchor issued. absent: nothing of the anchor is there.
   * broken: something is there, and clients refuse (a missing signature, a distrust mark); add() mends it.
   */
  readonly state: "trusted" | "absent" | "broken";
  /**
   * For trusted: clients accept it as it is, and add() would still put it in better order (an NSS entry
   * in the format of an older version, or one that is not signed yet).
   */
  readonly renewable?: boolean;
  /** For broken, and for trusted with a reservation: one sentence. */
  readonly reason?: string;
  /** What the user can do about it, to paste. */
  readonly hint?: string;
}

/** A step of a change, as `--dry-run` and the needs-root hints print it. */
export type PlannedStep =
  | { readonly type: "write"; readonly path: string; readonly root: boolean }
  | { readonly type: "delete"; readonly path: string; readonly root: boolean }
  | { readonly type: "run"; readonly argv: readonly string[]; readonly root: boolean };

/** What a change left besides the trust itself. */
export interface StoreChange {
  /** Files and directories that did not exist before, in the order of making; uninstall takes them back. */
  readonly created?: readonly string[];
  /** Reservations: {code, message} pairs that the command reports as warnings. */
  readonly warnings?: readonly { readonly code: string; readonly message: string }[];
}

/** One place where some client finds its roots. */
export interface TrustStore {
  readonly kind: StoreKind;
  /** For the table: "Debian system store", "Chromium", "Firefox (default-release)", "Java 17". */
  readonly label: string;
  /** What identifies the store in the ledger: a database directory, an anchor directory, a cacerts file. */
  readonly path: string;
  /** The root directory of the system that the store belongs to, where that is not this machine's. */
  readonly root?: string;
  /**
   * Reads the store. Never changes it, never waits long.
   * Throws STORE_UNAVAILABLE when the store cannot be read at all.
   */
  state(anchor: TrustAnchor): Promise<StoreState>;
  /** The steps that add() or remove() would take, in order. */
  plan(change: "add" | "remove", anchor: TrustAnchor): Promise<PlannedStep[]>;
  /**
   * Makes the store trust the anchor, or mends a broken entry. Safe to repeat.
   * Throws NEEDS_ROOT (hints: the exact commands) where root is needed and cannot be had.
   */
  add(anchor: TrustAnchor): Promise<StoreChange>;
  /**
   * Whether something of the anchor in the store bears a mark of ours: see {@link TrustAnchor.onlyMarked}. Where a store
   * has no place for one (a keychain), whether it is the user's own store, or the root of a localtls.
   */
  holdsMark?(anchor: TrustAnchor): Promise<boolean>;
  /**
   * Takes out everything of the anchor, whoever put it there; with `onlyMarked`, what bears a mark of ours.
   * @param created What the ledger says add() made; removed when nothing else has come to live in it.
   */
  remove(anchor: TrustAnchor, created: readonly string[]): Promise<StoreChange>;
  /**
   * Asks the verifier behind the store whether it accepts a server's certificate. Only where that is more than
   * state() can tell: macOS's has ideas of its own about name constraints. Never changes the store.
   *
   * @param chain PEM of each certificate, leaf first, without the root.
   * @param name A DNS name or an address that the leaf is for.
   */
  verify?(chain: readonly string[], name: string): Promise<Verification>;
}

/** What a verifier says of a server's certificate. */
export type Verification =
  | { readonly accepted: true }
  | {
    readonly accepted: false;
    /** unknown: the issuer is accepted by itself, and the verifier does not say what is wrong with the leaf. */
    readonly cause: "name-constraints" | "other" | "unknown";
    /** What the verifier says. */
    readonly reason: string;
  };

/** What adapters need to find and change stores. */
export interface DiscoverContext {
  readonly host: Host;
  readonly user: TargetUser;
  readonly elevation: Elevation;
  /** The NSS primary password, from --nss-password-file. */
  readonly nssPassword?: string | undefined;
  /** Where a system has a store for its user and one for everybody (macOS, Windows): the latter. */
  readonly machine?: boolean | undefined;
  /** Apple's own store is left to a configuration profile (`setup --profile`): nothing is changed there. */
  readonly profile?: boolean | undefined;
  /** Says what the user is about to be asked by a program or a window that is not ours. */
  readonly announce?: (message: string) => void;
}

/** A family of stores: all NSS databases, all JDKs, the system store. */
export interface TrustStoreFamily {
  readonly kind: StoreKind;
  /** Every store of the family on this machine; also those that do not exist yet and will be read once they do. */
  discover(context: DiscoverContext): Promise<TrustStore[]>;
}
