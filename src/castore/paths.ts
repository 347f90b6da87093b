/**
 * The one place that names what stands in the state directory, and where that directory is.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { isAbsolutePath, isWindowsPath, joinPath } from "../host/path_text.ts";
import { quoteArgument } from "../host/shell_words.ts";
import type { TargetUser } from "../host/target_user.ts";

export { joinPath };

/** The directory's own name in the user's data directory. */
const DIRECTORY_NAME = "localtls";
/** Nobody but the owner has business there. */
export const DIRECTORY_MODE = 0o700;
/** Keys, ledgers and the lock. */
export const PRIVATE_MODE = 0o600;
/** Certificates: public; the directory keeps others out unless the user opens it. */
export const PUBLIC_MODE = 0o644;

/** The files of a CA: all of them, or there is none. */
export const CA_FILES = ["issuer-key.pem", "issuer.pem", "root.pem"] as const;
/** One of {@link CA_FILES}. */
export type CaFile = typeof CA_FILES[number];
/** Ledgers and lock. */
export const ISSUED_LEDGER = "issued.jsonl";
export const TRUSTED_LEDGER = "trusted.jsonl";
/** A ledger that is being rewritten: what it was, and how many of its octets the new one accounts for. */
export const FORMER_LEDGER = /^issued\.jsonl\.(\d{1,15})\.former$/;
export const LOCK_FILE = "lock";
/** The root again, under the name that programs look for in mkcert's directory. */
export const ROOT_COPY = "rootCA.pem";
/** Copies of other people's certificates that were trusted, `<sha256>.pem`. */
export const ANCHORS_DIRECTORY = "anchors";
/** What `env` points programs at: bundles, trust stores, settings. Made anew at will. */
export const ENVIRONMENT_DIRECTORY = "environment";
/** A new CA, complete and durable, that is being moved to its place: see creation.ts. */
export const STAGED_DIRECTORY = ".creating";
/** Followed by a random part: a new CA that is being written. */
export const UNFINISHED_PREFIX = ".new-";
/** A new CA that is about to take the place of the one that is there: see replacement.ts. */
export const REPLACING_DIRECTORY = ".replacing";
/** How far that is, as the name of its journal: a change of phase is one rename, which a full disk allows. */
export const REPLACEMENT_PHASES = ["preparing.json", "swapping.json", "undoing.json"] as const;
/** Before the name of a CA file: what it was before it was replaced. */
export const FORMER_PREFIX = "former-";
/** What Files.write leaves when it is killed; random octets in hexadecimal follow. */
export const TEMPORARY_FILE = /^\.localtls-[0-9a-f]{16}$/;

/** A state directory, there or not. */
export interface StatePlace {
  /** Absolute. */
  readonly path: string;
  /** The program as hints call it, so that a pasted line meets the same directory. */
  readonly program: string;
}

/**
 * Decides where the state directory is: `--dir`, else LOCALTLS_DIR, else the user's data directory.
 * Relative ones start at the working directory. Nothing is looked at, nothing made.
 *
 * @param dir The value of `--dir`.
 */
export function locateState(host: Host, user: TargetUser, dir: string | undefined): StatePlace {
  const given = dir ?? host.env("LOCALTLS_DIR");
  if (given === undefined) {
    const path = defaultStatePath(host, user);
    return { path, program: "localtls" };
  }
  if (given === "" || given.includes("\0")) {
    throw new LocalTlsError(
      "USAGE",
      "Cannot use the state directory: its path is empty or invalid",
    );
  }
  const relative = given
    .replace(isWindowsPath(host.workingDirectory) ? /^(?:\.[\\/]+)+/ : /^(?:\.\/+)+/, "")
    .replace(/^\.$/, "");
  const path = isAbsolutePath(given)
    ? given
    : relative === ""
    ? host.workingDirectory
    : joinPath(host.workingDirectory, relative);
  // Named by whoever started this process, root under sudo.
  host.allowRoot(path, "tree");
  return {
    // A slash at the end would make lstat(2) follow a symlink. That of a drive, C:\, is a part of its name.
    path: path.replace(isWindowsPath(path) ? /(?<!:)[\\/]+$/ : /(?<=.)\/+$/, ""),
    program: `localtls --dir ${quoteArgument(given)}`,
  };
}

/** Where a user's state directory is unless something else is said. */
export function defaultStatePath(host: Host, user: TargetUser): string {
  return joinPath(host.dataDirectory(user.home), DIRECTORY_NAME);
}
