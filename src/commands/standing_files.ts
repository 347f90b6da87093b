/**
 * Whose the files are that a certificate would take the place of. A private key exists once: only what was issued here
 * is replaced without a question, and that is told by certificates and keys, not by names of files.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { readCertificates } from "../castore/certificates.ts";
import type { IssuedEvent } from "../castore/ledger.ts";
import { ANCHORS_DIRECTORY, CA_FILES, ISSUED_LEDGER, TRUSTED_LEDGER } from "../castore/paths.ts";
import type { StateDirectory } from "../castore/state_directory.ts";
import { decodePem } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
import type { FileInfo, Host } from "../host/host.ts";
import { baseName, joinPath, parentOf } from "../host/path_text.ts";
import type { Authority } from "../pki/authority.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { sha256Hex } from "../x509/fingerprint.ts";
import { importPkcs8, keyBelongsTo } from "../x509/keys.ts";
import { verifySignature } from "../x509/signature.ts";
import { isPlaceholder, PLACEHOLDER_BYTES } from "./output_guard.ts";
import type { FoundFiles, OutputFiles } from "./output_files.ts";

const MAX_CHAIN_BYTES = 1 << 20;
const MAX_KEY_BYTES = 1 << 16;
const MAX_P12_BYTES = 1 << 21;

/** What is at the paths. */
export interface StandingFiles {
  /** The plain files that are there and not empty. */
  readonly found: FoundFiles;
  /** The first that was not issued here, and what it is, to go behind "it is". */
  readonly foreign?: { readonly path: string; readonly what: string };
}

/** What is known of the certificates that were issued here, read once for many. */
export interface IssuingRecord {
  readonly authority: Authority | undefined;
  /** The latest line of the ledger for a certificate's path. */
  lineFor(cert: string): IssuedEvent | undefined;
  /** SHA-256 of the issuers' certificates, former ones too. */
  readonly issuers: ReadonlySet<string>;
}

/** Reads the ledger. Throws as reading it does. */
export async function openRecord(
  state: StateDirectory,
  authority: Authority | undefined,
): Promise<IssuingRecord> {
  const lines = new Map<string, IssuedEvent>();
  const issuers = new Set<string>(authority === undefined ? [] : [authority.issuerSha256]);
  for await (const { event } of readCertificates(state.issued)) {
    lines.set(event.cert, event);
    issuers.add(event.issuer);
  }
  return { authority, lineFor: (cert) => lines.get(cert), issuers };
}

/**
 * Looks at what is at the paths of a certificate. Issued here are: a certificate that the ledger has for its path, or that
 * this CA (or one that it took the place of) has signed; a key that belongs to it; a key whose certificate a killed run left
 * beside it under a temporary name; and a PKCS#12 file that the ledger has the fingerprint of, or that the password opens
 * and that holds such a certificate.
 */
export async function lookAtFiles(
  host: Host,
  record: IssuingRecord,
  files: OutputFiles,
  password?: string,
): Promise<StandingFiles> {
  const found = await findFiles(host, Object.values(files) as string[]);
  const foreign = (path: string, what: string) => ({ found, foreign: { path, what } });
  const { cert, key, p12 } = files;
  let certificate: Certificate | undefined;
  const isThere = async (path: string) => {
    const info = found.get(path);
    if (info === undefined || info.size >= PLACEHOLDER_BYTES) return info !== undefined;
    return !isPlaceholder(path, await quietly(() => host.files.read(path, MAX_KEY_BYTES)));
  };
  if (await isThere(cert)) {
    certificate = await ownCertificate(host, record, cert, cert);
    if (certificate === undefined) {
      const isCertificate = await readLeaf(host, cert) !== undefined;
      return foreign(
        cert,
        isCertificate
          ? "a certificate that this CA has not issued"
          : "not a certificate of localtls",
      );
    }
  }
  if (key !== undefined && await isThere(key)) {
    const pkcs8 = await readKey(host, key);
    const isOurs = pkcs8 !== undefined &&
      (await belongs(pkcs8, certificate) || await hasUnfinished(host, record, cert, pkcs8));
    if (!isOurs) return foreign(key, keyText(certificate));
  }
  if (p12 !== undefined && found.has(p12)) {
    if (!await isOwnPfx(host, record, record.lineFor(cert), p12, password)) {
      return foreign(p12, "a PKCS#12 file that is not known to be issued here");
    }
  }
  return { found };
}

/** Plain files that hold something. */
export async function findFiles(host: Host, paths: readonly string[]): Promise<FoundFiles> {
  const found = new Map<string, FileInfo>();
  for (const path of paths) {
    const info = await host.files.info(path);
    if (info?.type === "file" && info.size > 0) found.set(path, info);
  }
  return found;
}

/** Throws FILE_UNSAFE for a path of the CA's own files: these are not written over for any answer. */
export async function refuseOwnState(
  host: Host,
  state: StateDirectory,
  paths: Iterable<string>,
): Promise<void> {
  const place = await host.files.realPath(state.path);
  if (place === undefined) return;
  for (const path of paths) {
    const directory = await host.files.realPath(parentOf(path) || "/");
    if (directory === undefined) continue;
    const name = baseName(path);
    const isState = directory === place && OWN_FILES.has(name);
    if (!isState && directory !== joinPath(place, ANCHORS_DIRECTORY)) continue;
    throw new LocalTlsError("FILE_UNSAFE", `Cannot write "${path}": the CA itself is in that file`);
  }
}

