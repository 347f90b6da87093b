/**
 * Pages of directories, made at a bounded cost: a listing that is asked for by many at once is made once, and a directory
 * of very many files is neither sorted nor looked at as a whole.
 *
 * @module
 */

import * as fs from "node:fs";
import { join } from "node:path";
import type { FileStore } from "./file_store.ts";
import { isUnchanged } from "./key_scan.ts";
import { type Entry, renderListing } from "./listing.ts";
import { isHidden } from "./request_path.ts";
import type { OpenDirectory, ServedDirectory } from "./served_directory.ts";

/** A page of more is of no use, and takes a browser long. */
const MAX_ENTRIES = 5_000;

/** Octets of files that are read for one page, to see whether they are keys; those behind are not shown this time. */
const MAX_SCANNED = 64 * 1024 * 1024;

/** Entries after which other requests have their turn. */
const TURN = 100;

/**
 * A page is good for so many times the time that it took: then a directory costs 5 % of a processor at most, and a small
 * one is as new as it ever was. Not by the directory's time alone, which tells of names, but not of sizes and modes.
 */
const GOOD_SHARE = 20;
const MAX_GOOD_MS = 10_000;

/**
 * Milliseconds that a directory has to have been left alone before its names are kept: what is changed twice in one tick
 * of the file system's clock has the same time. Network drives count in seconds.
 */
const SETTLED_MS = 2_000;

/** Directories whose pages and names are kept. */
const MAX_KEPT = 16;

interface Names {
  /** At most {@link MAX_ENTRIES}. */
  readonly shown: readonly string[];
  readonly total: number;
}

interface Kept {
  readonly stats: fs.Stats;
  readonly names: Names | undefined;
  readonly page: Promise<string>;
  /** On the clock of performance.now(); infinite while it is being made. */
  goodUntil: number;
}

/** The pages of one served directory. */
export class Listings {
  readonly #directory: ServedDirectory;
  readonly #store: FileStore;
  readonly #kept = new Map<string, Kept>();
  readonly #compare: (a: string, b: string) => number;

  constructor(directory: ServedDirectory, store: FileStore) {
    this.#directory = directory;
    this.#store = store;
    const collators: Intl.Collator[] = [];
    // Made when it is first wanted: it takes as long as all else that a server does at its start.
    this.#compare = (a, b) =>
      (collators[0] ??= new Intl.Collator("en", { numeric: true })).compare(a, b);
  }

  /**
   * The page of an open directory. Rejects where it cannot be read.
   *
   * @param names The directory as it is in the URL.
   */
  page(directory: OpenDirectory, names: readonly string[]): Promise<string> {
    const key = JSON.stringify([names, directory.names]);
    const kept = this.#kept.get(key);
    const isSame = kept !== undefined && isUnchanged(kept.stats, directory.stats);
    if (isSame && performance.now() < kept.goodUntil) return kept.page;
    const began = performance.now();
    const isSettled = Date.now() - directory.stats.mtimeMs > SETTLED_MS;
    let known = isSame ? kept.names : undefined;
    const make = async () => {
      known ??= await this.#names(directory, names);
      const page = await this.#make(directory, names, known);
      const tookMs = performance.now() - began;
      this.#keep(key, {
        stats: directory.stats,
        names: isSettled ? known : undefined,
        page: Promise.resolve(page),
        goodUntil: performance.now() + Math.min(MAX_GOOD_MS, GOOD_SHARE * tookMs),
      });
      return page;
    };
    const page = make();
    this.#keep(key, { stats: directory.stats, names: undefined, page, goodUntil: Infinity });
    page.catch(() => this.#kept.delete(key));
    return page;
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(key, kept);
  }

  /** Cut before anything is done to them. */
  async #names(directory: OpenDirectory, names: readonly string[]): Promise<Names> {
    const listed = await directory.list();
    const shown: string[] = [];
    let total = 0;
    for (const name of listed) {
      if (isHidden([...names, name])) continue;
      total++;
      if (shown.length < MAX_ENTRIES) shown.push(name);
    }
    return { shown, total };
  }

  async #make(
    directory: OpenDirectory,
    names: readonly string[],
    { shown, total }: Names,
  ): Promise<string> {
    const entries: Entry[] = [];
    const budget = { octets: MAX_SCANNED, isSpent: false };
    for (const [i, name] of shown.entries()) {
      const entry = await this.#describe(directory, names, name, budget);
      if (entry !== undefined) entries.push(entry);
      if (i % TURN === TURN - 1) await new Promise((resolve) => setImmediate(resolve));
    }
    const compare = this.#compare;
    entries.sort((a, b) => Number(b.directory) - Number(a.directory) || compare(a.name, b.name));
    const isCut = total > shown.length || budget.isSpent;
    return renderListing(names, entries, isCut ? total : undefined);
  }

  /** A symlink counts as what it leads to; one that leads out of the directory is not there. */
  async #describe(
    directory: OpenDirectory,
    names: readonly string[],
    name: string,
    budget: { octets: number; isSpent: boolean },
  ): Promise<Entry | undefined> {
    const stats = statOf(join(directory.place, name));
    if (stats?.isSymbolicLink()) {
      const place = await this.#store.find([...names, name], []);
      if (place.kind === "directory") {
        place.release();
        return { name, directory: true, size: 0, modified: place.stats.mtime };
      }
      if (place.kind !== "file") return undefined;
      const { size, modifiedMs } = place.file;
      return { name, directory: false, size, modified: new Date(modifiedMs) };
    }
    if (stats?.isDirectory()) {
      if (this.#directory.isSecretEntry(directory, name, stats)) return undefined;
      return { name, directory: true, size: 0, modified: stats.mtime };
    }
    if (!stats?.isFile()) return undefined;
    let isSecret = await this.#directory.judgeEntry(directory, name, stats, false);
    if (isSecret === undefined) {
      budget.isSpent ||= budget.octets <= 0;
      if (budget.isSpent) return undefined;
      budget.octets -= Math.min(stats.size, 16 * 1024 * 1024);
      isSecret = await this.#directory.judgeEntry(directory, name, stats, true);
    }
    return isSecret !== false
      ? undefined
      : { name, directory: false, size: stats.size, modified: stats.mtime };
  }
}

function statOf(path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
