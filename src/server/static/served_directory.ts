/**
 * What of a directory may be seen by others: beneath it, not hidden, and no secret.
 *
 * @module
 */

import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { type Beneath, isSameFile, openBeneath } from "../../host/node_beneath.ts";
import { releaseDirectory } from "../../host/node_held_directory.ts";
import { CODINGS } from "./encodings.ts";
import { isUnchanged, KeyScan } from "./key_scan.ts";
import { isHidden } from "./request_path.ts";
import { KnownSecrets, type Secrets } from "./secrets.ts";

/** Why something is not served: nothing is there, or it is kept back. Clients are told the same. */
export type Absence = "missing" | "withheld";

/** An open file. Who asked for it closes the descriptor. */
export interface OpenFile {
  readonly kind: "file";
  /** Below the directory, without links. */
  readonly names: readonly string[];
  readonly stats: fs.Stats;
  readonly descriptor: number;
}

/** An open directory. */
export interface OpenDirectory {
  readonly kind: "directory";
  readonly names: readonly string[];
  readonly stats: fs.Stats;
  /** As system calls take it, until it is released. */
  readonly place: string;
  /** The names in it, in the order of the system. Rejects where it cannot be read. */
  list(): Promise<string[]>;
  /** Whether other users of the machine can look up names in it. */
  readonly isOpen: boolean;
  release(): void;
}

/** Windows has access lists, which no mode tells: there every file is looked into. */
const HAS_MODES = fs.constants.O_NOFOLLOW !== undefined;

const OTHERS_READ = 0o004;
const OTHERS_SEARCH = 0o001;

/** Milliseconds for which the directories above are taken to be as they were. */
const ABOVE_MS = 2_000;

/** A directory, and what is kept back of it. */
export class ServedDirectory {
  /** Without links. */
  readonly root: string;
  readonly #known: KnownSecrets;
  readonly #scan = new KeyScan();
  #isAboveOpen = false;
  #aboveAt = -Infinity;

  constructor(root: string, secrets: Secrets) {
    this.root = root;
    this.#known = new KnownSecrets(secrets);
  }

