/**
 * What of a served directory is kept back, looked for once, to be told to who serves it.
 *
 * Only to be told: every request is judged anew, whether or not this has seen the file.
 *
 * @module
 */

import * as fs from "node:fs";
import { join } from "node:path";
import { isHidden } from "./request_path.ts";
import type { OpenDirectory, ServedDirectory } from "./served_directory.ts";

/** A server should not wait for this longer than a person notices. */
const MAX_MS = 1_000;
const MAX_ENTRIES = 20_000;

/** Names of files that are read although all users of the machine may read them: a key there should be told of. */
const KEY_NAME = /(?:\.(?:pem|key|p12|pfx|p8|pk8|der|jks|jceks|keystore|ppk)|^id_[a-z0-9]+)$/i;

/** What was found. */
export interface Withheld {
  /** Absolute paths; those of directories end with a separator. */
  readonly files: readonly string[];
  /** Files with private keys that are served, because every user of the machine may read them. */
  readonly served: readonly string[];
  /** Whether all of the directory was looked at. */
  readonly isComplete: boolean;
}

/** Looks through the directory, what is nearest to its top first. Links are not followed: what they lead to is met anyway. */
export async function findWithheld(directory: ServedDirectory): Promise<Withheld> {
  const files: string[] = [];
  const served: string[] = [];
  const began = performance.now();
  const waiting: (readonly string[])[] = [[]];
  let entries = 0;
  const isOver = () => entries >= MAX_ENTRIES || performance.now() - began > MAX_MS;
  const pathOf = (names: readonly string[]) => join(directory.root, ...names);

  const look = async (open: OpenDirectory, name: string) => {
    const names = [...open.names, name];
    const stats = fs.lstatSync(join(open.place, name), { throwIfNoEntry: false });
    if (stats?.isDirectory()) {
      if (directory.isSecretEntry(open, name, stats)) files.push(join(pathOf(names), "/"));
      else waiting.push(names);
    } else if (stats?.isFile()) {
      const isSecret = await directory.judgeEntry(open, name, stats, true);
      // What we may not read ourselves is not withheld, but missing.
      if (isSecret && isReadable(join(open.place, name))) files.push(pathOf(names));
      else if (!isSecret && KEY_NAME.test(name)) {
        const file = await directory.open(names);
        if (typeof file === "string") return;
        if (file.kind === "directory") return file.release();
        try {
          if (await directory.isOpenKey(file)) served.push(pathOf(names));
        } finally {
          fs.closeSync(file.descriptor);
        }
      }
    }
  };

  for (let names = waiting.shift(); names !== undefined && !isOver(); names = waiting.shift()) {
    const open = await directory.open(names);
    if (typeof open === "string") continue;
    if (open.kind === "file") {
      fs.closeSync(open.descriptor);
      continue;
    }
    try {
      const listed = await open.list();
      for (const name of listed.sort()) {
        if (isHidden([...names, name])) continue;
        if (isOver()) return { files, served, isComplete: false };
        entries++;
        await look(open, name).catch(() => {}); // it went away meanwhile
      }
    } catch {
      // A directory that may not be read holds nothing that is served.
    } finally {
      open.release();
    }
  }
  return { files, served, isComplete: !isOver() };
}

function isReadable(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
