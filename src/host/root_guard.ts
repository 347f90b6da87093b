/**
 * Root's own rights, used only where nobody but root controls what they are used on.
 *
 * A process of root's that works for a user acts as that user (effective_user.ts). Root's rights are used at paths that
 * the administrator has named and in places of the system (Host.allowRoot), and there only if the way is
 * root's alone. A process of root's that works for itself acts as root, but where somebody else controls the way: there it
 * acts as that user, who could have done the same.
 *
 * @module
 */

import * as fs from "node:fs";
import { actingAs, asRoot } from "./effective_user.ts";

// One chunk for all that only root needs.
export { asRoot, giveUpRoot, holdingRoot, workFor } from "./effective_user.ts";
export { isSafeForRoot } from "./path_control.ts";
import { LocalTlsError } from "../errors.ts";
import type { Files, FileToWrite, ImageFiles, Owner, WriteOptions } from "./files.ts";
import type { Database, OpenDatabaseOptions } from "./host.ts";
import { controlOf, isRootsAlone } from "./path_control.ts";
import { hasRoot, isAllowed, workingFor } from "./principal.ts";

/** "nobody" where the table of users has no group for somebody: overflowgid, as the kernel has it. */
const NO_GROUP = 65534;

/** Implements Host.rootControls. */
export function rootControls(file: string): boolean {
  return isRootsAlone(hasRoot() ? asRoot(() => controlOf(file)) : controlOf(file));
}

/** Whose rights an operation at a path uses: those in force, root's, or a user's. */
type Actor = "as it is" | "root" | Owner;

/** @param last As for {@link controlOf}. */
function actorAt(file: string, last: "follow" | "leave"): Actor {
  const principal = workingFor();
  if (principal !== undefined && !isAllowed(file)) return "as it is";
  const control = asRoot(() => controlOf(file, last));
  if (isRootsAlone(control)) return "root";
  const [first, ...others] = control.owners;
  const isOnes = first !== undefined && !control.isShared &&
    others.every(({ uid }) => uid === first.uid);
  if (isOnes) return { uid: first.uid, gid: groupOf(first.uid) };
  if (principal !== undefined) return "as it is";
  // In /tmp and the like root makes what is missing, exclusively, and sees to no more than its entry.
  return first === undefined ? "root" : { uid: first.uid, gid: groupOf(first.uid) };
}

const groups = new Map<number, number>();

/** The primary group of a user (passwd(5)). Never the group of what they own: that can be root's. */
function groupOf(uid: number): number {
  let gid = groups.get(uid);
  if (gid === undefined) {
    gid = readGroup(uid);
    groups.set(uid, gid);
  }
  return gid;
}

function readGroup(uid: number): number {
  try {
    for (const line of fs.readFileSync("/etc/passwd", "utf8").split("\n")) {
      const [, , id, gid] = line.split(":");
      if (id === String(uid) && /^[1-9]\d*$/.test(gid ?? "")) return Number(gid);
    }
  } catch {
    // No table: no group.
  }
  return NO_GROUP;
}

/**
 * The groups of a user in group(5), the primary one among them. Those that only a directory server knows are left out:
 * that gives fewer rights, never more.
 */
export function groupsOf({ name, gid }: Owner & { readonly name: string }): number[] {
  const found = new Set([gid]);
  try {
    for (const line of fs.readFileSync("/etc/group", "utf8").split("\n")) {
      const [, , id, members = ""] = line.split(":");
      if (/^\d+$/.test(id ?? "") && members.split(",").includes(name)) found.add(Number(id));
    }
  } catch {
    // No table: the primary group alone.
  }
  return [...found];
}

function act<T>(actor: Actor, step: () => T): T {
  return actor === "as it is" ? step() : actingAs(actor === "root" ? undefined : actor, step);
}

/** Only root can give a file away. */
function ownedBy<O extends WriteOptions>(actor: Actor, options: O | undefined): O | undefined {
  const isRoot = actor === "root" || (actor === "as it is" && workingFor() === undefined);
  if (isRoot || options?.owner === undefined) return options;
  return { ...options, owner: undefined };
}

