/**
 * Finding the way in another root directory as a process would whose root it is (chroot(2)): absolute links start at that
 * directory, ".." does not leave it.
 *
 * An image is somebody else's work, and root may be asked to change it. So the kernel is never left to follow a link: the
 * path is walked component by component, each directory is held open, and the next is looked up from there
 * (node_held_directory.ts). Whoever swaps a directory for a link meanwhile gains nothing. Without /proc (FreeBSD, macOS) the same walk works on paths: links are resolved as well, and a swap between
 * the look and the use is not noticed.
 *
 * @module
 */

import * as fs from "node:fs";
import { LocalTlsError } from "../errors.ts";
import { type HeldDirectory, holdDirectory, releaseDirectory } from "./node_held_directory.ts";
import { systemCode } from "./system_error.ts";

/** As the kernel: path_resolution(7). */
const MAX_LINKS = 40;

/** A directory on the way. */
export interface ImageDirectory extends HeldDirectory {
  /** As the image's own programs see it; "" for the root. */
  readonly path: string;
}

/** The end of the way. */
export interface Spot {
  readonly directory: ImageDirectory;
  /** As the image's own programs see it, without links. */
  readonly path: string;
  /** As system calls take it. */
  readonly place: string;
  /** Of what stands there, a link not followed; undefined for nothing. */
  readonly stat: fs.Stats | undefined;
}

/**
 * Opens the root of an image.
 *
 * @param root A real path. What has become a link since it was found is not followed, at its end or on the way.
 * Throws what open(2) answers.
 */
export function openRootDirectory(root: string): ImageDirectory {
  let here = holdDirectory("/");
  for (const name of components(root).reverse()) {
    const next = holdDirectory(`${here.place.replace(/\/$/, "")}/${name}`);
    releaseDirectory(here);
    here = next;
  }
  return { path: "", ...here };
}

/**
 * Walks to a path and does something there, while the way is held open.
 *
 * @param followLast Whether a link at the end is followed; then the spot is where it leads.
 * @returns What `use` returns; undefined where a directory on the way is not there, or is none.
 * Throws FILE_UNSAFE for links that go round in a circle, or a directory that became something else on the way.
 */
export function walk<T>(
  root: ImageDirectory,
  path: string,
  followLast: boolean,
  use: (spot: Spot) => T,
): T | undefined {
  const way: ImageDirectory[] = [root];
  const back = (depth: number) => {
    while (way.length > depth) releaseDirectory(way.pop()!);
  };
  const left = components(path);
  let links = 0;
  try {
    for (;;) {
      const directory = way.at(-1)!;
      const name = left.pop();
      if (name === undefined) {
        const place = `${directory.place}/.`;
        return use({
          directory,
          path: directory.path || "/",
          place,
          stat: fs.lstatSync(place),
        });
      }
      if (name === "..") {
        back(Math.max(way.length - 1, 1));
        continue;
      }
      const place = `${directory.place}/${name}`;
      const stat = fs.lstatSync(place, { throwIfNoEntry: false });
      const isLast = left.length === 0;
      if (stat?.isSymbolicLink() && (followLast || !isLast)) {
        if (++links > MAX_LINKS) throw unsafe(path, "its symbolic links go round in a circle");
        const target = fs.readlinkSync(place);
        if (target.startsWith("/")) back(1);
        left.push(...components(target));
        continue;
      }
      const inside = `${directory.path}/${name}`;
      if (isLast) return use({ directory, path: inside, place, stat });
      if (stat === undefined || !stat.isDirectory()) return undefined;
      way.push(openOnTheWay(path, inside, place));
    }
  } finally {
    back(1);
  }
}

/** The parts of a path, the first one last. */
function components(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".").reverse();
}

function openOnTheWay(path: string, inside: string, place: string): ImageDirectory {
  try {
    return { path: inside, ...holdDirectory(place) };
  } catch (error) {
    if (!["ELOOP", "ENOTDIR"].includes(systemCode(error) ?? "")) throw error;
    throw unsafe(path, `"${inside}" was changed meanwhile`);
  }
}

function unsafe(path: string, state: string): LocalTlsError {
  return new LocalTlsError("FILE_UNSAFE", `Cannot use "${path}" in the image: ${state}`);
}
