/**
 * An in-memory file system with modes, owners and symlinks: as much of POSIX as the rules of
 * localtls depend on. It decides nothing about trust; real tools are for the integration tests.
 *
 * @module
 */

import { type Bytes, toBytes } from "../../src/bytes.ts";
import type { FileInfo, Owner } from "../../src/host/host.ts";

/** What stands at a path, as a test gives it. */
export interface FakeEntry {
  /** Default "file"; "symlink" where there is a target. */
  readonly type?: FileInfo["type"];
  readonly content?: string | Uint8Array;
  /** Where a symlink points to. */
  readonly target?: string;
  /** Default 0o644 for files, 0o755 for directories. */
  readonly mode?: number;
  /** Default: the owner of the directory above. */
  readonly uid?: number;
  readonly gid?: number;
  readonly modifiedMs?: number;
}

/** A node of the tree. */
export interface FakeNode {
  type: FileInfo["type"];
  content: Bytes;
  target: string;
  mode: number;
  uid: number;
  gid: number;
  modifiedMs: number;
  readonly inode: number;
}

/** A failed system call, with a code as the operating system gives it. */
export class FakeSystemError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const READ = 4;
const WRITE = 2;
const SEARCH = 1;
/** As Linux (MAXSYMLINKS). */
const MAX_LINKS = 40;

/** The tree. Methods without a user ask nobody's permission: they are the test's hand. */
export class FakeDisk {
  readonly #nodes = new Map<string, FakeNode>();
  readonly #now: () => Date;
  #lastInode = 1;

  constructor(now: () => Date) {
    this.#now = now;
    this.#nodes.set("/", this.#node({ type: "directory" }, { uid: 0, gid: 0 }));
  }

  /** Puts something at a path; missing directories above it are made, owned as the one above them. */
  put(path: string, entry: FakeEntry | string | Uint8Array): void {
    const given: FakeEntry = typeof entry === "string" || entry instanceof Uint8Array
      ? { content: entry }
      : entry;
    const parent = parentOf(path);
    if (!this.#nodes.has(parent)) this.put(parent, { type: "directory" });
    this.#nodes.set(path, this.#node(given, this.#nodes.get(parent)!));
  }

  /** Takes away what stands at a path, with everything beneath it. */
  delete(path: string): void {
    for (const key of [...this.#nodes.keys()]) {
      if (key === path || key.startsWith(`${path}/`)) this.#nodes.delete(key);
    }
  }

  /** The node at a path (a symlink itself), without any permission. */
  get(path: string): FakeNode | undefined {
    return this.#nodes.get(path);
  }

  /** The text of a file; undefined where there is none. */
  text(path: string): string | undefined {
    const node = this.#nodes.get(path);
    return node?.type === "file" ? new TextDecoder().decode(node.content) : undefined;
  }

  /** Every path, sorted. */
  paths(): string[] {
    return [...this.#nodes.keys()].sort();
  }

  /** The names in a directory, sorted. */
  names(directory: string): string[] {
    const prefix = directory === "/" ? "/" : `${directory}/`;
    return [...this.#nodes.keys()]
      .filter((key) =>
        key !== "/" && key.startsWith(prefix) && !key.slice(prefix.length).includes("/")
      )
      .map((key) => key.slice(prefix.length)).sort();
  }

  /** Moves a node and what is beneath it. */
  move(from: string, to: string): void {
    for (const [key, node] of [...this.#nodes]) {
      if (key !== from && !key.startsWith(`${from}/`)) continue;
      this.#nodes.delete(key);
      this.#nodes.set(to + key.slice(from.length), node);
    }
  }

  /**
   * Walks a path as `user`, through symlinks.
   * @param last Whether a symlink at the end is followed.
   * @returns The path without symlinks, and its node if there is one. Throws as the system would.
   */
  walk(path: string, user: Owner, last: boolean): { path: string; node: FakeNode | undefined } {
    let rest = path.split("/").filter((part) => part !== "" && part !== ".");
    let place = "/";
    for (let links = 0;;) {
      const part = rest.shift();
      if (part === undefined) return { path: place, node: this.#nodes.get(place) };
      const directory = this.#nodes.get(place);
      if (directory === undefined) throw new FakeSystemError("ENOENT");
      if (directory.type !== "directory") throw new FakeSystemError("ENOTDIR");
      if (!this.allows(directory, user, SEARCH)) throw new FakeSystemError("EACCES");
      const next = part === ".."
        ? parentOf(place)
        : place === "/"
        ? `/${part}`
        : `${place}/${part}`;
      const node = this.#nodes.get(next);
      if (node?.type === "symlink" && (rest.length > 0 || last)) {
        if (++links > MAX_LINKS) throw new FakeSystemError("ELOOP");
        const target = node.target.split("/").filter((name) => name !== "" && name !== ".");
        rest = [...target, ...rest];
        if (node.target.startsWith("/")) place = "/";
      } else if (node === undefined && rest.length > 0) {
        throw new FakeSystemError("ENOENT");
      } else place = next;
    }
  }

  /** Whether a user may: bits of 4 (read), 2 (write), 1 (search, execute). */
  allows(node: FakeNode, user: Owner, bits: number): boolean {
    if (user.uid === 0) return true;
    const shift = node.uid === user.uid ? 6 : node.gid === user.gid ? 3 : 0;
    return ((node.mode >> shift) & bits) === bits;
  }

  mayRead(node: FakeNode, user: Owner): boolean {
    return this.allows(node, user, READ);
  }

  mayWrite(node: FakeNode, user: Owner): boolean {
    return this.allows(node, user, node.type === "directory" ? WRITE | SEARCH : WRITE);
  }

  #node(entry: FakeEntry, parent: Owner): FakeNode {
    const type = entry.type ?? (entry.target === undefined ? "file" : "symlink");
    const content = entry.content ?? "";
    return {
      type,
      content: typeof content === "string" ? new TextEncoder().encode(content) : toBytes(content),
      target: entry.target ?? "",
      mode: entry.mode ?? (type === "directory" ? 0o755 : type === "symlink" ? 0o777 : 0o644),
      uid: entry.uid ?? parent.uid,
      gid: entry.gid ?? parent.gid,
      modifiedMs: entry.modifiedMs ?? this.#now().getTime(),
      inode: ++this.#lastInode,
    };
  }
}

/** The directory above a path. */
export function parentOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end <= 0 ? "/" : path.slice(0, end);
}
