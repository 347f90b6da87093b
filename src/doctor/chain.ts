/**
 * A served chain, by its names.
 *
 * @module
 */

import { equalBytes } from "../bytes.ts";
import { type Certificate, readSubjectText } from "../x509/certificate.ts";

/** Where following the names from the leaf ends. */
export function topOf(chain: readonly Certificate[]): Certificate {
  const left = chain.slice(1);
  let top = chain[0]!;
  while (!top.selfIssued) {
    const next = left.findIndex(({ subject }) => equalBytes(subject, top.issuer));
    if (next < 0) break;
    top = left.splice(next, 1)[0]!;
  }
  return top;
}

/** A certificate's subject for people. */
export function nameOf({ subject }: Certificate): string {
  return nameText(subject) || "(no subject)";
}

/** A Name for people. */
export function nameText(name: Uint8Array): string {
  try {
    return readSubjectText(name);
  } catch {
    return "(unreadable)";
  }
}
