/**
 * The files that variables point at: made in the state directory, whole or not at all, and only when what goes
 * into them has changed.
 *
 * @module
 */

import { ENVIRONMENT_DIRECTORY } from "../../castore/paths.ts";
import { LocalTlsError } from "../../errors.ts";
import type { FileToWrite, Host } from "../../host/host.ts";
import { extractCertificates } from "../../truststore/pem_search.ts";
import { findSystemBundle } from "../../truststore/system/public_roots.ts";
import { sha256Hex } from "../../x509/fingerprint.ts";
import type { CommandContext, Workplace } from "../context.ts";
import { parentOf } from "../../host/path_text.ts";
import { joinPath } from "../output_files.ts";
import type { RootsDocument } from "./documents.ts";

/** Others read them: containers, servers of the user. The state directory keeps strangers out. */
const FILE_MODE = 0o644;

/** Begins the line that says what a file is made of; read again in a shell that has our variables already. */
const BASE_LINE = "# Base: ";
const TITLE = "# Made by localtls, and made anew when a root changes: do not edit.\n";

/** Writes, or with --dry-run notes, the files of one run. */
export class EnvironmentFiles {
  /** Absolute. */
  readonly directory: string;
  /** Paths that were written, or would be. */
  readonly written: string[] = [];
  readonly #context: CommandContext;
  #roots: Promise<PublicRoots> | undefined;

  constructor(context: CommandContext, workplace: Workplace) {
    this.#context = context;
    this.directory = joinPath(workplace.state.path, ENVIRONMENT_DIRECTORY);
  }

  get host(): Host {
    return this.#context.host;
  }

  /** Whether a path is one of those made here. */
  owns(path: string): boolean {
    return path.startsWith(joinPath(this.directory, ""));
  }

  /** The public roots of this machine. */
  publicRoots(): Promise<PublicRoots> {
    return this.#roots ??= findPublicRoots(this.#context);
  }

  /**
   * Writes a file of certificates and ours.
   * @param base What they are from, for the file's own header; a path of the user's is found there again.
   * @returns Its path.
   */
  async writeBundle(
    kind: "bundle" | "extra" | "java",
    base: RootsDocument,
    certificates: readonly string[],
    own: string,
  ): Promise<string> {
    const suffix = base.source === "file"
      ? `-${(await sha256Hex(new TextEncoder().encode(base.path))).slice(0, 16)}`
      : "";
    const path = joinPath(this.directory, `${kind}${suffix}.pem`);
    await this.write([{ path, content: bundleText(base, certificates, own) }]);
    return path;
  }

  /** Writes what is not there as it is. @returns whether anything was written. */
  async write(list: readonly Pick<FileToWrite, "path" | "content">[]): Promise<boolean> {
    const { files } = this.host;
    const changed: FileToWrite[] = [];
    for (const { path, content } of list) {
      const held = await files.read(path);
      const text = typeof content === "string" ? content : undefined;
      if (held !== undefined && text !== undefined && new TextDecoder().decode(held) === text) {
        continue;
      }
      changed.push({ path, content, mode: FILE_MODE });
    }
    if (changed.length === 0) return false;
    this.written.push(...changed.map(({ path }) => path));
    if (this.#context.options.dryRun) return true;
    for (const directory of new Set(changed.map(({ path }) => parentOf(path)))) {
      await files.makeDirectory(directory, { mode: 0o700 });
    }
    await files.writeTogether(changed);
    return true;
  }

  /** What one of our own files was made of; undefined for a file that does not say. */
  async baseOf(path: string): Promise<RootsDocument | undefined> {
    const content = await this.host.files.read(path).catch(() => undefined);
    if (content === undefined) return undefined;
    const text = new TextDecoder().decode(content.subarray(0, 8192));
    const line = text.split("\n").find((each) => each.startsWith(BASE_LINE));
    try {
      const base = JSON.parse(line?.slice(BASE_LINE.length) ?? "") as RootsDocument;
      return typeof base.source === "string" ? base : undefined;
    } catch {
      return undefined;
    }
  }
}

/** A file of certificates with its header. Ours last, and not twice. */
export function bundleText(
  base: RootsDocument,
  certificates: readonly string[],
  own: string,
): string {
  const others = certificates.filter((pem) => pem !== own);
  return `${TITLE}${BASE_LINE}${JSON.stringify(base)}\n${others.join("")}${own}`;
}

/** Roots, and where they are from. */
export interface PublicRoots {
  readonly base: RootsDocument;
  readonly certificates: readonly string[];
}

/** The system's bundle, else Mozilla's roots as the runtime carries them, else nothing; said where it is not the first. */
async function findPublicRoots({ host, report }: CommandContext): Promise<PublicRoots> {
  const system = await findSystemBundle(host);
  if (system !== undefined) {
    const certificates = extractCertificates(system.text);
    if (certificates.length > 0) {
      return { base: { source: "system", path: system.path }, certificates };
    }
  }
  const carried = extractCertificates((await host.publicRoots()).join("\n"));
  const source = carried.length > 0 ? "runtime" : "none";
  report({
    type: "warning",
    code: "NO_SYSTEM_BUNDLE",
    message: source === "runtime"
      ? "this machine has no file of public roots: Mozilla's are used, as localtls carries them"
      : "this machine has no file of public roots, and localtls carries none: public sites will be refused",
  });
  return { base: { source }, certificates: carried };
}

/** The certificates of a file that the user named. Throws FILE_*, or FILE_NOT_FOUND, with the path. */
export async function readUserBundle(host: Host, path: string): Promise<string[]> {
  const content = await host.files.read(path);
  if (content === undefined) {
    throw new LocalTlsError("FILE_NOT_FOUND", `Cannot read "${path}": it does not exist`);
  }
  const certificates = extractCertificates(new TextDecoder().decode(content));
  if (certificates.length > 0) return certificates;
  throw new LocalTlsError("FILE_READ", `Cannot use "${path}": it has no certificate in PEM`);
}