const OWN_FILES: ReadonlySet<string> = new Set([...CA_FILES, ISSUED_LEDGER, TRUSTED_LEDGER]);

/** The certificate in a file, if it was issued here. @param path Where the ledger has it. */
async function ownCertificate(
  host: Host,
  record: IssuingRecord,
  path: string,
  file: string,
): Promise<Certificate | undefined> {
  const chain = await readChain(host, file);
  const leaf = chain[0];
  if (leaf === undefined) return undefined;
  if (await sha256Hex(leaf.der) === record.lineFor(path)?.sha256) return leaf;
  return await wasSignedHere(record, chain) ? leaf : undefined;
}

/** Whether this CA has signed it, or an issuer of the ledger whose certificate is in the same file. */
export async function wasSignedHere(
  { authority, issuers }: IssuingRecord,
  [leaf, ...others]: readonly Certificate[],
): Promise<boolean> {
  if (leaf === undefined) return false;
  const signed = async (spki: Bytes) => await quietly(() => verifySignature(leaf, spki)) ?? false;
  if (authority !== undefined && await signed(authority.issuer.spki)) return true;
  for (const issuer of others) {
    if (issuers.has(await sha256Hex(issuer.der)) && await signed(issuer.spki)) return true;
  }
  return false;
}

/** The certificates of a PEM file; none where it cannot be read, or one of them is damaged. */
export async function readChain(host: Host, path: string): Promise<Certificate[]> {
  return await quietly(async () => {
    const content = await host.files.read(path, MAX_CHAIN_BYTES);
    return decodePem(new TextDecoder().decode(content))
      .filter(({ label }) => label === "CERTIFICATE")
      .map(({ der }) => parseCertificate(der));
  }) ?? [];
}

async function readLeaf(host: Host, path: string): Promise<Certificate | undefined> {
  return (await readChain(host, path))[0];
}

/** PKCS#8 of a file; undefined for whatever else it holds, encrypted keys too. */
export async function readKey(host: Host, path: string): Promise<Bytes | undefined> {
  return await quietly(async () => {
    const content = await host.files.read(path, MAX_KEY_BYTES);
    const keys = decodePem(new TextDecoder().decode(content))
      .filter(({ label }) => label.endsWith("PRIVATE KEY"));
    return keys.length === 1 && keys[0]?.label === "PRIVATE KEY" ? keys[0].der : undefined;
  });
}

/** Whether a key is that of a certificate. */
export async function belongs(
  pkcs8: Bytes,
  certificate: Certificate | undefined,
): Promise<boolean> {
  if (certificate === undefined) return false;
  return await quietly(async () => await keyBelongsTo(await importPkcs8(pkcs8), certificate)) ??
    false;
}

/**
 * Whether a run that was killed between its two renames has left the certificate of this key beside it: the key takes its
 * place first.
 */
async function hasUnfinished(
  host: Host,
  record: IssuingRecord,
  cert: string,
  pkcs8: Bytes,
): Promise<boolean> {
  for (const file of await host.files.leftovers(parentOf(cert) || "/")) {
    if (await belongs(pkcs8, await ownCertificate(host, record, cert, file))) return true;
  }
  return false;
}

/** Whether a PKCS#12 file was written here. */
export async function isOwnPfx(
  host: Host,
  record: IssuingRecord,
  line: IssuedEvent | undefined,
  path: string,
  password: string | undefined,
): Promise<boolean> {
  const content = await quietly(() => host.files.read(path, MAX_P12_BYTES));
  if (content === undefined) return false;
  if (line?.p12 === path && line.p12Sha256 === await sha256Hex(content)) return true;
  if (password === undefined) return false;
  const chain = await readPfxChain(content, password);
  return await wasSignedHere(record, chain);
}

/** The certificates of a PKCS#12 file that the password opens, that of its key first. */
export async function readPfxChain(content: Bytes, password: string): Promise<Certificate[]> {
  return await quietly(async () => {
    const { readPfx } = await import("../x509/pkcs12/pfx_reader.ts");
    const pfx = await readPfx(content, password);
    const certificates = pfx.certificates.map(({ der }) => parseCertificate(der));
    const [key, second] = pfx.keys;
    if (key === undefined || second !== undefined) return [];
    for (const certificate of certificates) {
      if (!await belongs(key.der, certificate)) continue;
      return [certificate, ...certificates.filter((other) => other !== certificate)];
    }
    return [];
  }) ?? [];
}

function keyText(certificate: Certificate | undefined): string {
  return certificate === undefined
    ? "a private key that no certificate of this CA next to it is for"
    : "not the private key of the certificate next to it";
}

/** What cannot be read, or is malformed, is nobody's that we know. */
async function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LocalTlsError) return undefined;
    throw error;
  }
}
