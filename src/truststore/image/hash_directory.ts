/**
 * A directory that OpenSSL clients search by subject hash (`-CApath`): `<hash>.N`, numbered from 0 without a gap, each a
 * link to a file with one certificate, as `openssl rehash` makes them.
 *
 * @module
 */

import type { ImageFiles, Owner } from "../../host/host.ts";
import { countCertificates, findCertificateBlocks } from "../pem_search.ts";
import { readPemFile } from "../system/bundle.ts";
import { opensslSubjectHash } from "../system/subject_hash.ts";
import type { TrustAnchor } from "../store.ts";

/** Subjects with the same hash: OpenSSL looks at each in turn. */
const MAX_LINKS_PER_HASH = 16;
/** Names looked at: Mozilla's roots are some 150, each under two names. */
const MAX_NAMES = 5000;
/** Bytes of a file with one certificate. */
const MAX_FILE_BYTES = 1024 * 1024;
const HASH_NAME = /^[0-9a-f]{8}\.\d{1,2}$/;

/** Whether a client finds the anchor. */
export async function hasHashLink(
  image: ImageFiles,
  directory: string,
  anchor: TrustAnchor,
): Promise<boolean> {
  const hash = await opensslSubjectHash(anchor.certificate.subject);
  for (let i = 0; i < MAX_LINKS_PER_HASH; i++) {
    const path = `${directory}/${hash}.${i}`;
    if (await image.info(path) === undefined) return false;
    if (await holdsAnchor(image, path, anchor)) return true;
  }
  return false;
}

/** Makes the link, unless a client finds the anchor already. @returns the paths that were made. */
export async function addHashLink(
  image: ImageFiles,
  directory: string,
  name: string,
  anchor: TrustAnchor,
): Promise<string[]> {
  if (await hasHashLink(image, directory, anchor)) return [];
  const hash = await opensslSubjectHash(anchor.certificate.subject);
  for (let i = 0; i < MAX_LINKS_PER_HASH; i++) {
    const path = `${directory}/${hash}.${i}`;
    if (await image.info(path) !== undefined) continue;
    await image.makeLink(path, name);
    return [path];
  }
  return [];
}

/** The names in the directory that hold this certificate alone, or are ours and lead nowhere. */
export async function findEntries(
  image: ImageFiles,
  directory: string,
  anchor: TrustAnchor,
  ownName: string,
): Promise<string[]> {
  const found: string[] = [];
  for (const name of (await image.list(directory)).slice(0, MAX_NAMES)) {
    const path = `${directory}/${name}`;
    const isOurs = anchor.onlyMarked
      ? HASH_NAME.test(name) && await image.readLink(path) === ownName
      : await holdsAnchor(image, path, anchor);
    if (name === ownName || isOurs) found.push(path);
  }
  return found;
}

/** Removes entries; links by hash that come after one are numbered anew, or clients would not see them. */
export async function removeEntries(
  image: ImageFiles,
  entries: readonly string[],
  ownerOf: (path: string) => Promise<Owner | undefined>,
): Promise<void> {
  for (const path of entries) await image.remove(path);
  const hashes = new Set(
    entries.filter((path) => HASH_NAME.test(path.slice(path.lastIndexOf("/") + 1)))
      .map((path) => path.slice(0, path.lastIndexOf("."))),
  );
  for (const hash of hashes) {
    let free = 0;
    for (let i = 0; i < MAX_LINKS_PER_HASH; i++) {
      const path = `${hash}.${i}`;
      const info = await image.info(path);
      if (info === undefined) continue;
      if (i !== free) await moveEntry(image, path, `${hash}.${free}`, ownerOf);
      free++;
    }
  }
}

async function moveEntry(
  image: ImageFiles,
  from: string,
  to: string,
  ownerOf: (path: string) => Promise<Owner | undefined>,
): Promise<void> {
  const target = await image.readLink(from);
  if (target !== undefined) await image.makeLink(to, target);
  else {
    const content = await image.read(from, MAX_FILE_BYTES);
    if (content === undefined) return;
    const mode = (await image.info(from))?.mode ?? 0o644;
    await image.write(to, content, { mode: mode & 0o777, owner: await ownerOf(from) });
  }
  await image.remove(from);
}

async function holdsAnchor(
  image: ImageFiles,
  path: string,
  { certificate }: TrustAnchor,
): Promise<boolean> {
  const text = await readPemFile({ files: image }, path, MAX_FILE_BYTES).catch(() => undefined);
  return text !== undefined && findCertificateBlocks(text, certificate.der).length > 0 &&
    countCertificates(text) === 1;
}
