/**
 * Taking back files and directories that add() made, where nothing else has come to live in them.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import type { Host, WriteOptions } from "../../host/host.ts";
import { openForWriting } from "./database.ts";
import { CERTIFICATE_FILE, KEY_FILE, MODULE_FILE } from "./layout.ts";
import { unlock } from "./verdict.ts";

/** A file beside the databases, and what was written into it. */
export interface CreatedFile {
  readonly path: string;
  readonly content: string;
}

/**
 * Writes a companion where it is missing.
 * Throws STORE_UNAVAILABLE where another program has made one of its own meanwhile.
 */
export async function writeCompanion(
  host: Host,
  file: CreatedFile,
  options: WriteOptions,
): Promise<void> {
  if (await isUnchanged(host, file.path, file.content)) {
    if (await host.files.info(file.path) !== undefined) return;
    try {
      await host.files.write(file.path, file.content, options);
    } catch (error) {
      // It may stand there all the same (its directory is synced after the rename), and a profiles.ini
      // without its profile would keep later runs from making one.
      await host.files.remove(file.path).catch(() => false);
      throw error;
    }
    return;
  }
  throw new LocalTlsError(
    "STORE_UNAVAILABLE",
    `Cannot write "${file.path}": a browser has just made it`,
    { hints: ["localtls setup"] },
  );
}

/**
 * Removes what is listed, innermost first. Left alone: databases with any object in them or a
 * password on them, a directory where other files live, a companion that has changed since.
 * @param created Files and directories that did not exist before.
 * @param companions Files that were written besides the databases.
 */
export async function removeCreated(
  host: Host,
  directory: string,
  created: readonly string[],
  companions: readonly CreatedFile[],
): Promise<void> {
  const ours = new Set(created.filter((path) => isMadeFor(path, directory, companions)));
  if (!await holdsOnly(host, directory, ours)) return;
  for (const { path, content } of companions) {
    if (ours.has(path) && !await isUnchanged(host, path, content)) return;
  }
  if (!await removeDatabases(host, directory, ours)) return;
  // The last one made makes the others known (profiles.ini): it goes first.
  for (const { path } of companions.toReversed()) {
    if (ours.has(path)) await host.files.remove(path);
  }
  // Innermost first, whatever the order of the list.
  for (const path of [...ours].sort((a, b) => b.length - a.length)) {
    if ((await host.files.info(path))?.type !== "directory") continue;
    // What the user may not remove stays: root works with the user's rights.
    await host.files.removeDirectory(path).catch((error) => {
      if (!(error instanceof LocalTlsError)) throw error;
    });
  }
}

/**
 * The list is a ledger's, which is input: nothing counts but what add() can make, the files of a database, its companions,
 * and the directories that lead to them.
 */
function isMadeFor(
  path: string,
  directory: string,
  companions: readonly CreatedFile[],
): boolean {
  if (!/^\/[^/]/.test(path) || /\/(?:\.{0,2})(?:\/|$)/.test(path)) return false;
  if (directory === path || directory.startsWith(`${path}/`)) return true;
  const names = [CERTIFICATE_FILE, KEY_FILE, MODULE_FILE];
  return names.some((name) => path === `${directory}/${name}`) ||
    companions.some((file) => file.path === path);
}

/**
 * Whether the directory holds nothing but databases and what we made. A directory that other files
 * live in is all right as long as no NSS has opened the database: it would have left its list of modules.
 */
async function holdsOnly(
  host: Host,
  directory: string,
  ours: ReadonlySet<string>,
): Promise<boolean> {
  const names = await host.files.list(directory);
  if (!names.includes(MODULE_FILE)) return true;
  const others = names.filter((name) =>
    !ours.has(`${directory}/${name}`) && name !== MODULE_FILE &&
    !/^(?:cert9|key4)\.db(?:-journal|-wal|-shm)?$/.test(name)
  );
  return others.length === 0 && !await namesModules(host, `${directory}/${MODULE_FILE}`);
}

/** Whether somebody has added a PKCS#11 module, a smart card's for instance. */
async function namesModules(host: Host, file: string): Promise<boolean> {
  const text = new TextDecoder().decode(await host.files.read(file));
  return /^library=[^\s]/m.test(text);
}

async function isUnchanged(host: Host, path: string, content: string): Promise<boolean> {
  const found = await host.files.read(path);
  return found === undefined || new TextDecoder().decode(found) === content;
}

/** Deletes the databases while holding them locked. @returns whether they are gone. */
async function removeDatabases(
  host: Host,
  directory: string,
  ours: ReadonlySet<string>,
): Promise<boolean> {
  const [certificates, keys] = [`${directory}/${CERTIFICATE_FILE}`, `${directory}/${KEY_FILE}`];
  if (await host.files.info(certificates) === undefined) {
    // An attempt that failed between the two files leaves the one, still empty.
    if (ours.has(keys) && (await host.files.info(keys))?.size === 0) await host.files.remove(keys);
    return true;
  }
  if (!ours.has(certificates)) return false;
  const database = await openForWriting(host, directory);
  try {
    return await database.transact(async () => {
      const hasObjects = database.columns.size > 0 &&
        database.certificates.all("SELECT 1 FROM nssPublic LIMIT 1").length > 0;
      if (hasObjects || database.hasPrivateObjects()) return false;
      if (database.hasMetaData() && (await unlock(database, undefined)).type === "unknown") {
        return false;
      }
      for (const path of [certificates, keys]) if (ours.has(path)) await host.files.remove(path);
      if (ours.has(keys)) await host.files.remove(`${directory}/${MODULE_FILE}`);
      return true;
    });
  } finally {
    database.close();
  }
}
