/**
 * What is secret because somebody says so, and not for what is in it: the state directory, the keys of the ledger.
 *
 * Told by device and inode as well as by path: a link, a hard link, a bind mount, another case of letters or another form
 * of the same name on a file system that does not mind are all the same file.
 *
 * @module
 */

import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";

/** What a command keeps from being published. */
export interface Secrets {
  /** Directories of which nothing is published, absolute; they need not exist yet. */
  readonly directories: readonly string[];
  /** A file that {@link files} is read from: it is read again when this one has changed. */
  readonly source?: string | undefined;
  /** Files that are never published, absolute. A rejection leaves those that were known. */
  files(): Promise<readonly string[]>;
}

/** For a server that has none. */
export const NO_SECRETS: Secrets = { directories: [], files: () => Promise.resolve([]) };

/** Milliseconds for which the secret directories are not looked at again. */
const LOOK_MS = 250;

/** Milliseconds after which a source that could not be read is tried again. */
const RETRY_MS = 1_000;

/** Milliseconds after which the inodes are collected anew, and at least so many times what that took: 5 % of the time. */
const COLLECT_MS = 2_000;
const COLLECT_SHARE = 20;

/** Files of a secret directory whose hard links are known: a state directory has a dozen, and more for `env`. */
const MAX_LISTED = 5_000;
const MAX_DEPTH = 4;

/** Steps after which others have their turn. */
const TURN = 500;

/** Numbers of NTFS have 64 bits, which a double rounds: neighbours would be the same file. */
const EXACT = fs.constants.O_NOFOLLOW === undefined;

/** Knows what is secret, and keeps that current. */
export class KnownSecrets {
  readonly #secrets: Secrets;
  readonly #paths = new Set<string>();
  #inodes = new Set<string>();
  #directories: (readonly [path: string, stats: fs.Stats | undefined])[] = [];
  #lookedAt = -Infinity;
  #collectedAt = -Infinity;
  #collectMs = 0;
  #failedAt = -Infinity;
  #sourceState: string | undefined = "never read";
  #underWay: Promise<void> | undefined;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
    this.#directories = secrets.directories.map((path) => [path, statOf(path)]);
  }

  /**
   * Has to be waited for before anything is asked; undefined where there is nothing to wait for. The source is looked at
   * each time: a key is known as soon as the ledger has it.
   */
  refresh(): Promise<void> | undefined {
    // What is being read now may have been begun before the last change.
    if (this.#underWay !== undefined) return this.#underWay.then(() => this.refresh());
    const now = performance.now();
    if (now - this.#lookedAt > LOOK_MS) {
      this.#lookedAt = now;
      this.#directories = this.#secrets.directories.map((path) => [path, statOf(path)]);
    }
    const state = stateOf(this.#secrets.source);
    const isNew = state !== this.#sourceState && now - this.#failedAt > RETRY_MS;
    const isDue = now - this.#collectedAt > Math.max(COLLECT_MS, COLLECT_SHARE * this.#collectMs);
    if (!isNew && !isDue) return undefined;
    return this.#underWay = this.#read(state).finally(() => this.#underWay = undefined);
  }

  /** Whether this is one of the secret directories. @param path Without links. */
  isSecretDirectory(path: string, stats: fs.Stats): boolean {
    for (const [directory, own] of this.#directories) {
      if (directory === path) return true;
      if (own === undefined || own.ino !== stats.ino || own.dev !== stats.dev) continue;
      if (!EXACT || identityOf(directory) === identityOf(path)) return true;
    }
    return false;
  }

  /** Whether this is a secret file, under whatever name. @param path Without links. */
  isSecretFile(path: string, stats: fs.Stats): boolean {
    if (this.#paths.has(path)) return true;
    const identity = EXACT ? identityOf(path) : `${stats.dev}:${stats.ino}`;
    return identity !== undefined && this.#inodes.has(identity);
  }

  async #read(state: string | undefined): Promise<void> {
    if (state !== this.#sourceState) {
      try {
        const files = await this.#secrets.files();
        const real = new Map<string, string>();
        for (const [i, file] of files.entries()) {
          this.#paths.add(file);
          const directory = dirname(file);
          if (!real.has(directory)) real.set(directory, realPath(directory));
          this.#paths.add(join(real.get(directory)!, basename(file)));
          if (i % TURN === TURN - 1) await turn();
        }
        this.#sourceState = state;
      } catch {
        // What was known stays known; what is in the files decides of the others.
        this.#failedAt = performance.now();
      }
    }
    const start = performance.now();
    const inodes = new Set<string>();
    let steps = 0;
    const note = async (path: string) => {
      const identity = identityOf(path);
      if (identity !== undefined) inodes.add(identity);
      if (++steps % TURN === 0) await turn();
    };
    for (const path of this.#paths) await note(path);
    for (const directory of this.#secrets.directories) {
      for (const path of listFiles(directory)) await note(path);
    }
    this.#inodes = inodes;
    this.#collectedAt = performance.now();
    this.#collectMs = this.#collectedAt - start;
  }
}

/** The files below a directory; links are not followed. */
function listFiles(top: string): string[] {
  const files: string[] = [];
  const look = (directory: string, depth: number) => {
    let entries: fs.Dirent[];
    try {
      entries = fs.readdirSync(directory, { withFileTypes: true });
    } catch {
      return; // not there (yet), or not ours to read
    }
    for (const entry of entries) {
      if (files.length >= MAX_LISTED) return;
      const path = join(directory, entry.name);
      if (entry.isFile()) files.push(path);
      else if (entry.isDirectory() && depth < MAX_DEPTH) look(path, depth + 1);
    }
  };
  look(top, 0);
  return files;
}

function stateOf(path: string | undefined): string | undefined {
  const stats = path === undefined ? undefined : statOf(path);
  return stats && `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
}

function statOf(path: string): fs.Stats | undefined {
  try {
    return fs.statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function identityOf(path: string): string | undefined {
  try {
    if (!EXACT) {
      const stats = fs.statSync(path, { throwIfNoEntry: false });
      return stats && `${stats.dev}:${stats.ino}`;
    }
    const { dev, ino } = fs.statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function realPath(path: string): string {
  try {
    return fs.realpathSync(path);
  } catch {
    return path;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