  /** Whether the directory itself is secret, or is in one that is: then nothing of it can be served. */
  isSecret(): boolean {
    return this.#above().some((path) => {
      try {
        return this.#known.isSecretDirectory(path, fs.statSync(path));
      } catch {
        return false;
      }
    });
  }

  /** Opens what others may see. @param names As {@link openBeneath} takes them. */
  async open(names: readonly string[]): Promise<OpenFile | OpenDirectory | Absence> {
    if (isHidden(names)) return "missing";
    await this.#known.refresh();
    if (await this.#isPackedSecret(names)) return "withheld";
    return await this.#openNamed(names, true);
  }

  /** Opens again what {@link open} found; undefined if it is not the same any more. */
  reopen(names: readonly string[], stats: fs.Stats): number | undefined {
    const found = openBeneath(this.root, names, { links: false });
    if (found?.kind === "file" && isUnchanged(found.stats, stats)) return found.descriptor!;
    close(found);
    return undefined;
  }

  /**
   * Whether a file that was met in an open directory, and is no link, is kept back.
   *
   * @param scan Whether it may be read for that. @returns undefined where it would have to be.
   */
  async judgeEntry(
    directory: OpenDirectory,
    name: string,
    stats: fs.Stats,
    scan: boolean,
  ): Promise<boolean | undefined> {
    const names = [...directory.names, name];
    if (this.#known.isSecretFile(join(this.root, ...names), stats)) return true;
    if (directory.isOpen && canOthersRead(stats) && !isPackedName(name)) return false;
    const known = isPackedName(name) ? undefined : this.#scan.recall(stats);
    if (known !== undefined) return await known;
    if (!scan) return undefined;
    const found = await this.open(names);
    if (typeof found === "string") return true;
    if (found.kind === "file") fs.closeSync(found.descriptor);
    else found.release();
    return false;
  }

  /** Whether a directory that was met in an open one is kept back. */
  isSecretEntry(directory: OpenDirectory, name: string, stats: fs.Stats): boolean {
    return this.#known.isSecretDirectory(join(this.root, ...directory.names, name), stats);
  }

  /** Whether the file holds a private key that is served, since all users of the machine may read it anyway. */
  async isOpenKey({ descriptor, stats, names }: OpenFile): Promise<boolean> {
    return await this.#scan.scan(descriptor, stats, names.at(-1) ?? "");
  }

  async #openNamed(
    names: readonly string[],
    links: boolean,
  ): Promise<OpenFile | OpenDirectory | Absence> {
    let isOpen = this.#isReachable();
    let isSecret = false;
    let depth = 0;
    let way = names;
    const found = openBeneath(this.root, names, {
      links,
      admits: (stats) => {
        const path = join(this.root, ...way.slice(0, depth++));
        isOpen &&= (stats.mode & OTHERS_SEARCH) !== 0;
        isSecret ||= this.#known.isSecretDirectory(path, stats);
        return !isSecret;
      },
      admitsNames: (resolved) => {
        way = resolved;
        depth = 0;
        isOpen = this.#isReachable();
        return !isHidden(resolved);
      },
    });
    if (found === undefined) return isSecret ? "withheld" : "missing";
    if (found.kind === "directory") {
      const { directory, stats } = found;
      const release = () => releaseDirectory(directory!);
      const { place, isPinned } = directory!;
      const list = async () => {
        const listed = await fs.promises.readdir(place);
        return isPinned || this.#isStill(found) ? listed : [];
      };
      return { kind: "directory", names: found.names, stats, place, isOpen, list, release };
    }
    const file: OpenFile = {
      kind: "file",
      names: found.names,
      stats: found.stats,
      descriptor: found.descriptor!,
    };
    let isServed = false;
    try {
      isServed = !await this.#isSecretContent(file, isOpen);
    } catch {
      close(found);
      return "missing"; // it cannot be read
    }
    if (isServed) return file;
    close(found);
    return "withheld";
  }

  /** Whether the path still leads to the directory: see node_beneath.ts for what that is worth. */
  #isStill({ names, stats }: Beneath): boolean {
    const again = openBeneath(this.root, names, { links: false });
    close(again);
    return again?.kind === "directory" && isSameFile(again.stats, stats);
  }

  #isSecretContent(file: OpenFile, isOpen: boolean): boolean | Promise<boolean> {
    if (this.#known.isSecretFile(join(this.root, ...file.names), file.stats)) return true;
    if (isOpen && canOthersRead(file.stats)) return false;
    return this.#scan.scan(file.descriptor, file.stats, file.names.at(-1) ?? "");
  }

  /** "x-key.pem.gz": a secret where "x-key.pem" is one. */
  async #isPackedSecret(names: readonly string[]): Promise<boolean> {
    const name = names.at(-1) ?? "";
    if (!isPackedName(name)) return false;
    const bare = name.slice(0, name.lastIndexOf("."));
    if (bare === "") return false;
    const found = await this.#openNamed([...names.slice(0, -1), bare], true);
    if (typeof found === "string") return found === "withheld";
    if (found.kind === "file") fs.closeSync(found.descriptor);
    else found.release();
    return false;
  }

  /** Whether other users of the machine get as far as the directory. */
  #isReachable(): boolean {
    if (!HAS_MODES) return false;
    const now = performance.now();
    if (now - this.#aboveAt < ABOVE_MS) return this.#isAboveOpen;
    this.#aboveAt = now;
    try {
      this.#isAboveOpen = this.#above().every((path) =>
        (fs.statSync(path).mode & OTHERS_SEARCH) !== 0
      );
    } catch {
      this.#isAboveOpen = false;
    }
    return this.#isAboveOpen;
  }

  /** The directory and those that it is in. */
  #above(): string[] {
    const paths = [this.root];
    for (let path = dirname(this.root); path !== paths.at(-1); path = dirname(path)) {
      paths.push(path);
    }
    return paths;
  }
}

function canOthersRead(stats: fs.Stats): boolean {
  return HAS_MODES && (stats.mode & OTHERS_READ) !== 0;
}

function isPackedName(name: string): boolean {
  const lower = name.toLowerCase();
  return CODINGS.some(({ suffix }) => lower.endsWith(suffix));
}

function close(found: Beneath | undefined): void {
  if (found?.descriptor !== undefined) fs.closeSync(found.descriptor);
  if (found?.directory !== undefined) releaseDirectory(found.directory);
}
