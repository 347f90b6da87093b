/**
 * Whether this process is root's, and whom it then works for. What follows from it is in root_guard.ts, which an
 * ordinary user's run never loads.
 *
 * @module
 */

import * as path from "node:path";
import process from "node:process";
import type { Owner } from "./files.ts";

/** A user, and the groups that their rights come from. */
export interface Identity extends Owner {
  /** Supplementary groups. */
  readonly groups: readonly number[];
}

/** A user that root works for. */
export interface Principal extends Identity {
  readonly name: string;
  readonly home: string;
}

let principal: Principal | undefined;
/** By the real user, which stays root's while a user's rights are in force. */
let isRoots = process.getuid?.() === 0;

/** Whether this process may act as root without asking anybody. */
export function hasRoot(): boolean {
  return isRoots;
}

/** For effective_user.ts, which has given it up. */
export function endRoot(): void {
  isRoots = false;
}

/** Whom this process, which root has started, works for; undefined where it works for itself. */
export function workingFor(): Principal | undefined {
  return principal;
}

/** For effective_user.ts, which sees to it that the process acts so. */
export function setPrincipal(user: Principal): void {
  principal = user;
}

/** Where root's rights may be used: paths, and whether that is the whole tree, or the path and its entries. */
const allowed = new Map<string, "entries" | "tree">();

/** Implements Host.allowRoot. */
export function allowRoot(file: string, what: "entries" | "tree" = "entries"): void {
  if (!hasRoot()) return;
  const place = path.resolve(file);
  if (allowed.get(place) !== "tree") allowed.set(place, what);
}

/** Whether {@link allowRoot} was said of the path. */
export function isAllowed(file: string): boolean {
  const asked = path.resolve(file);
  if (allowed.has(asked) || allowed.has(path.dirname(asked))) return true;
  for (let place = asked; path.dirname(place) !== place; place = path.dirname(place)) {
    if (allowed.get(place) === "tree") return true;
  }
  return false;
}
