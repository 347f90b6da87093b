/**
 * Temporary files that killed runs left anywhere that localtls writes to: some hold private keys. Every write sweeps the
 * directory that it is for (host/leftovers.ts); here are all the others.
 *
 * @module
 */

import { readCertificates } from "../castore/certificates.ts";
import {
  ANCHORS_DIRECTORY,
  ENVIRONMENT_DIRECTORY,
  joinPath,
  UNFINISHED_PREFIX,
} from "../castore/paths.ts";
import type { StateDirectory } from "../castore/state_directory.ts";
import { LocalTlsError } from "../errors.ts";
import { baseName, parentOf } from "../host/path_text.ts";
import type { CommandContext, Workplace } from "./context.ts";

/** Directories that are looked into: a list of certificates may name any number. */
const MAX_DIRECTORIES = 1000;

/** A copy of a Java key store that was being changed (truststore/java/java_store.ts). */
const STORE_COPY = /^.+\.localtls-[0-9a-f]{16}$/;

/** Milliseconds after which keytool does not work on such a copy any more. */
const STORE_COPY_STALE_MS = 600_000;

/**
 * The leftovers in the state directory, beside every certificate of the ledger and in every store of the other one, in the
 * working directory, and where settings of the user are written. What cannot be read has none.
 */
export async function findLeftovers(
  { host }: CommandContext,
  { state, user }: Workplace,
): Promise<string[]> {
  const environment = joinPath(state.path, ENVIRONMENT_DIRECTORY);
  const directories = new Set([
    state.path,
    joinPath(state.path, ANCHORS_DIRECTORY),
    environment,
    joinPath(environment, "php"),
    host.workingDirectory,
    user.home,
    joinPath(user.home, ".config/systemd/user"),
  ]);
  const stores = new Set<string>();
  for (const { kind, path, root } of (await readable(state.trusted.read())).events) {
    if (kind === "windows" || root !== undefined) continue;
    directories.add(path).add(parentOf(path));
    if (kind === "java") stores.add(path);
  }
  await addIssued(state, directories);
  const found = new Set<string>();
  for (const directory of directories) {
    if (directory === "") continue;
    for (const path of await host.files.leftovers(directory)) found.add(path);
  }
  for (const store of stores) {
    for (const path of await storeCopies(host, store)) found.add(path);
  }
  return [...found];
}

async function addIssued(state: StateDirectory, directories: Set<string>): Promise<void> {
  try {
    for await (const { event: { cert, key, p12 } } of readCertificates(state.issued)) {
      if (directories.size > MAX_DIRECTORIES) return;
      for (const path of [cert, key, p12]) if (path !== undefined) directories.add(parentOf(path));
    }
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error; // a ledger that cannot be read names none
  }
}

/** How long the making of a CA takes at most, in milliseconds: only then its directory is a leftover. */
const UNFINISHED_STALE_MS = 60_000;

/** Directories of new CAs, with their keys, that were never put into place. */
export async function findUnfinished(
  { host }: CommandContext,
  { state }: Workplace,
): Promise<string[]> {
  const found: string[] = [];
  for (const name of await host.files.list(state.path).catch(() => [])) {
    if (!name.startsWith(UNFINISHED_PREFIX)) continue;
    const path = joinPath(state.path, name);
    const info = await host.files.info(path).catch(() => undefined);
    const age = host.now().getTime() - (info?.modifiedMs ?? host.now().getTime());
    if (info?.type === "directory" && Math.abs(age) > UNFINISHED_STALE_MS) found.push(path);
  }
  return found;
}

/** Removes them. @returns what is gone. */
export async function sweepLeftovers(
  context: CommandContext,
  workplace: Workplace,
): Promise<string[]> {
  const removed: string[] = [];
  for (const path of await findLeftovers(context, workplace)) {
    const isGone = await context.host.files.remove(path).catch((error) => {
      if (error instanceof LocalTlsError) return false; // for whoever may
      throw error;
    });
    if (isGone) removed.push(path);
  }
  const unfinished = await findUnfinished(context, workplace);
  if (unfinished.length > 0) {
    // Under the lock, as every change of the CA begins.
    await workplace.state.changeAuthority(() => Promise.resolve()).catch((error) => {
      if (!(error instanceof LocalTlsError)) throw error;
    });
    removed.push(...unfinished);
  }
  return removed;
}

async function storeCopies(host: CommandContext["host"], store: string): Promise<string[]> {
  const directory = parentOf(store);
  const names = await host.files.list(directory).catch(() => []);
  const found: string[] = [];
  for (const name of names) {
    if (!STORE_COPY.test(name) || !name.startsWith(`${baseName(store)}.`)) continue;
    const path = joinPath(directory, name);
    const info = await host.files.info(path).catch(() => undefined);
    if (info?.type !== "file" || (host.user !== undefined && info.uid !== host.user.uid)) continue;
    const age = host.now().getTime() - info.modifiedMs;
    if (Math.abs(age) > STORE_COPY_STALE_MS) found.push(path);
  }
  return found;
}

async function readable<E>(
  reading: Promise<{ readonly events: readonly E[] }>,
): Promise<{ readonly events: readonly E[] }> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof LocalTlsError) return { events: [] };
    throw error;
  }
}
