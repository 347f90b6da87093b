/**
 * The files of the served directory, found by names; small ones are kept in memory.
 *
 * @module
 */

import * as fs from "node:fs";
import { join } from "node:path";
import type { Validators } from "./conditional.ts";
import { type Coding, CODINGS } from "./encodings.ts";
import { isUnchanged } from "./key_scan.ts";
import { contentType } from "./media_types.ts";
import type { Absence, OpenDirectory, OpenFile, ServedDirectory } from "./served_directory.ts";

/** A file that can be served. */
export interface ServedFile extends Validators {
  readonly size: number;
  readonly type: string;
  readonly lastModified: string;
  readonly coding?: Coding["coding"];
  /** Whether other clients get other codings: then caches have to be told. */
  readonly varies: boolean;
  /** The content of a small file. */
  readonly body?: Uint8Array;
  /** Opens the very file that was found. @returns Its descriptor; undefined if another one is there now. */
  open(): number | undefined;
}

/** What stands at a path. */
export type Place =
  | { readonly kind: "file"; readonly file: ServedFile }
  /** Who asked for it releases it. */
  | OpenDirectory
  | { readonly kind: Absence };

/** Larger files are read when they are asked for: the system's own cache is good at that. */
const KEPT_BYTES = 64 * 1024;
const MAX_KEPT = 512;

/** Milliseconds after which a kept file is looked for anew: another may come first now (a new .br beside it). */
const TRUST_MS = 2_000;

/** A path as it was asked for, and what it led to. */
type Watched = readonly [path: string, stats: fs.Stats];

interface Kept {
  readonly file: ServedFile;
  readonly watched: readonly Watched[];
  readonly foundAt: number;
  /** The turn in which it was looked at. */
  turn: number;
}

/** Finds and keeps the files of one directory. */
export class FileStore {
  readonly #directory: ServedDirectory;
  readonly #kept = new Map<string, Kept>();
  /** Counts the rounds of the event loop in which a file was asked for. */
  #turn = 1;
  #isTurning = false;

  constructor(directory: ServedDirectory) {
    this.#directory = directory;
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
      kept.watched.every(([path, stats]) => isStill(path, stats));
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
   *
   * @param key What {@link recall} is asked with; a file that is found without one is not kept.
   */
  async find(
    names: readonly string[],
    codings: readonly Coding[],
    key?: string,
  ): Promise<Place> {
    const found = await this.#directory.open(names);
    if (typeof found === "string") return { kind: found };
    if (found.kind === "directory") return found;
    const opened = [found];
    try {
      const variants = await this.#variants(names, found.stats, opened);
      const chosen = codings.find(({ coding }) => variants.has(coding));
      const served = chosen === undefined ? found : variants.get(chosen.coding)!;
      const file: ServedFile = {
        size: served.stats.size,
        etag: etagOf(served.stats),
        modifiedMs: served.stats.mtimeMs,
        lastModified: new Date(served.stats.mtimeMs).toUTCString(),
        type: contentType(names.at(-1) ?? ""),
        varies: variants.size > 0,
        ...(chosen === undefined ? {} : { coding: chosen.coding }),
        open: () => this.#directory.reopen(served.names, served.stats),
      };
      if (key === undefined) return { kind: "file", file };
      const asked = this.#pathOf(names);
      const watched: Watched[] = [[asked, found.stats]];
      if (chosen !== undefined) watched.push([`${asked}${chosen.suffix}`, served.stats]);
      return { kind: "file", file: this.#keep(key, file, served, watched) };
    } finally {
      for (const { descriptor } of opened) fs.closeSync(descriptor);
    }
  }

  #keep(key: string, file: ServedFile, open: OpenFile, watched: readonly Watched[]): ServedFile {
    let kept = file;
    if (file.size <= KEPT_BYTES) {
      const body = readSame(open);
      if (body === undefined) return file;
      kept = { ...file, body };
    }
    if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(key, { file: kept, watched, foundAt: Date.now(), turn: 0 });
    return kept;
  }

  /**
   * The compressed files beside it. One that is older than the file was made from another.
   *
   * @param opened They are added there, to be closed.
   */
  async #variants(
    names: readonly string[],
    stats: fs.Stats,
    opened: OpenFile[],
  ): Promise<Map<string, OpenFile>> {
    const variants = new Map<string, OpenFile>();
    if (names.length === 0) return variants;
    const asked = this.#pathOf(names);
    for (const { coding, suffix } of CODINGS) {
      // Most files have none, and that is seen at once.
      if (statOf(`${asked}${suffix}`) === undefined) continue;
      const beside = [...names.slice(0, -1), `${names.at(-1)}${suffix}`];
      const found = await this.#directory.open(beside);
      if (typeof found === "string") continue;
      if (found.kind === "directory") {
        found.release();
        continue;
      }
      opened.push(found);
      if (found.stats.mtimeMs >= stats.mtimeMs) variants.set(coding, found);
    }
    return variants;
  }

  #pathOf(names: readonly string[]): string {
    return join(this.#directory.root, ...names);
  }
}

/** The content, if it is still what was found, and was not written to meanwhile. */
function readSame({ descriptor, stats }: OpenFile): Uint8Array | undefined {
  try {
    const bytes = new Uint8Array(stats.size);
    let length = 0;
    while (length < bytes.length) {
      const count = fs.readSync(descriptor, bytes, length, bytes.length - length, length);
      if (count === 0) return undefined;
      length += count;
    }
    return isUnchanged(fs.fstatSync(descriptor), stats) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function statOf(path: string): fs.Stats | undefined {
  try {
    return fs.statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isStill(path: string, stats: fs.Stats): boolean {
  const now = statOf(path);
  return now !== undefined && isUnchanged(now, stats);
}

/** Strong enough: a file that is replaced has another inode, one that is written another time. */
function etagOf({ ino, size, mtimeMs }: fs.Stats): string {
  return `"${ino.toString(36)}-${size.toString(36)}-${Math.round(mtimeMs * 1000).toString(36)}"`;
}
