/**
 * {@link Files} on a {@link FakeDisk}: refuses what the real one refuses, with the same codes.
 *
 * @module
 */

import { toBytes } from "../../src/bytes.ts";
import { LocalTlsError } from "../../src/errors.ts";
import type { FileInfo, Files, FileToWrite, Owner, WriteOptions } from "../../src/host/host.ts";
import { type FileAction, fileError } from "../../src/host/system_error.ts";
import { type FakeDisk, type FakeNode, FakeSystemError, parentOf } from "./fake_disk.ts";

/** A change that was asked for. */
export type FileChange = "write" | "append" | "mkdir" | "rename" | "remove" | "rmdir";

/** What the files need to know of the fake host. */
export interface FakeFilesOptions {
  readonly disk: FakeDisk;
  readonly user: () => Owner;
  /** Sees every change before it is made; what it throws is what the caller gets. */
  readonly beforeChange: (change: FileChange, path: string) => void;
}

/** Files in memory. */
export function createFakeFiles({ disk, user, beforeChange }: FakeFilesOptions): Files {
  /** A change: whatever goes wrong is an error. */
  const change = <T>(action: FileAction, path: string, work: () => T): Promise<T> => {
    try {
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(fileError(action, path, error));
    }
  };
  /** A question: nothing at the path is an answer too. */
  const guard = <T>(action: FileAction, path: string, nothing: T, work: () => T): Promise<T> =>
    change(action, path, () => {
      try {
        return work();
      } catch (error) {
        const code = error instanceof FakeSystemError ? error.code : undefined;
        if (code === "ENOENT" || code === "ENOTDIR") return nothing;
        throw error;
      }
    });
  /** The directory that holds the last name of a path, which must be writable. */
  const openParent = (path: string): string => {
    const parent = disk.walk(parentOf(path), user(), true);
    if (parent.node === undefined) throw new FakeSystemError("ENOENT");
    if (parent.node.type !== "directory") throw new FakeSystemError("ENOTDIR");
    if (!disk.mayWrite(parent.node, user())) throw new FakeSystemError("EACCES");
    const name = path.slice(path.lastIndexOf("/") + 1);
    return parent.path === "/" ? `/${name}` : `${parent.path}/${name}`;
  };
  const chown = (options: WriteOptions | undefined): Owner => {
    const owner = options?.owner;
    const self = user();
    if (owner !== undefined && self.uid !== 0 && owner.uid !== self.uid) {
      throw new FakeSystemError("EPERM");
    }
    return owner ?? self;
  };
  /** What is refused is refused before the first file is put. */
  const writeAll = async (list: readonly FileToWrite[]): Promise<void> => {
    const puts: (() => void)[] = [];
    for (const { path, content, replaces, ...options } of list) {
      await change("write", path, () => {
        beforeChange("write", path);
        const place = openParent(path);
        const node = disk.get(place);
        refuse("write", path, node);
        if (replaces === "nothing" && node !== undefined && node.content.length > 0) {
          throw new LocalTlsError("FILE_EXISTS", `Cannot write "${path}": it exists`);
        }
        const entry = { content, mode: options.mode ?? 0o600, ...chown(options) };
        puts.push(() => disk.put(place, entry));
      });
    }
    for (const put of puts) put();
  };
  const refuse = (action: FileAction, path: string, node: FakeNode | undefined) => {
    if (node === undefined || node.type === "file") return;
    throw new LocalTlsError("FILE_UNSAFE", `Cannot ${action} "${path}": it is a ${node.type}`);
  };

  const appendAll = async (path: string, lines: readonly string[], options?: WriteOptions) => {
    if (lines.length === 0) return;
    await change("append to", path, () => {
      beforeChange("append", path);
      const existing = disk.walk(path, user(), false).node;
      refuse("append to", path, existing);
      if (existing === undefined) {
        const entry = {
          content: `${lines.join("\n")}\n`,
          mode: options?.mode ?? 0o600,
          ...chown(options),
        };
        return disk.put(openParent(path), entry);
      }
      if (!disk.mayWrite(existing, user())) throw new FakeSystemError("EACCES");
      const before = new TextDecoder().decode(existing.content);
      const start = before === "" || before.endsWith("\n") ? "" : "\n";
      existing.content = new TextEncoder().encode(`${before}${start}${lines.join("\n")}\n`);
    });
  };

  return {
    read: (path, maxBytes = 16 * 1024 * 1024) =>
      guard("read", path, undefined, () => {
        const { node } = disk.walk(path, user(), true);
        if (node === undefined) return undefined;
        refuse("read", path, node);
        if (!disk.mayRead(node, user())) throw new FakeSystemError("EACCES");
        if (node.content.length > maxBytes) {
          throw new LocalTlsError("FILE_TOO_LARGE", `Cannot read "${path}": it is too large`);
        }
        return toBytes(node.content);
      }),
    openLines: (path, maxLineBytes) =>
      guard("read", path, undefined, () => {
        const { node } = disk.walk(path, user(), false);
        if (node === undefined) return undefined;
        refuse("read", path, node);
        if (!disk.mayRead(node, user())) throw new FakeSystemError("EACCES");
        const content = node.content.slice();
        const lines = (from = 0) => {
          const all = new TextDecoder().decode(content.subarray(from)).split("\n");
          if (all.at(-1) === "") all.pop();
          return all.map((line) =>
            line.length > maxLineBytes ? undefined : line.replace(/\r$/, "")
          );
        };
        return { info: infoOf(node), lines, close: () => {} };
      }),
    rewriteLines: async (path, source, keeps) => {
      const kept = [...source.lines()].filter((line, i) => line !== undefined && keeps(i + 1));
      const { mode } = source.info;
      await writeAll([{ path, content: kept.map((line) => `${line}\n`).join(""), mode }]);
    },
    info: (path) =>
      guard("read", path, undefined, () => {
        const { node } = disk.walk(path, user(), false);
        return node === undefined ? undefined : infoOf(node);
      }),
    list: (path) =>
      guard("list", path, [] as string[], () => {
        const found = disk.walk(path, user(), true);
        if (found.node === undefined) return [];
        if (found.node.type !== "directory") throw new FakeSystemError("ENOTDIR");
        if (!disk.mayRead(found.node, user())) throw new FakeSystemError("EACCES");
        return disk.names(found.path);
      }),
    realPath: (path) =>
      guard("read", path, undefined, () => {
        const found = disk.walk(path, user(), true);
        return found.node === undefined ? undefined : found.path;
      }),
    writable: (path) =>
      guard("read", path, false, () => {
        for (let place = path;; place = parentOf(place)) {
          const { node } = walkOrNothing(disk, place, user());
          if (node !== undefined) return disk.mayWrite(node, user());
        }
      }).catch(() => false),
    write: (path, content, options) => writeAll([{ ...options, path, content }]),
    writeTogether: writeAll,
    writeGroups: (groups) =>
      Promise.all(groups.map((group) =>
        writeAll(group).then(() => undefined, (error) => {
          if (error instanceof LocalTlsError) return error;
          throw error;
        })
      )),
    appendLine: (path, line, options) => appendAll(path, [line], options),
    appendLines: (path, lines, options) => appendAll(path, lines, options),
    leftovers: (path) =>
      guard("list", path, [] as string[], () =>
        disk.names(disk.walk(path, user(), true).path)
          .filter((name) => /^\.localtls-[0-9a-f]{16}$/.test(name))
          .map((name) => `${path}/${name}`)),
    makeDirectory: (path, options) =>
      change("create", path, () => {
        const missing: string[] = [];
        for (let place = path;; place = parentOf(place)) {
          const { node } = walkOrNothing(disk, place, user());
          if (node?.type === "directory") break;
          if (node !== undefined) {
            throw new LocalTlsError("FILE_UNSAFE", `Cannot create "${path}": "${place}" is there`);
          }
          missing.unshift(place);
        }
        for (const place of missing) {
          beforeChange("mkdir", place);
          const mode = options?.mode ?? 0o700;
          disk.put(openParent(place), { type: "directory", mode, ...chown(options) });
        }
      }),
    rename: (from, to) =>
      change("rename", from, () => {
        beforeChange("rename", to);
        const source = openParent(from);
        if (disk.get(source) === undefined) throw new FakeSystemError("ENOENT");
        const target = openParent(to);
        disk.delete(target);
        disk.move(source, target);
      }),
    remove: (path) =>
      guard("remove", path, false, () => {
        const { node } = disk.walk(path, user(), false);
        if (node === undefined) return false;
        if (node.type === "directory") refuse("remove", path, node);
        beforeChange("remove", path);
        disk.delete(openParent(path));
        return true;
      }),
    removeDirectory: (path) =>
      guard("remove", path, false, () => {
        const found = disk.walk(path, user(), false);
        if (found.node === undefined || disk.names(found.path).length > 0) return false;
        if (found.node.type !== "directory") return false;
        beforeChange("rmdir", path);
        disk.delete(openParent(path));
        return true;
      }),
  };
}

function walkOrNothing(disk: FakeDisk, path: string, user: Owner): { node: FakeNode | undefined } {
  try {
    return disk.walk(path, user, true);
  } catch (error) {
    if (error instanceof FakeSystemError && error.code === "ENOENT") return { node: undefined };
    throw error;
  }
}

function infoOf(node: FakeNode): FileInfo {
  const { type, mode, uid, gid, modifiedMs, inode } = node;
  return { type, mode, uid, gid, modifiedMs, inode, size: node.content.length };
}
