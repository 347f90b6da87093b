/**
 * Who can change what a path leads to.
 *
 * Root that opens a path of a user's goes where that user wants it to go: every directory on the way, and every link,
 * can be exchanged between a look and the next step. So before root does anything at a path, the whole way is walked
 * from the root directory, links included, and root acts as itself only where nobody but root controls the way.
 *
 * @module
 */

import * as fs from "node:fs";
import * as path from "node:path";
import process from "node:process";
import type { Owner } from "./files.ts";

/** Who controls a way. */
export interface PathControl {
  /** Users but root who can exchange something on the way, in its order: owners of directories, of links. */
  readonly owners: readonly Owner[];
  /** Whether there is a place on the way at which everybody, or a group with members, can make an entry. */
  readonly isShared: boolean;
  /** Whether a link that somebody but root controls was followed. */
  readonly followsForeignLink: boolean;
  /** The path without links, as far as it exists. */
  readonly realPath: string;
}

/** As the kernel does (path_resolution(7)). */
const MAX_LINKS = 40;

const STICKY = 0o1000;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;

/** Directories to which nobody but root controls the way: only root can make it otherwise, so that one look is enough. */
const rootsOwn = new Set<string>();

/**
 * Walks the way to a path, as the rights in force let it.
 *
 * @param file Absolute.
 * @param last "follow": what stands at the path counts too, as reading it does. "leave": only the way to its entry
 * counts, as for an entry that is replaced or removed.
 */
export function controlOf(file: string, last: "follow" | "leave" = "follow"): PathControl {
  const owners: Owner[] = [];
  let isShared = false;
  let followsForeignLink = false;
  // Not normalized: ".." behind a link is where that leads.
  const whole = path.isAbsolute(file) ? file : `${process.cwd()}/${file}`;
  const ahead = whole.split("/").reverse();
  let here = "/";
  let stickyParent = false;
  let links = 0;
  /** Whether the way so far is root's alone. */
  const isRoots = () => owners.length === 0 && !isShared;

  while (ahead.length > 0) {
    const name = ahead.pop()!;
    if (name === "" || name === ".") continue;
    if (name === "..") {
      here = path.dirname(here);
      continue;
    }
    const isLast = ahead.every((rest) => rest === "" || rest === ".");
    if (isLast && last === "leave") {
      here = path.join(here, name);
      break;
    }
    const next = path.join(here, name);
    if (isRoots() && rootsOwn.has(next)) {
      here = next;
      stickyParent = false;
      continue;
    }
    const stat = lstat(next);
    if (stat === undefined) {
      // Whoever can write to a sticky directory can make what is missing.
      if (stickyParent) isShared = true;
      here = path.join(next, ...ahead.filter((rest) => rest !== "").reverse());
      break;
    }
    // A plain file's owner changes what is in it, and not where the way leads; but for a sticky directory.
    const isContent = isLast && stat.isFile() && !stickyParent;
    if (stat.uid !== 0 && !isContent) owners.push({ uid: stat.uid, gid: stat.gid });
    if (stat.isSymbolicLink()) {
      if (++links > MAX_LINKS) break;
      if (!isRoots()) followsForeignLink = true;
      const target = readLink(next);
      if (target === undefined) break;
      if (target.startsWith("/")) here = "/";
      ahead.push(...target.split("/").reverse());
      continue;
    }
    stickyParent = false;
    if (stat.isDirectory() && canOthersWrite(stat)) {
      if ((stat.mode & STICKY) !== 0) stickyParent = true;
      else isShared = true;
    } else if (isRoots() && stat.isDirectory()) rootsOwn.add(next);
    here = next;
  }
  if (stickyParent) isShared = true;
  return { owners, isShared, followsForeignLink, realPath: here };
}

/** Whether nobody but root can change what the path leads to. */
export function isRootsAlone({ owners, isShared }: PathControl): boolean {
  return owners.length === 0 && !isShared;
}

/** Whether a plain file, and the way to it, can be changed by root alone: what root runs has to be such a one. */
export function isSafeForRoot(file: string): boolean {
  const control = controlOf(file);
  if (!isRootsAlone(control)) return false;
  const stat = lstat(control.realPath);
  return stat !== undefined && stat.isFile() && stat.uid === 0 && !canOthersWrite(stat);
}

/** Somebody but root: everybody, or a group that has members (Debian's /usr/local is of "staff", which has none). */
function canOthersWrite({ mode, gid }: fs.Stats): boolean {
  if ((mode & OTHERS_WRITE) !== 0) return true;
  return (mode & GROUP_WRITES) !== 0 && hasMembers(gid);
}

const membersKnown = new Map<number, boolean>();

function hasMembers(gid: number): boolean {
  let known = membersKnown.get(gid);
  if (known === undefined) {
    known = readsMembers(gid);
    membersKnown.set(gid, known);
  }
  return known;
}

/** group(5) and passwd(5). A group that they do not know is one of a directory server: it has members. */
function readsMembers(gid: number): boolean {
  const groups = readTable("/etc/group").filter(([, , id]) => id === String(gid));
  if (groups.length === 0) return true;
  const named = groups.flatMap(([, , , list = ""]) => list.split(",")).map((name) => name.trim());
  if (named.some((name) => name !== "" && name !== "root")) return true;
  return readTable("/etc/passwd").some(([, , uid, primary]) =>
    primary === String(gid) && uid !== "0"
  );
}

function readTable(file: string): string[][] {
  try {
    return fs.readFileSync(file, "utf8").split("\n").map((line) => line.split(":"));
  } catch {
    return [];
  }
}

function lstat(file: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function readLink(file: string): string | undefined {
  try {
    return fs.readlinkSync(file);
  } catch {
    return undefined;
  }
}
