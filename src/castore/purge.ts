/**
 * Taking the state directory away: the files that localtls makes, and no other.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { baseName } from "../host/path_text.ts";
import { sweepDirectory } from "./creation.ts";
import { type LockOptions, withLock } from "./lock.ts";
import { dropReplacement } from "./replacement.ts";
import { checkDirectory } from "./safety.ts";
import {
  ANCHORS_DIRECTORY,
  CA_FILES,
  ENVIRONMENT_DIRECTORY,
  FORMER_LEDGER,
  ISSUED_LEDGER,
  joinPath,
  LOCK_FILE,
  REPLACING_DIRECTORY,
  ROOT_COPY,
  STAGED_DIRECTORY,
  type StatePlace,
  TEMPORARY_FILE,
  TRUSTED_LEDGER,
  UNFINISHED_PREFIX,
} from "./paths.ts";

/** The key first: whatever stops the rest, it is gone. */
const FILES: readonly string[] = [...CA_FILES, ISSUED_LEDGER, TRUSTED_LEDGER];
const ANCHOR_FILE = /^[0-9a-f]{64}\.pem$/;
/** What commands/env writes, and the settings that stand in a directory of their own. */
const ENVIRONMENT_FILE = /^(?:bundle|extra)(?:-[0-9a-f]{16})?\.pem$|^java\.(?:pem|p12)$|^wgetrc$/;
const ENVIRONMENT_SUBDIRECTORY = "php";
const ENVIRONMENT_SETTINGS = "localtls.ini";

/** What {@link removeState} would remove, in its order; the directory itself is not among it. */
export async function listState(host: Host, place: StatePlace): Promise<string[]> {
  const { files } = host;
  const names = await files.list(place.path);
  const found = [
    ...FILES.filter((name) => names.includes(name)),
    ...names.filter((name) => TEMPORARY_FILE.test(name) || FORMER_LEDGER.test(name)),
  ].map((name) => joinPath(place.path, name));
  if (names.includes(ROOT_COPY) && await isRootCopy(host, place)) {
    found.push(joinPath(place.path, ROOT_COPY));
  }
  for (const name of names.filter(isCreationDirectory)) found.push(joinPath(place.path, name));
  const anchors = joinPath(place.path, ANCHORS_DIRECTORY);
  for (const name of names.includes(ANCHORS_DIRECTORY) ? await files.list(anchors) : []) {
    if (isAnchorFile(name)) found.push(joinPath(anchors, name));
  }
  if (names.includes(ENVIRONMENT_DIRECTORY)) found.push(...await listEnvironment(host, place));
  return found;
}

async function listEnvironment({ files }: Host, place: StatePlace): Promise<string[]> {
  const directory = joinPath(place.path, ENVIRONMENT_DIRECTORY);
  const settings = joinPath(directory, ENVIRONMENT_SUBDIRECTORY);
  const isOurs = (name: string) => ENVIRONMENT_FILE.test(name) || TEMPORARY_FILE.test(name);
  const found = (await files.list(directory)).filter(isOurs)
    .map((name) => joinPath(directory, name));
  for (const name of await files.list(settings).catch(() => [])) {
    const isSetting = name === ENVIRONMENT_SETTINGS || TEMPORARY_FILE.test(name);
    if (isSetting) found.push(joinPath(settings, name));
  }
  return found;
}

/** Removes everything but the lock. @returns what was removed. */
async function removeState(host: Host, place: StatePlace): Promise<string[]> {
  const { files } = host;
  const removed: string[] = [];
  try {
    await dropReplacement(host, place);
  } catch (error) {
    // A damaged journal names no copies any more; the rest can go all the same.
    if (!(error instanceof LocalTlsError) || error.code !== "CA_MISMATCH") throw error;
  }
  for (const path of await listState(host, place)) {
    if (isCreationDirectory(baseName(path))) {
      removed.push(...await sweepDirectory(host, path));
    } else if (await files.remove(path)) removed.push(path);
  }
  const anchors = joinPath(place.path, ANCHORS_DIRECTORY);
  const environment = joinPath(place.path, ENVIRONMENT_DIRECTORY);
  for (
    const directory of [anchors, joinPath(environment, ENVIRONMENT_SUBDIRECTORY), environment]
  ) {
    if (await files.removeDirectory(directory)) removed.push(directory);
  }
  return removed;
}

/** Removes the lock file. @returns what was removed. */
export async function removeLock(host: Host, place: StatePlace): Promise<string[]> {
  const path = joinPath(place.path, LOCK_FILE);
  return await host.files.remove(path) ? [path] : [];
}

/** Whether mkcert's file is the copy that commands/mkcert_root.ts makes, and not the root of another CA. */
async function isRootCopy({ files }: Host, place: StatePlace): Promise<boolean> {
  // Not followed: what a link leads to is not ours to compare.
  if ((await files.info(joinPath(place.path, ROOT_COPY)))?.type !== "file") return false;
  const [copy, root] = await Promise.all(
    [ROOT_COPY, "root.pem"].map((name) => files.read(joinPath(place.path, name))),
  );
  return copy !== undefined && copy.length === root?.length &&
    copy.every((octet, i) => octet === root[i]);
}

function isCreationDirectory(name: string): boolean {
  return name === STAGED_DIRECTORY || name === REPLACING_DIRECTORY ||
    name.startsWith(UNFINISHED_PREFIX);
}

function isAnchorFile(name: string): boolean {
  return ANCHOR_FILE.test(name) || TEMPORARY_FILE.test(name);
}

/** Implements StateDirectory.purge. */
export async function purge(
  host: Host,
  place: StatePlace,
  options: LockOptions & { readonly dryRun?: boolean },
): Promise<string[]> {
  const { files } = host;
  const info = await files.info(place.path);
  if (info === undefined) return [];
  checkDirectory(host, place, place.path, info);
  if (options.dryRun === true) {
    const lock = joinPath(place.path, LOCK_FILE);
    return [...await listState(host, place), ...await files.info(lock) ? [lock] : []];
  }
  const removed = await withLock(host, place, options, async () => [
    ...await removeState(host, place),
    // Systems that keep open files from being removed get it after the lock is given back.
    ...await removeLock(host, place).catch(() => []),
  ]);
  removed.push(...await removeLock(host, place));
  if (await files.removeDirectory(place.path)) removed.push(place.path);
  return removed;
}

/** Implements StateDirectory.foreignFiles. */
export async function listForeign(host: Host, place: StatePlace): Promise<string[]> {
  const known = new Set([...await listState(host, place), joinPath(place.path, LOCK_FILE)]);
  const names = await host.files.list(place.path);
  return names.map((name) => joinPath(place.path, name))
    .filter((path) =>
      ![...known].some((held) => held === path || held.startsWith(joinPath(path, "")))
    );
}
