/**
 * What every change of an image needs: text that comes back to the byte, owners as those of the neighbours, directories
 * whose making is remembered.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import type { Host, ImageFiles, Owner } from "../../host/host.ts";
import { MAX_BUNDLE_BYTES } from "../system/bundle.ts";

const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;

/** An image that is being changed. */
export interface ImageTree {
  readonly files: ImageFiles;
  /** A file as text in which every octet is a character; undefined for nothing. */
  read(path: string): Promise<string | undefined>;
  /** Writes such a text. A file that is there keeps its mode and owner, a new one has those of its neighbours. */
  write(path: string, text: string): Promise<void>;
  /** As write(), for octets. */
  replace(path: string, content: Uint8Array): Promise<void>;
  /** Makes a directory, and the missing ones above it. @returns those that were made, outermost first. */
  makeDirectory(path: string): Promise<string[]>;
  /** Whom what is made at a path is given to: the owner of its directory. */
  ownerFor(path: string): Promise<Owner | undefined>;
}

/** Opens the image for changes by this host's user. */
export function createImageTree(host: Host, files: ImageFiles): ImageTree {
  // Only root may give a file away; a user's own image stays theirs by itself.
  const { isRoot } = host;

  async function ownerFor(path: string): Promise<Owner | undefined> {
    if (!isRoot) return undefined;
    for (let place = parentOf(path);; place = parentOf(place)) {
      const real = await files.realPath(place);
      const info = real === undefined ? undefined : await files.info(real);
      if (info !== undefined) return { uid: info.uid, gid: info.gid };
      if (place === "/") return undefined;
    }
  }

  async function replace(path: string, content: Uint8Array): Promise<void> {
    const held = await files.info(path);
    const owner = held === undefined
      ? await ownerFor(path)
      : isRoot
      ? { uid: held.uid, gid: held.gid }
      : undefined;
    const mode = held === undefined ? FILE_MODE : held.mode & 0o777;
    await files.write(path, content, { mode, owner });
  }

  async function makeDirectory(path: string): Promise<string[]> {
    const made: string[] = [];
    for (let place = path; place !== "/"; place = parentOf(place)) {
      if (await files.realPath(place) !== undefined) break;
      made.unshift(place);
    }
    if (made.length > 0) {
      await files.makeDirectory(path, { mode: DIRECTORY_MODE, owner: await ownerFor(made[0]!) });
    }
    return made;
  }

  return {
    files,
    async read(path) {
      const content = await files.read(path, MAX_BUNDLE_BYTES);
      return content === undefined ? undefined : toText(content);
    },
    write: (path, text) => replace(path, toOctets(text)),
    replace,
    makeDirectory,
    ownerFor,
  };
}

/**
 * An image that belongs to somebody else is no failure of the image.
 *
 * @param purpose Completes "Cannot ..." in the message.
 * Throws NEEDS_ROOT where the user may not write.
 */
export async function explainDenied<T>(
  host: Host,
  purpose: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LocalTlsError) || host.isRoot) throw error;
    if (!/: (?:Permission denied|Operation not permitted)$/.test(error.message)) throw error;
    throw new LocalTlsError("NEEDS_ROOT", `Cannot ${purpose}: ${error.message}`, {
      hints: ["Do the same as the owner of the image, or as root"],
      cause: error,
    });
  }
}

/** The directory that a path stands in. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** Comments of bundles are in many encodings, and are not ours to mend. */
function toText(octets: Uint8Array): string {
  let text = "";
  for (let at = 0; at < octets.length; at += 8192) {
    text += String.fromCharCode(...octets.subarray(at, at + 8192));
  }
  return text;
}

function toOctets(text: string): Uint8Array {
  const octets = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) octets[i] = text.charCodeAt(i);
  return octets;
}
