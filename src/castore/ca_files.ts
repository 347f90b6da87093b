/**
 * The three files of a CA, between octets and an opened authority.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { decodePem, encodePem } from "../der/pem.ts";
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

/** PEM label (RFC 7468, 5 and 10) and mode of each file. */
const FORMATS: Readonly<Record<CaFile, { readonly label: string; readonly mode: number }>> = {
  "issuer-key.pem": { label: "PRIVATE KEY", mode: PRIVATE_MODE },
  "issuer.pem": { label: "CERTIFICATE", mode: PUBLIC_MODE },
  "root.pem": { label: "CERTIFICATE", mode: PUBLIC_MODE },
};

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
    const path = joinPath(directory, name);
    const info = await host.files.info(path);
    if (info === undefined) continue;
    checkPlainFile(host, place, path, info, name === "issuer-key.pem" ? "secret" : "public");
    const bytes = await host.files.read(path, MAX_FILE_BYTES);
    if (bytes !== undefined) content.set(name, bytes);
  }
  return content;
}

/** Writes all three into a directory that was made for them. */
export async function writeCaFiles(
  host: Host,
  place: StatePlace,
  directory: string,
  hierarchy: Hierarchy,
): Promise<void> {
  const der: Readonly<Record<CaFile, Bytes>> = {
    "issuer-key.pem": hierarchy.issuerKey,
    "issuer.pem": hierarchy.issuer,
    "root.pem": hierarchy.root,
  };
  for (const name of CA_FILES) {
    const { label, mode } = FORMATS[name];
    const pem = encodePem(label, der[name]);
    await host.files.write(joinPath(directory, name), pem, { mode, owner: place.owner });
  }
}

/**
 * Opens a CA of which all files are there.
 * Throws CA_MISMATCH for files that are empty, cut off, of another kind, or do not belong together.
 */
export async function openContent(place: StatePlace, content: CaContent): Promise<Authority> {
  try {
    return await openAuthority({
      root: decodeFile("root.pem", content),
      issuer: decodeFile("issuer.pem", content),
      issuerKey: decodeFile("issuer-key.pem", content),
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

/** The file that cannot be read on its own; undefined where the fault lies between the files. */
async function findDamaged(content: CaContent): Promise<CaFile | undefined> {
  for (const name of CA_FILES) {
    try {
      const der = decodeFile(name, content);
      if (name === "issuer-key.pem") await importPkcs8(der);
      else parseCertificate(der);
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

function decodeFile(name: CaFile, content: CaContent): Bytes {
  const { label } = FORMATS[name];
  // fatal: false, as a byte order mark and what editors add around the blocks do no harm.
  const blocks = decodePem(new TextDecoder().decode(content.get(name)))
    .filter((block) => block.label === label);
  const [block] = blocks;
  if (block !== undefined && blocks.length === 1) return block.der;
  const found = blocks.length === 0 ? "no" : "more than one";
  throw new LocalTlsError("PEM_INVALID", `Cannot read "${name}": it holds ${found} "${label}"`);
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
