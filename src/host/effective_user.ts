/**
 * Whose rights this process acts with, where it is root.
 *
 * Root that works for a user (sudo, or that user's HOME) acts as that user from the beginning: effective user and
 * groups are the user's, so that a link in a directory of theirs leads nowhere that they could not go themselves.
 * The real user id stays 0, and single steps are root's: {@link asRoot}. Effective ids are the process's (POSIX,
 * seteuid); they hold for synchronous and asynchronous calls alike.
 *
 * @module
 */

import process from "node:process";
import { LocalTlsError } from "../errors.ts";
import type { Owner } from "./files.ts";
import {
  endRoot,
  hasRoot,
  type Identity,
  type Principal,
  setPrincipal,
  workingFor,
} from "./principal.ts";

const ROOT: Identity = { uid: 0, gid: 0, groups: [] };

/** Root's own supplementary groups, as the process was started with them. */
let rootGroups: readonly number[] = [];
/** Whose rights are in force now. */
let current: Identity | undefined;

/**
 * From now on this process, which root has started, acts as the user, but in {@link asRoot}.
 * Throws STATE_UNSAFE where the runtime cannot give up root's supplementary groups.
 */
export function workFor(user: Principal): void {
  if (!hasRoot() || workingFor() !== undefined) return;
  rootGroups = process.getgroups?.() ?? [];
  current = ROOT;
  switchTo(user);
  setPrincipal(user);
}

/** Runs a synchronous step as root. It does not follow what a user could redirect: that is for the caller to see to. */
export function asRoot<T>(step: () => T): T {
  return actingAs(undefined, step);
}

/**
 * Runs a synchronous step with the rights of a user, of root where none is given. A process that is not root's runs it
 * as it is.
 */
export function actingAs<T>(user: Owner | undefined, step: () => T): T {
  if (!hasRoot()) return step();
  current ??= ROOT;
  const before = current;
  const principal = workingFor();
  const wanted = user === undefined
    ? { ...ROOT, groups: rootGroups }
    : user.uid === principal?.uid
    ? principal
    : { uid: user.uid, gid: user.gid, groups: [user.gid] };
  if (before.uid === wanted.uid && before.gid === wanted.gid) return step();
  switchTo(wanted);
  try {
    return step();
  } finally {
    switchTo(before);
  }
}

/** As {@link asRoot}, for a step that takes turns of the event loop: nothing else may run meanwhile. */
export async function holdingRoot<T>(step: () => Promise<T>): Promise<T> {
  const principal = workingFor();
  if (!hasRoot() || principal === undefined) return await step();
  switchTo({ ...ROOT, groups: rootGroups });
  try {
    return await step();
  } finally {
    switchTo(principal);
  }
}

/**
 * Gives up root's rights for good, in favour of the user that this process works for.
 * @returns Whether it did; false where it works for nobody but root.
 */
export function giveUpRoot(): boolean {
  const principal = workingFor();
  if (!hasRoot() || principal === undefined) return false;
  const { uid, gid, groups } = principal;
  switchTo(ROOT);
  setGroups(groups);
  process.setgid!(gid);
  process.setuid!(uid);
  endRoot();
  current = undefined;
  return true;
}

/** Root first: only root may take on another's ids. Groups before the user, for the same reason. */
function switchTo({ uid, gid, groups }: Identity): void {
  if (current?.uid !== 0) process.seteuid!(0);
  setGroups(groups);
  process.setegid!(gid);
  if (uid !== 0) process.seteuid!(uid);
  current = { uid, gid, groups };
}

/** Deno has no setgroups(2): there, root's groups have to be none from the beginning. */
function setGroups(groups: readonly number[]): void {
  if (process.setgroups !== undefined) process.setgroups([...groups]);
  else if (rootGroups.length > 0) {
    throw new LocalTlsError(
      "STATE_UNSAFE",
      "Cannot work for a user as root: this runtime cannot leave root's groups",
      { hints: ["Run it without sudo, or the compiled program"] },
    );
  }
}
