/**
 * SHA256SUMS, as `sha256sum -c` reads it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The name of the list in a directory of artefacts. */
export const CHECKSUMS = "SHA256SUMS";

/** SHA-256 of a file, in lowercase hexadecimal. */
export function sha256OfFile(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Writes the list of files in a directory, sorted by name. */
export function writeChecksums(directory: string, names: readonly string[]): void {
  const lines = [...names].sort().map((name) =>
    `${sha256OfFile(join(directory, name))}  ${name}\n`
  );
  writeFileSync(join(directory, CHECKSUMS), lines.join(""));
}

/** Reads a list. @throws {Error} A line is not of its form, or names a file of another directory, or one twice. */
export function parseChecksums(text: string): ReadonlyMap<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split("\n").slice(0, -1)) {
    const [, sum, name] = /^([0-9a-f]{64}) [ *]([^/\\]+)$/.exec(line) ?? [];
    if (sum === undefined || name === undefined) {
      throw new Error(`Cannot read ${CHECKSUMS}: "${line}" is no checksum and name`);
    }
    if (sums.has(name)) throw new Error(`Cannot read ${CHECKSUMS}: it has ${name} twice`);
    sums.set(name, sum);
  }
  if (!text.endsWith("\n")) throw new Error(`Cannot read ${CHECKSUMS}: its last line is cut off`);
  return sums;
}

/**
 * Compares a directory with its list.
 *
 * @param expected The names that have to be in it, all of them and no others.
 * @returns What is wrong, a sentence each; empty if nothing is.
 */
export function checksumProblems(directory: string, expected: readonly string[]): string[] {
  const path = join(directory, CHECKSUMS);
  if (!existsSync(path)) return [`${CHECKSUMS} is missing`];
  let sums: ReadonlyMap<string, string>;
  try {
    sums = parseChecksums(readFileSync(path, "utf8"));
  } catch (error) {
    return [(error as Error).message];
  }
  const problems: string[] = [];
  for (const name of expected) {
    if (!sums.has(name)) problems.push(`${CHECKSUMS} does not name ${name}`);
  }
  for (const [name, sum] of sums) {
    if (!expected.includes(name)) {
      problems.push(`${CHECKSUMS} names ${name}, which is not released`);
    } else if (!existsSync(join(directory, name))) problems.push(`${name} is missing`);
    else if (sha256OfFile(join(directory, name)) !== sum) {
      problems.push(`${name} does not have the checksum that ${CHECKSUMS} gives`);
    }
  }
  return problems;
}
