/**
 * The files of the served directory, found by names; small ones are kept in memory.
 *
 * @module
 */

import * as fs from "node:fs";
import { join, relative, sep } from "node:path";
import type { Validators } from "./conditional.ts";
import { type Coding, CODINGS } from "./encodings.ts";
import { contentType } from "./media_types.ts";
import { isHidden } from "./request_path.ts";

/** A file that can be served. */
export interface ServedFile extends Validators {
  /** Without symlinks. */
  readonly path: string;
  readonly size: number;
  readonly type: string;
  readonly lastModified: string;
  readonly coding?: Coding["coding"];
  /** Whether other clients get other codings: then caches have to be told. */
  readonly varies: boolean;
  /** The content of a small file. */
  readonly body?: Uint8Array;
}

/** What stands at a path. */
export type Place =
  | { readonly kind: "file"; readonly file: ServedFile }
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "missing" };

/** Larger files are read when they are asked for: the system's own cache is good at that. */
const KEPT_BYTES = 64 * 1024;
const MAX_KEPT = 512;

/** Milliseconds after which a kept file is looked for anew: another may come first now (a new .br beside it). */
const TRUST_MS = 2_000;

const MISSING: Place = { kind: "missing" };

interface Kept {
  readonly file: ServedFile;
  readonly watched: readonly (readonly [path: string, stats: fs.Stats])[];
  readonly foundAt: number;
  /** The turn in which it was looked at. */
  turn: number;
}

/** Finds and keeps the files of one directory. */
export class FileStore {
  readonly #root: string;
  readonly #kept = new Map<string, Kept>();
  /** Counts the rounds of the event loop in which a file was asked for. */
  #turn = 1;
  #isTurning = false;

  /** @param root The directory, without symlinks. */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * The file that was found for this key before, if it is still the same: looking it up costs one stat. By the
   * synchronous call, which is several times faster than a trip to the thread pool. Requests that are answered in one
   * round of the event loop have all come before the stat of the first of them, which does for all.
   */
  recall(key: string): ServedFile | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    if (kept.turn === this.#turn) return kept.file;
    const isCurrent = Date.now() - kept.foundAt < TRUST_MS &&
      kept.watched.every(([path, stats]) => isSame(statOf(path), stats));
    if (!isCurrent) {
      this.#kept.delete(key);
      return undefined;
    }
    kept.turn = this.#turn;
    if (!this.#isTurning) {
      this.#isTurning = true;
      setImmediate(() => {
        this.#isTurning = false;
        this.#turn++;
      });
    }
    return kept.file;
  }

  /**
   * Looks for what stands at names below the directory.
   *
   * What a symlink leads out of the directory to, or to a hidden name, is missing, as are devices and pipes.
   */
  async find(
    names: readonly string[],
    codings: readonly Coding[],
    key?: string,
  ): Promise<Place> {
    if (isHidden(names)) return MISSING;
    const asked = join(this.#root, ...names);
    const path = await this.#inside(asked);
    if (path === undefined) return MISSING;
    const stats = statOf(path);
    if (stats?.isDirectory()) return { kind: "directory", path };
    if (!stats?.isFile()) return MISSING;
    const fileName = names.at(-1) ?? "";
    const variants = await this.#variants(asked, stats);
    const chosen = codings.find(({ coding }) => variants.has(coding));
    const variant = chosen === undefined ? undefined : variants.get(chosen.coding);
    const served = variant ?? { asked, path, stats };
    const file: ServedFile = {
      path: served.path,
      size: served.stats.size,
      etag: etagOf(served.stats),
      modifiedMs: served.stats.mtimeMs,
      lastModified: new Date(served.stats.mtimeMs).toUTCString(),
      type: contentType(fileName),
      varies: variants.size > 0,
      ...(variant === undefined ? {} : { coding: chosen!.coding }),
    };
    if (key === undefined) return { kind: "file", file };
    return {
      kind: "file",
      file: this.#keep(key, file, [[asked, stats], [served.asked, served.stats]]),
    };
  }

  #keep(
    key: string,
    file: ServedFile,
    watched: readonly (readonly [path: string, stats: fs.Stats])[],
  ): ServedFile {
    let kept = file;
    if (file.size <= KEPT_BYTES) {
      const body = readSame(file.path, watched.at(-1)![1]);
      if (body === undefined) return file;
      kept = { ...file, body };
    }
    if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(key, {
      file: kept,
      watched: [...new Map(watched)],
      foundAt: Date.now(),
      turn: 0,
    });
    return kept;
  }

  /** The compressed files beside it. One that is older than the file was made from another. */
  async #variants(
    asked: string,
    stats: fs.Stats,
  ): Promise<Map<string, { asked: string; path: string; stats: fs.Stats }>> {
    const variants = new Map<string, { asked: string; path: string; stats: fs.Stats }>();
    for (const { coding, suffix } of CODINGS) {
      const beside = `${asked}${suffix}`;
      if (statOf(beside) === undefined) continue;
      const path = await this.#inside(beside);
      const own = path === undefined ? undefined : statOf(path);
      if (path === undefined || !own?.isFile() || own.mtimeMs < stats.mtimeMs) continue;
      variants.set(coding, { asked: beside, path, stats: own });
    }
    return variants;
  }

  /** The path without symlinks, if it is in the directory and not hidden. */
  async #inside(path: string): Promise<string | undefined> {
    let real: string;
    try {
      real = await fs.promises.realpath(path);
    } catch {
      return undefined; // nothing there, a loop, no permission: all the same to the client
    }
    const below = relative(this.#root, real);
    if (below === "") return real;
    const names = below.split(sep);
    // relative() of two drives is absolute.
    if (names[0] === ".." || real === below || isHidden(names)) return undefined;
    return real;
  }
}

/** Opens the file that was found: not a symlink, not a pipe that took its place since. @returns Its descriptor. */
export function openSame(file: ServedFile): number | undefined {
  try {
    const descriptor = fs.openSync(file.path, openFlags());
    const stats = fs.fstatSync(descriptor);
    if (stats.isFile() && etagOf(stats) === file.etag) return descriptor;
    fs.closeSync(descriptor);
  } catch {
    // It went away, or may not be read.
  }
  return undefined;
}

function readSame(path: string, stats: fs.Stats): Uint8Array | undefined {
  try {
    const descriptor = fs.openSync(path, openFlags());
    try {
      const bytes = fs.readFileSync(descriptor);
      return isSame(fs.fstatSync(descriptor), stats) && bytes.length === stats.size
        ? bytes
        : undefined;
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

/** Windows has neither flag. */
function openFlags(): number {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
  return O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
}

function statOf(path: string): fs.Stats | undefined {
  try {
    return fs.statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isSame(a: fs.Stats | undefined, b: fs.Stats): boolean {
  return a !== undefined && a.ino === b.ino && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs &&
    a.size === b.size && a.dev === b.dev;
}

/** Strong enough: a file that is replaced has another inode, one that is written another time. */
function etagOf({ ino, size, mtimeMs }: fs.Stats): string {
  return `"${ino.toString(36)}-${size.toString(36)}-${Math.round(mtimeMs * 1000).toString(36)}"`;
}
