/**
 * Refuses a state directory that others could read the key from, or put a CA of their own into.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { FileInfo, Host } from "../host/host.ts";
import { showCommand } from "../host/shell_hints.ts";
import { quoteArgument } from "../host/shell_words.ts";
import type { StatePlace } from "./paths.ts";

/** Write permission of group and others. */
const WRITABLE_BY_OTHERS = 0o022;
/** Any permission of group and others. */
const ANY_FOR_OTHERS = 0o077;

/**
 * Checks a directory of the state. It may be readable by others (somebody may serve root.pem from
 * it), never writable: who can write there can swap the CA.
 * Throws STATE_UNSAFE with the command that mends it.
 */
export function checkDirectory(host: Host, place: StatePlace, path: string, info: FileInfo): void {
  if (info.type === "symlink") {
    // A symlink further up is the user's way to keep homes elsewhere; one at the end itself can be
    // swapped by whoever may write beside it.
    throw unsafe(path, "it is a symbolic link", [
      `localtls --dir "$(realpath ${quoteArgument(path)})" status`,
    ]);
  }
  if (info.type !== "directory") {
    throw unsafe(path, "it is no directory", [showCommand(path)]);
  }
  checkOwner(host, place, path, info);
  if (hasModes(host) && (info.mode & WRITABLE_BY_OTHERS) !== 0) {
    throw unsafe(path, "other users can write to it", [`chmod 700 ${quoteArgument(path)}`]);
  }
}

/**
 * Checks a file of the state.
 *
 * @param content "secret": no permission for others at all. "public": others may read, not write.
 * Throws STATE_UNSAFE with the command that mends it.
 */
export function checkPlainFile(
  host: Host,
  place: StatePlace,
  path: string,
  info: FileInfo,
  content: "secret" | "public",
): void {
  if (info.type !== "file") {
    const what = info.type === "symlink" ? "it is a symbolic link" : "it is no plain file";
    throw unsafe(path, what, [showCommand(path)]);
  }
  checkOwner(host, place, path, info);
  if (!hasModes(host)) return;
  if (content === "secret" && (info.mode & ANY_FOR_OTHERS) !== 0) {
    throw unsafe(path, "other users have access to it", [
      `chmod 600 ${quoteArgument(path)}`,
      `If others may have read this key, replace the CA after that: ${place.program} ca rotate`,
    ]);
  }
  if ((info.mode & WRITABLE_BY_OTHERS) !== 0) {
    throw unsafe(path, "other users can write to it", [`chmod go-w ${quoteArgument(path)}`]);
  }
}

/** Ours, root's, or that of the user we work for: nobody else can change it under our hands. */
function checkOwner(host: Host, place: StatePlace, path: string, info: FileInfo): void {
  if (host.user === undefined) return;
  if (info.uid === host.user.uid || info.uid === 0) return;
  const wanted = host.user;
  throw unsafe(path, `it belongs to another user (uid ${info.uid})`, [
    `chown -R ${wanted.uid}:${wanted.gid} ${quoteArgument(place.path)}`,
  ]);
}

/** Whether this is root, and the directory is somebody else's: what stands in it is that user's word. */
export async function isOfAnotherUser(host: Host, place: StatePlace): Promise<boolean> {
  if (!host.isRoot) return false;
  return host.user?.uid !== 0 || ((await host.files.info(place.path))?.uid ?? 0) !== 0;
}

/** Systems without numeric users have access lists; their mode bits say nothing. */
function hasModes(host: Host): boolean {
  return host.user !== undefined;
}

function unsafe(path: string, state: string, hints: string[]): LocalTlsError {
  return new LocalTlsError("STATE_UNSAFE", `Cannot use "${path}": ${state}`, { hints });
}
