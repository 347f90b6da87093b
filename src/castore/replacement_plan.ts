/**
 * The journal of a replacement: what it is for, and which files it changes.
 *
 * @module
 */

import { toHex } from "../bytes.ts";
import { isAbsolutePath, lastSeparator } from "../host/path_text.ts";
import { type IssuedEvent, readIssuedEvent } from "./ledger.ts";

/** A file that gets a new content: three paths in one directory, so that each step is a rename. */
export interface SwapFile {
  readonly place: string;
  /** What it will be. */
  readonly fresh: string;
  /** A copy of what it was. */
  readonly former: string;
}

/** What a replacement is going to do. */
export interface ReplacementPlan {
  /** The words of the command, for whoever finds it interrupted: "ca permit example.com". */
  readonly request: readonly string[];
  /** SHA-256 of the new root, and of the one that it replaces. */
  readonly root: string;
  readonly formerRoot: string;
  /** Files outside the state directory; the CA's own are always among them. */
  readonly files: readonly SwapFile[];
  /** Lines of issued.jsonl for the certificates in them, and the lines that these take the place of. */
  readonly issued: readonly IssuedEvent[];
  readonly formerlyIssued: readonly IssuedEvent[];
}

/** Names of copies, 16 random hexadecimal digits after each: nobody else has such files. */
const FRESH_PREFIX = ".localtls-new-";
const FORMER_PREFIX = ".localtls-old-";
const COPY_NAME = /^\.localtls-(?:new|old)-[0-9a-f]{16}$/;

/** Names for the copies of a file, beside it. */
export function swapFileFor(place: string): SwapFile {
  const directory = place.slice(0, lastSeparator(place) + 1);
  const random = toHex(crypto.getRandomValues(new Uint8Array(8)));
  return {
    place,
    fresh: `${directory}${FRESH_PREFIX}${random}`,
    former: `${directory}${FORMER_PREFIX}${random}`,
  };
}

/**
 * Reads a journal; undefined for what is none. Strict, since its paths are renamed and removed, perhaps by root:
 * the copies must stand beside the file and have the names that copies have.
 */
export function parsePlan(text: string): ReplacementPlan | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { request, root, formerRoot, files, issued, formerlyIssued } = value as Record<
    string,
    unknown
  >;
  if (!Array.isArray(request) || request.length > MAX_WORDS || !request.every(isWord)) {
    return undefined;
  }
  if (!isSha256(root) || !isSha256(formerRoot)) return undefined;
  const events = readEvents(issued);
  const formerEvents = readEvents(formerlyIssued);
  if (!Array.isArray(files) || !files.every(isSwapFile)) return undefined;
  if (events === undefined || formerEvents === undefined) return undefined;
  return { request, root, formerRoot, files, issued: events, formerlyIssued: formerEvents };
}

/** Of a command line; and characters of each. */
const MAX_WORDS = 1000;
const MAX_WORD = 4096;

function isWord(value: unknown): value is string {
  // deno-lint-ignore no-control-regex -- they are what is looked for
  return typeof value === "string" && value.length <= MAX_WORD && !/[\0-\x1f\x7f]/.test(value);
}

function readEvents(value: unknown): IssuedEvent[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const events = value.map(readIssuedEvent);
  return events.includes(undefined) ? undefined : events as IssuedEvent[];
}

function isSwapFile(value: unknown): value is SwapFile {
  if (typeof value !== "object" || value === null) return false;
  const { place, fresh, former } = value as Record<string, unknown>;
  if (typeof place !== "string" || place.includes("\0") || !isAbsolutePath(place)) return false;
  const directory = place.slice(0, lastSeparator(place) + 1);
  return [fresh, former].every((path) =>
    typeof path === "string" && path.startsWith(directory) &&
    COPY_NAME.test(path.slice(directory.length))
  );
}

function isSha256(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
