/**
 * The three files of a CA, between octets and an opened authority.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { decodePem, encodePem, type PemBlock } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { type Authority, openAuthority } from "../pki/authority.ts";
import type { Hierarchy } from "../pki/hierarchy.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { importPkcs8 } from "../x509/keys.ts";
import {
  CA_FILES,
  type CaFile,
  joinPath,
  PRIVATE_MODE,
  PUBLIC_MODE,
  type StatePlace,
} from "./paths.ts";
import { checkPlainFile } from "./safety.ts";

/** Some hundred times what such a file needs. */
const MAX_FILE_BYTES = 64 * 1024;

/** The files that are there, as they are. */
export type CaContent = ReadonlyMap<CaFile, Bytes>;

/** The files as they are written. */
export type CaTexts = Readonly<Record<CaFile, string>>;

/** Asks for the password of the issuer's key. Throws CONFIRMATION_NEEDED where nobody can be asked. */
export type PasswordSource = () => Promise<string>;

/** PEM labels: RFC 7468, 5, 10 and 11. */
const CERTIFICATE = "CERTIFICATE";
const PLAIN_KEY = "PRIVATE KEY";
const ENCRYPTED_KEY = "ENCRYPTED PRIVATE KEY";

const LABELS: Readonly<Record<CaFile, readonly string[]>> = {
  "issuer-key.pem": [PLAIN_KEY, ENCRYPTED_KEY],
  "issuer.pem": [CERTIFICATE],
  "root.pem": [CERTIFICATE],
};

/** Permission bits of a file of the CA. */
export function modeOfCaFile(name: CaFile): number {
  return name === "issuer-key.pem" ? PRIVATE_MODE : PUBLIC_MODE;
}

/** A CA as its files. @param password Encrypts the key; without it the key is plain. */
export async function caTexts(hierarchy: Hierarchy, password?: string): Promise<CaTexts> {
  return {
    "issuer-key.pem": await keyText(hierarchy.issuerKey, password),
    "issuer.pem": encodePem(CERTIFICATE, hierarchy.issuer),
    "root.pem": encodePem(CERTIFICATE, hierarchy.root),
  };
}

/** A private key as a file. @param password Encrypts it. Throws PASSWORD_INVALID. */
export async function keyText(pkcs8: Bytes, password: string | undefined): Promise<string> {
  if (password === undefined) return encodePem(PLAIN_KEY, pkcs8);
  const { encryptPrivateKey } = await import("../x509/encrypted_private_key.ts");
  return encodePem(ENCRYPTED_KEY, await encryptPrivateKey(pkcs8, password));
}

/**
 * Reads those of the files that are in the directory.
 * Throws STATE_UNSAFE for one that others can read or replace, FILE_READ, FILE_TOO_LARGE.
 */
export async function readCaFiles(
  host: Host,
  place: StatePlace,
  directory: string,
): Promise<CaContent> {
  const content = new Map<CaFile, Bytes>();
  for (const name of CA_FILES) {
    const bytes = await readCaFile(host, place, joinPath(directory, name), name);
    if (bytes !== undefined) content.set(name, bytes);
  }
  return content;
}

/** As {@link readCaFiles}, one of them. @param name What it is. */
export async function readCaFile(
  host: Host,
  place: StatePlace,
  path: string,
  name: CaFile,
): Promise<Bytes | undefined> {
  const info = await host.files.info(path);
  if (info === undefined) return undefined;
  checkPlainFile(host, place, path, info, name === "issuer-key.pem" ? "secret" : "public");
  return await host.files.read(path, MAX_FILE_BYTES);
}

/** Writes all three into a directory that was made for them. */
export async function writeCaFiles(
  host: Host,
  directory: string,
  texts: CaTexts,
): Promise<void> {
  for (const name of CA_FILES) {
    const options = { mode: modeOfCaFile(name) };
    await host.files.write(joinPath(directory, name), texts[name], options);
  }
}

/**
 * Opens a CA of which all files are there. The password of an encrypted key is asked for when it is used.
 * Throws CA_MISMATCH for files that are empty, cut off, of another kind, or do not belong together.
 */
export async function openContent(
  place: StatePlace,
  content: CaContent,
  password: PasswordSource,
): Promise<Authority> {
  try {
    const key = decodeFile("issuer-key.pem", content);
    return await openAuthority({
      root: decodeFile("root.pem", content).der,
      issuer: decodeFile("issuer.pem", content).der,
      issuerKey: key.label === ENCRYPTED_KEY ? () => decryptKey(key.der, password) : key.der,
    });
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    const damaged = await findDamaged(content);
    const reason = error.message.replace(/^Cannot [^:]+: /, "");
    const state = damaged === undefined ? reason : `"${damaged}" is damaged: ${reason}`;
    throw new LocalTlsError("CA_MISMATCH", `Cannot use the CA in "${place.path}": ${state}`, {
      hints: startOverHints(place, damaged === undefined ? [...CA_FILES] : [damaged]),
      cause: error,
    });
  }
}

/** The issuer's key from its file, whose password is asked for if it has one. Throws PASSWORD_WRONG. */
export async function readKey(
  content: CaContent,
  password: PasswordSource,
): Promise<{ readonly pkcs8: Bytes; readonly encrypted: boolean }> {
  const { label, der } = decodeFile("issuer-key.pem", content);
  const encrypted = label === ENCRYPTED_KEY;
  return { pkcs8: encrypted ? await decryptKey(der, password) : der, encrypted };
}

async function decryptKey(der: Bytes, password: PasswordSource): Promise<Bytes> {
  const { decryptPrivateKey } = await import("../x509/encrypted_private_key.ts");
  return await decryptPrivateKey(der, await password());
}

/** The file that cannot be read on its own; undefined where the fault lies between the files. */
async function findDamaged(content: CaContent): Promise<CaFile | undefined> {
  for (const name of CA_FILES) {
    try {
      const { der, label } = decodeFile(name, content);
      if (label === PLAIN_KEY) await importPkcs8(der);
      else if (label === CERTIFICATE) parseCertificate(der);
    } catch {
      return name;
    }
  }
  return undefined;
}

/** The error for a CA of which only some files are there. */
export function incompleteError(place: StatePlace, content: CaContent): LocalTlsError {
  const there = CA_FILES.filter((name) => content.has(name));
  const missing = CA_FILES.filter((name) => !content.has(name));
  return new LocalTlsError(
    "CA_INCOMPLETE",
    `Cannot use the CA in "${place.path}": ${quoteNames(missing)} missing, ${
      quoteNames(there)
    } there`,
    { hints: startOverHints(place, missing) },
  );
}

function decodeFile(name: CaFile, content: CaContent): PemBlock {
  const labels = LABELS[name];
  // fatal: false, as a byte order mark and what editors add around the blocks do no harm.
  const blocks = decodePem(new TextDecoder().decode(content.get(name)))
    .filter(({ label }) => labels.includes(label));
  const [block] = blocks;
  if (block !== undefined && blocks.length === 1) return block;
  const found = blocks.length === 0 ? "no" : "more than one";
  throw new LocalTlsError("PEM_INVALID", `Cannot read "${name}": it holds ${found} "${labels[0]}"`);
}

function startOverHints(place: StatePlace, names: readonly CaFile[]): string[] {
  return [
    `Restore ${names.map((name) => `"${name}"`).join(", ")} from a backup`,
    "Or begin anew; certificates have to be issued again, and other machines have to trust the new CA:",
    `${place.program} uninstall --purge`,
    `${place.program} setup`,
  ];
}

function quoteNames(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`).join(", ");
  return `${quoted} ${names.length === 1 ? "is" : "are"}`;
}
