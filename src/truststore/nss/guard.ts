/**
 * What must hold for a database directory before it is read or changed: plain files, and, where root
 * works for a user, files of that user. A user can plant symlinks; root must not follow them to
 * somebody else's files.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import type { Host } from "../../host/host.ts";
import { CERTIFICATE_FILE, KEY_FILE, LEGACY_FILES } from "./layout.ts";

/**
 * Checks a database directory.
 * @param requiredUid Who must own what is there (root works for somebody), or undefined.
 * Throws STORE_UNAVAILABLE.
 */
export async function checkDirectory(
  host: Host,
  directory: string,
  requiredUid: number | undefined,
): Promise<void> {
  try {
    await check(host, directory, requiredUid);
  } catch (error) {
    const isUsers = requiredUid !== undefined && error instanceof LocalTlsError;
    // A link of the user's to where only root may look: none of theirs.
    throw isUsers && error.code === "FILE_READ" ? unavailable(error.message, error) : error;
  }
}

async function check(
  host: Host,
  directory: string,
  requiredUid: number | undefined,
): Promise<void> {
  const place = await nearestExisting(host, directory);
  const info = await resolved(host, place, requiredUid);
  if (info.type !== "directory") throw refuse(directory, `"${place}" is no directory`);
  if (place !== directory) return;
  for (const name of [CERTIFICATE_FILE, KEY_FILE]) {
    const file = `${directory}/${name}`;
    if (await host.files.info(file) !== undefined) {
      const target = await resolved(host, file, requiredUid);
      if (target.type !== "file") throw refuse(directory, `"${file}" is no plain file`);
    }
    for (const suffix of ["-journal", "-wal", "-shm"]) {
      if ((await host.files.info(file + suffix))?.type === "symlink") {
        throw refuse(directory, `"${file}${suffix}" is a symbolic link`);
      }
    }
  }
}

/** The directory itself or the nearest one above it that exists. */
async function nearestExisting(host: Host, directory: string): Promise<string> {
  let place = directory;
  while (place !== "/" && await host.files.info(place) === undefined) place = parentOf(place);
  return place;
}

async function resolved(host: Host, path: string, requiredUid: number | undefined) {
  const real = await host.files.realPath(path);
  const info = real === undefined ? undefined : await host.files.info(real);
  if (info === undefined) throw refuse(path, "it is a symbolic link to nothing");
  if (requiredUid !== undefined && info.uid !== requiredUid) {
    throw refuse(path, `"${real}" belongs to another user (${info.uid}, not ${requiredUid})`);
  }
  return info;
}

/** Directories that would have to be made, outermost first. */
export async function missingDirectories(host: Host, directory: string): Promise<string[]> {
  const missing: string[] = [];
  for (let place = directory; place !== "/"; place = parentOf(place)) {
    if (await host.files.info(place) !== undefined) break;
    missing.unshift(place);
  }
  return missing;
}

/**
 * Refuses a directory in the format before cert9.db: a new database beside it would keep the browser
 * from taking the old one's certificates and passwords over.
 */
export async function refuseLegacyFormat(host: Host, directory: string): Promise<void> {
  if (await host.files.info(`${directory}/${CERTIFICATE_FILE}`) !== undefined) return;
  for (const name of LEGACY_FILES) {
    if (await host.files.info(`${directory}/${name}`) === undefined) continue;
    throw new LocalTlsError(
      "STORE_UNAVAILABLE",
      `Cannot use the NSS database in "${directory}": it has the old format of "${name}"`,
      { hints: ["Start the browser once, which converts it, then run localtls setup again"] },
    );
  }
}

/** The directory that a path is in. */
export function parentOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end <= 0 ? "/" : path.slice(0, end);
}

function refuse(path: string, state: string): LocalTlsError {
  return unavailable(`Cannot use the NSS database in "${path}": ${state}`);
}

function unavailable(message: string, cause?: LocalTlsError): LocalTlsError {
  return new LocalTlsError("STORE_UNAVAILABLE", message, { hints: cause?.hints ?? [], cause });
}
