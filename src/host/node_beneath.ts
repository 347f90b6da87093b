/**
 * Opening what is beneath a directory, and nothing else: for servers, whose directory can be written to by who would like
 * to see the rest of the machine through them.
 *
 * Links are never followed by the kernel: the names are walked one by one, each directory held open
 * (node_held_directory.ts), and the file is opened in the last one without following a link. What is said of it was asked
 * of the descriptor. A link is resolved by its path first; where that is beneath the directory, the names it resolves to
 * are walked in the same way. So the resolving is a suggestion, and whoever changes a link or exchanges a directory
 * meanwhile gets what is beneath, or nothing.
 *
 * Without /proc, macOS's kernel is asked to refuse links on the whole of the path. Elsewhere the way is looked at before
 * and after the file is opened, in both directions, and the file has to be the one that the path leads to: a link would
 * have to come and go three times between these looks.
 *
 * @module
 */

import * as fs from "node:fs";
import { join, relative, sep } from "node:path";
import { type HeldDirectory, holdDirectory, releaseDirectory } from "./node_held_directory.ts";
import { operatingSystem } from "./operating_system.ts";
import { systemCode } from "./system_error.ts";

const { O_RDONLY } = fs.constants;
const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0;
const O_NONBLOCK = fs.constants.O_NONBLOCK ?? 0;
/** O_NOFOLLOW_ANY of macOS 11 (sys/fcntl.h): no link anywhere on the path. Older ones do not know it, and ignore it. */
const O_NOFOLLOW_ANY = operatingSystem() === "darwin" ? 0x20000000 : 0;

/** How often a link may be resolved anew: it can change between the look and the walk. */
const MAX_RESOLVED = 3;

/** The machine is out of something: not the same as a name that does not exist. */
const EXHAUSTED = ["EMFILE", "ENFILE", "ENOMEM"];

/** What was found beneath a directory. */
export interface Beneath {
  readonly kind: "file" | "directory";
  /** The names below the root, without links. */
  readonly names: readonly string[];
  /** Of the descriptor. */
  readonly stats: fs.Stats;
  /** Of a file, for reading; undefined for a directory. The caller closes it. */
  readonly descriptor: number | undefined;
  /** Of a directory, for looking into it; undefined for a file. The caller releases it. */
  readonly directory: HeldDirectory | undefined;
}

/** How names are looked for. */
export interface BeneathOptions {
  /** Whether links are followed that lead to something beneath the root. */
  readonly links: boolean;
  /** Decides whether a directory on the way, or at its end, may be used; the root is the first one. Default: all. */
  readonly admits?: (stats: fs.Stats) => boolean;
  /** Decides whether names that a link led to may be used. Default: all. */
  readonly admitsNames?: (names: readonly string[]) => boolean;
  /** Whether directories are held open by /proc where it is there. Default: yes; tests say no. */
  readonly pin?: boolean;
}

/** A link on the way. */
const LINK = Symbol("link");

/**
 * Opens what is at the names.
 *
 * @param root A directory, without links.
 * @param names None of them empty, ".", "..", or with a separator in it.
 * @returns undefined for what is not there, not beneath the root, neither file nor directory, or may not be read.
 * Throws where the system is out of descriptors or memory.
 */
export function openBeneath(
  root: string,
  names: readonly string[],
  options: BeneathOptions,
): Beneath | undefined {
  let way = names;
  for (let resolved = 0;; resolved++) {
    let found: Beneath | typeof LINK | undefined;
    try {
      found = walkNames(root, way, options);
    } catch (error) {
      // Gone meanwhile, no permission, a link where a directory was: all the same.
      if (EXHAUSTED.includes(systemCode(error) ?? "")) throw error;
      return undefined;
    }
    if (found !== LINK) return found;
    if (!options.links || resolved === MAX_RESOLVED) return undefined;
    const next = namesBeneath(root, join(root, ...way));
    if (next === undefined || options.admitsNames?.(next) === false) return undefined;
    way = next;
  }
}

/** The names of a path below the root once every link is resolved; undefined for one that leads elsewhere, or nowhere. */
function namesBeneath(root: string, path: string): string[] | undefined {
  try {
    const below = relative(root, fs.realpathSync(path));
    if (below === "") return [];
    const names = below.split(sep);
    // relative() of two drives is absolute.
    return names[0] === ".." || /^[A-Za-z]:$/.test(names[0]!) || names[0] === ""
      ? undefined
      : names;
  } catch {
    return undefined; // a loop, or nothing there
  }
}

/** Throws what the system answers. */
function walkNames(
  root: string,
  names: readonly string[],
  { admits, pin = true }: BeneathOptions,
): Beneath | typeof LINK | undefined {
  let directory = holdDirectory(root, pin);
  let isKept = false;
  try {
    const isAdmitted = () => {
      const stats = directory.descriptor === undefined
        ? fs.lstatSync(directory.place)
        : fs.fstatSync(directory.descriptor);
      return stats.isDirectory() && admits?.(stats) !== false ? stats : undefined;
    };
    let stats = isAdmitted();
    if (stats === undefined) return undefined;
    for (const [i, name] of names.entries()) {
      const place = join(directory.place, name);
      const seen = fs.lstatSync(place, { throwIfNoEntry: false });
      if (seen?.isSymbolicLink()) return LINK;
      if (seen?.isFile() && i === names.length - 1) {
        return openFile(directory, root, names, place);
      }
      // Devices and pipes: opening one can do something.
      if (!seen?.isDirectory()) return undefined;
      const inner = holdDirectory(place, pin);
      releaseDirectory(directory);
      directory = inner;
      stats = isAdmitted();
      if (stats === undefined) return undefined;
    }
    if (!directory.isPinned && !isStraight(root, names, stats)) return undefined;
    isKept = true;
    return { kind: "directory", names, stats, descriptor: undefined, directory };
  } finally {
    if (!isKept) releaseDirectory(directory);
  }
}

function openFile(
  directory: HeldDirectory,
  root: string,
  names: readonly string[],
  place: string,
): Beneath | undefined {
  const descriptor = openWithoutLinks(place);
  let isKept = false;
  try {
    const stats = fs.fstatSync(descriptor);
    if (!stats.isFile()) return undefined;
    if (!directory.isPinned && !isStraight(root, names, stats)) return undefined;
    isKept = true;
    return { kind: "file", names, stats, descriptor, directory: undefined };
  } finally {
    if (!isKept) fs.closeSync(descriptor);
  }
}

/** Windows has none of the flags. O_NONBLOCK: a pipe that took the place of the file since does not make us wait. */
function openWithoutLinks(place: string): number {
  const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
  try {
    return fs.openSync(place, flags | O_NOFOLLOW_ANY);
  } catch (error) {
    if (O_NOFOLLOW_ANY === 0 || systemCode(error) !== "EINVAL") throw error;
    return fs.openSync(place, flags);
  }
}

/** Whether the path goes through directories alone, from the root and back, and ends at what was opened. */
function isStraight(
  root: string,
  names: readonly string[],
  opened: fs.Stats,
): boolean {
  const depths = Array.from({ length: names.length }, (_, depth) => depth);
  const isDirectory = (depth: number) =>
    fs.lstatSync(join(root, ...names.slice(0, depth))).isDirectory();
  if (!depths.every(isDirectory)) return false;
  const end = fs.lstatSync(join(root, ...names));
  return isSameFile(end, opened) && depths.reverse().every(isDirectory);
}

/** Whether both are the same file, as far as a system tells. */
export function isSameFile(a: fs.Stats, b: fs.Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}
