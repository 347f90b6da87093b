/**
 * Waiting once for many new files: syncfs(2) through the system's own `sync -f`, where a journal would otherwise be
 * waited for per file.
 *
 * It is as safe as fsync where it is taken: on file systems of the kernel's own that wait for the disk in it, and from
 * Linux 5.8 on, since which it tells of errors in writing (syncfs(2), VERSIONS). Elsewhere, as on FUSE, whose servers
 * never hear of it, each file is synced.
 *
 * @module
 */

import * as fs from "node:fs";
import { operatingSystem } from "./operating_system.ts";

/** Fewer files are synced as quickly one by one: starting the program takes as long as some four of them. */
const MIN_FILES = 24;

/** Where it stands in every distribution; PATH is the user's. */
const PROGRAMS = ["/usr/bin/sync", "/bin/sync"];

/** statfs(2), f_type: ext2 to ext4, XFS, Btrfs. */
const KNOWN_TYPES = [0xef53, 0x58465342, 0x9123683e];

/** Milliseconds per file: if it takes longer, others write to the same disk, and theirs are waited for as well. */
const MAX_MS_PER_FILE = 10;

/** Syncs all file systems that directories stand on, or says that it did not. */
export type DiskSync = (directories: ReadonlySet<string>, files: number) => Promise<boolean>;

/** What it asks the machine; tests give others. */
export interface DiskSyncParts {
  /** The release of a Linux kernel; undefined on other systems. */
  readonly kernel: string | undefined;
  /** f_type of the file system of a directory. */
  readonly typeOf: (directory: string) => number;
  /** Runs it and gives the exit code; rejects if it cannot be started. */
  readonly run: (directories: readonly string[]) => Promise<number>;
  /** Milliseconds. */
  readonly clock: () => number;
}

/**
 * A sync of whole file systems. Where it fails, or is slow once, it is not tried again.
 * @returns A function that resolves to false where every file has to be synced by itself.
 */
export function createDiskSync(parts: DiskSyncParts): DiskSync {
  const known = new Map<string, boolean>();
  let isOn = parts.kernel !== undefined && tellsOfErrors(parts.kernel);
  const isKnown = (directory: string): boolean => {
    let answer = known.get(directory);
    if (answer === undefined) known.set(directory, answer = hasKnownType(parts, directory));
    return answer;
  };
  return async (directories, files) => {
    if (!isOn || files < MIN_FILES) return false;
    const all = [...directories];
    if (!all.every(isKnown)) return false;
    const begun = parts.clock();
    isOn = await parts.run(all).catch(() => -1) === 0;
    if (!isOn) return false;
    isOn = parts.clock() - begun <= files * MAX_MS_PER_FILE;
    return true;
  };
}

/** The one of this machine. */
export async function createMachineDiskSync(): Promise<DiskSync> {
  const [{ release }, { spawn }] = await Promise.all([
    import("node:os"),
    import("node:child_process"),
  ]);
  const program = PROGRAMS.find((path) => fs.existsSync(path));
  const isHere = operatingSystem() === "linux" && program !== undefined;
  return createDiskSync({
    kernel: isHere ? release() : undefined,
    typeOf: (directory) => fs.statfsSync(directory).type,
    clock: () => performance.now(),
    run: (directories) =>
      new Promise((resolve, reject) => {
        // Files with such names are none of its options. In a group of its own, so that Ctrl-C leaves it to its end.
        const child = spawn(program!, ["-f", "--", ...directories], {
          stdio: "ignore",
          env: {},
          detached: true,
        });
        child.once("error", reject);
        child.once("exit", (code) => resolve(code ?? -1));
      }),
  });
}

/** "6.1.0-18-amd64": from 5.8 on syncfs(2) answers EIO if something could not be written. */
function tellsOfErrors(release: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return Number(major) > 5 || (Number(major) === 5 && Number(minor) >= 8);
}

function hasKnownType({ typeOf }: DiskSyncParts, directory: string): boolean {
  try {
    return KNOWN_TYPES.includes(typeOf(directory));
  } catch {
    return false;
  }
}
