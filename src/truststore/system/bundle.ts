/**
 * The PEM files of a system store: bundles, and a directory of anchors.
 *
 * @module
 */

import type { Files } from "../../host/host.ts";
import { countCertificates, findCertificateBlocks } from "../pem_search.ts";

/** Bytes. Mozilla's roots with comments are 0.5 MB. */
export const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;

/** Bytes of a file in a directory of anchors; one certificate has 2 KiB. */
const MAX_ANCHOR_FILE_BYTES = 1024 * 1024;

/** Files looked at in a directory of anchors, and levels of directories: update-ca-certificates recurses. */
const MAX_ANCHOR_FILES = 2000;
const MAX_LEVELS = 4;

/** A machine, or an image, as far as reading it needs one. */
interface Place<Needed extends keyof Files> {
  readonly files: Pick<Files, Needed>;
}

/** Reads a bundle or anchor file as text; undefined where there is none. Throws FILE_*. */
export async function readPemFile(
  host: Place<"read">,
  path: string,
  maxBytes: number = MAX_BUNDLE_BYTES,
): Promise<string | undefined> {
  const content = await host.files.read(path, maxBytes);
  return content === undefined ? undefined : new TextDecoder().decode(content);
}

/** A file in the directory of anchors that holds the certificate. */
export interface AnchorFile {
  readonly path: string;
  /** Whether it holds others as well. */
  readonly shared: boolean;
}

/** The files of a directory of anchors, and of those beneath it, that hold the certificate. */
export async function findAnchorFiles(
  host: Place<"read" | "list" | "info">,
  directory: string,
  der: Uint8Array,
): Promise<AnchorFile[]> {
  const found: AnchorFile[] = [];
  let left = MAX_ANCHOR_FILES;
  const visit = async (place: string, level: number): Promise<void> => {
    for (const name of await host.files.list(place).catch(() => [])) {
      if (left-- <= 0) return;
      const path = `${place}/${name}`;
      const info = await host.files.info(path);
      if (info?.type === "directory" && level < MAX_LEVELS) {
        await visit(path, level + 1);
        continue;
      }
      if (info?.type !== "file" && info?.type !== "symlink") continue;
      // What cannot be read is not ours: ours are world-readable.
      const text = await readPemFile(host, path, MAX_ANCHOR_FILE_BYTES).catch(() => undefined);
      if (text === undefined || findCertificateBlocks(text, der).length === 0) continue;
      found.push({ path, shared: countCertificates(text) > 1 });
    }
  };
  await visit(directory, 0);
  return found;
}
