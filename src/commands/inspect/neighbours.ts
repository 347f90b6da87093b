/**
 * The other half of a certificate and its key, where that stands in a file beside it.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { type Part, type PartKind, readContents } from "../../inspect/contents.ts";
import { inspectParts } from "../../inspect/inspect_parts.ts";
import type { CommandContext } from "../context.ts";
import { joinPath } from "../output_files.ts";

/** Octets. */
const MAX_NEIGHBOUR = 1 << 20;

const PRIVATE: readonly PartKind[] = ["pkcs8", "pkcs1", "sec1"];

/** A file beside the one that is inspected. */
export interface Neighbour {
  readonly path: string;
  /** Position of the certificate in its file; undefined where the two do not belong together. */
  readonly certificate: number | undefined;
}

/** File names that programs give to the key of a certificate file: ours and mkcert's, openssl's, certbot's. */
export function keyFileNames(certificateFile: string): string[] {
  const base = certificateFile.replace(/\.[^.]*$/, "");
  const names = [`${base}-key.pem`, `${base}.key`, `${base}.key.pem`, `${base}_key.pem`];
  if (base.endsWith("-cert")) names.push(`${base.slice(0, -5)}-key.pem`);
  if (/^(?:fullchain|cert)\d*$/.test(base)) names.push(base.replace(/^[a-z]+/, "privkey") + ".pem");
  return names.filter((name) => name !== certificateFile);
}

/** The reverse of {@link keyFileNames}; empty where the name is not one of a key. */
export function certificateFileNames(keyFile: string): string[] {
  const base = /^(.+)(?:[-_]key\.pem|\.key|\.key\.pem)$/.exec(keyFile)?.[1];
  if (base !== undefined) {
    return [".pem", ".crt", ".cer", ".cert.pem", "-cert.pem"].map((end) => `${base}${end}`);
  }
  const number = /^privkey(\d*)\.pem$/.exec(keyFile)?.[1];
  return number === undefined ? [] : [`fullchain${number}.pem`, `cert${number}.pem`];
}

/** Looks for the private key of one of the certificates in `file`. */
export async function findKeyBeside(
  context: CommandContext,
  file: string,
  parts: readonly Part[],
): Promise<Neighbour | undefined> {
  const certificates = parts.filter(({ kind }) => kind === "certificate").slice(0, 4);
  return await find(context, file, keyFileNames, async (beside) => {
    const keys = beside.filter(({ kind }) => PRIVATE.includes(kind));
    return keys.length === 0 ? "nothing" : await match(context, certificates, keys);
  });
}

/** Looks for the certificate of the private key in `file`. */
export async function findCertificateBeside(
  context: CommandContext,
  file: string,
  parts: readonly Part[],
): Promise<Neighbour | undefined> {
  const keys = parts.filter(({ kind }) => PRIVATE.includes(kind)).slice(0, 4);
  return await find(context, file, certificateFileNames, async (beside) => {
    const certificates = beside.filter(({ kind }) => kind === "certificate").slice(0, 4);
    return certificates.length === 0 ? "nothing" : await match(context, certificates, keys);
  });
}

/** The first file that fits; else the first that is of the kind and does not. */
async function find(
  { host: { files } }: CommandContext,
  file: string,
  namesFor: (name: string) => string[],
  look: (parts: readonly Part[]) => Promise<number | undefined | "nothing">,
): Promise<Neighbour | undefined> {
  const slash = Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\"));
  const directory = file.slice(0, Math.max(slash, 1));
  let other: Neighbour | undefined;
  for (const name of namesFor(file.slice(slash + 1))) {
    const path = joinPath(directory, name);
    try {
      const content = await files.read(path, MAX_NEIGHBOUR);
      if (content === undefined) continue;
      const certificate = await look(readContents(content).parts);
      if (certificate === "nothing") continue;
      if (certificate !== undefined) return { path, certificate };
      other ??= { path, certificate };
    } catch (error) {
      // Not ours to judge: somebody else's file that may not be read, or something else altogether.
      if (!(error instanceof LocalTlsError)) throw error;
    }
  }
  return other;
}

async function match(
  { host }: CommandContext,
  certificates: readonly Part[],
  keys: readonly Part[],
): Promise<number | undefined> {
  const report = await inspectParts([...certificates, ...keys], {
    now: host.now(),
    own: undefined,
    openKey: () => Promise.resolve(undefined),
  });
  return report.keys.flatMap((key) => key.certificates)[0];
}
