/**
 * Passwords in files: the way of scripts.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { resolvePath } from "./output_files.ts";

const MAX_BYTES = 1 << 16;

/**
 * Reads the password in a file: its first line, as editors leave it; the end of the line is not part of it.
 * Throws FILE_NOT_FOUND, FILE_READ, FILE_TOO_LARGE.
 */
export async function readPasswordFile(host: Host, file: string): Promise<string> {
  const path = resolvePath(host, file);
  const content = await host.files.read(path, MAX_BYTES);
  if (content === undefined) {
    throw new LocalTlsError("FILE_NOT_FOUND", `Cannot read the password from "${path}": not found`);
  }
  return firstLine(content);
}

/** The first line of what a file or a program gives. */
export function firstLine(content: Uint8Array): string {
  return new TextDecoder().decode(content).split(/\r?\n/, 1)[0] ?? "";
}