/** Files of a process of root's, with its rights guarded. Every operation of them does its work before it returns. */
export function guardFiles(files: Files): Files {
  /** Reading shows root what root asked for: only who works for somebody has to ask whose rights are meant. */
  const reading = <T>(file: string, step: () => T): T =>
    workingFor() === undefined ? step() : act(actorAt(file, "follow"), step);
  const changing = <T>(file: string, step: (actor: Actor) => T): T => {
    const actor = actorAt(file, "leave");
    return act(actor, () => step(actor));
  };
  return {
    read: (file, maxBytes) => reading(file, () => files.read(file, maxBytes)),
    info: (file) => reading(file, () => files.info(file)),
    list: (directory) => reading(directory, () => files.list(directory)),
    realPath: (file) => reading(file, () => files.realPath(file)),
    writable: (file) => act(actorAt(file, "follow"), () => files.writable(file)),
    write: (file, content, options) =>
      changing(file, (actor) => files.write(file, content, ownedBy(actor, options))),
    writeTogether: (list) => writeTogether(files, list),
    async writeGroups(list) {
      if (list.every((group) => actorsOf(group).every((actor) => isInForce(actor)))) {
        return await files.writeGroups(list);
      }
      const results = [];
      for (const group of list) {
        results.push(await writeTogether(files, group).then(() => undefined, (error) => error));
      }
      return results;
    },
    openLines: (file, maxLineBytes) => reading(file, () => files.openLines(file, maxLineBytes)),
    rewriteLines: (file, source, keeps) =>
      changing(file, () => files.rewriteLines(file, source, keeps)),
    appendLine: (file, line, options) =>
      changing(file, (actor) => files.appendLine(file, line, ownedBy(actor, options))),
    appendLines: (file, lines, options) =>
      changing(file, (actor) => files.appendLines(file, lines, ownedBy(actor, options))),
    makeDirectory(directory, options) {
      const actor = actorAt(directory, "follow");
      return act(actor, () => files.makeDirectory(directory, ownedBy(actor, options)));
    },
    rename: (from, to) =>
      changing(
        to,
        (actor) =>
          isSame(actor, actorAt(from, "leave"))
            ? files.rename(from, to)
            : changing(from, () => files.rename(from, to)),
      ),
    remove: (file) => changing(file, () => files.remove(file)),
    leftovers: (directory) => reading(directory, () => files.leftovers(directory)),
    removeDirectory: (directory) => changing(directory, () => files.removeDirectory(directory)),
  };
}

function actorsOf(group: readonly FileToWrite[]): Actor[] {
  return group.map((file) => actorAt(file.path, "leave"));
}

function isSame(a: Actor, b: Actor): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return a.uid === b.uid && a.gid === b.gid;
}

/** Whether the actor's rights are those that are in force anyway. */
function isInForce(actor: Actor): boolean {
  return actor === "as it is" || (actor === "root" && workingFor() === undefined);
}

/** Files of one owner together; those of several in turn, the first of them first. */
async function writeTogether(files: Files, list: readonly FileToWrite[]): Promise<void> {
  const actors = actorsOf(list);
  for (let i = 0; i < list.length;) {
    const actor = actors[i]!;
    let end = i + 1;
    while (end < list.length && isSame(actor, actors[end]!)) end++;
    const part = list.slice(i, end).map((file) => ownedBy(actor, file) ?? file);
    await act(actor, () => files.writeTogether(part));
    i = end;
  }
}

/**
 * An image is root's to change, wherever it lies: no way in it leads out (node_image_walk.ts). But the way to it must
 * not be one that a link of somebody else's bends, or root would change what that link leads to.
 */
export function openGuardedImage(
  root: string,
  open: (root: string) => ImageFiles,
): ImageFiles {
  const { followsForeignLink, realPath } = asRoot(() => controlOf(root));
  if (followsForeignLink) {
    throw new LocalTlsError(
      "FILE_UNSAFE",
      `Cannot use "${root}" as a root: a symbolic link on the way belongs to another user`,
      { hints: ["Give the path that the link leads to"] },
    );
  }
  const files = asRoot(() => open(realPath));
  return new Proxy(files, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function"
        ? (...args: unknown[]) => asRoot(() => Reflect.apply(value, target, args))
        : value;
    },
  });
}

/** A database whose every step uses the rights that its path asks for: SQLite makes files beside it at any of them. */
export async function openGuarded(
  file: string,
  options: OpenDatabaseOptions,
  open: (file: string, options: OpenDatabaseOptions) => Promise<() => Database>,
): Promise<Database> {
  const actor = actorAt(file, "leave");
  const create = ownedBy(actor, options.create);
  const begin = await open(file, create === undefined ? options : { ...options, create });
  const database = act(actor, begin);
  return {
    exec: (sql) => act(actor, () => database.exec(sql)),
    all: (sql, ...parameters) => act(actor, () => database.all(sql, ...parameters)),
    run: (sql, ...parameters) => act(actor, () => database.run(sql, ...parameters)),
    close: () => act(actor, () => database.close()),
  };
}
