/**
 * Media types by the ends of file names.
 *
 * @module
 */

import { lookup } from "mrmime";

/** Text without a declared encoding is guessed at, by each browser in its own way. */
const TEXT = /^(?:text\/|application\/(?:javascript|json|manifest\+json|xml)$|image\/svg\+xml$)/;

/** The Content-Type of a file. What is not known is not guessed: browsers save it. */
export function contentType(fileName: string): string {
  // The library takes a name without a dot for an ending.
  const known = fileName.includes(".") ? lookup(fileName) : undefined;
  const type = known ?? "application/octet-stream";
  return TEXT.test(type) ? `${type}; charset=utf-8` : type;
}
