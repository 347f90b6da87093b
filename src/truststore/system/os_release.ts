/**
 * What a Linux distribution says it is (os-release(5)): for labels, for hints, and to break ties. Which
 * store a machine has is decided by its directories and tools.
 *
 * @module
 */

import type { Files } from "../../host/host.ts";

/** The part of os-release that is used. */
export interface OsRelease {
  /** "debian", "alpine"; "" where unknown. */
  readonly id: string;
  /** The distributions that it derives from, nearest first. */
  readonly idLike: readonly string[];
  /** "Debian", "Fedora", "Linux Mint"; "Linux" where unknown. */
  readonly name: string;
}

/** os-release(5) looks into these, in order. */
const FILES = ["/etc/os-release", "/usr/lib/os-release"];

/** Bytes. A real one has 1 KiB. */
const MAX_BYTES = 64 * 1024;

/** Reads os-release; a missing or unreadable one gives an unknown system. */
export async function readOsRelease(
  host: { readonly files: Pick<Files, "read"> },
): Promise<OsRelease> {
  for (const file of FILES) {
    const content = await host.files.read(file, MAX_BYTES).catch(() => undefined);
    if (content !== undefined) return parseOsRelease(new TextDecoder().decode(content));
  }
  return parseOsRelease("");
}

/** Reads the text of os-release: lines of KEY=value, the value in shell quotes or none. */
export function parseOsRelease(text: string): OsRelease {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^([A-Z_]+)=(["']?)(.*)\2\s*$/.exec(line);
    if (match !== null) values.set(match[1]!, match[3]!.replaceAll(/\\(["'$`\\])/g, "$1"));
  }
  const name = (values.get("NAME") ?? "")
    .replaceAll(/[^\p{L}\p{N} ._+-]/gu, " ").replaceAll(/ {2,}/g, " ").trim()
    .replace(/ GNU Linux$| Linux$/, "").slice(0, 40);
  return {
    id: (values.get("ID") ?? "").toLowerCase(),
    idLike: (values.get("ID_LIKE") ?? "").toLowerCase().split(/\s+/).filter((id) => id !== ""),
    name: name === "" ? "Linux" : name,
  };
}
