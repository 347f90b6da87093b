/**
 * The certificates of a served chain, by their names.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../bytes.ts";
import { isFault, readPathCertificate } from "../pki/path/path_certificate.ts";
import { type Certificate, parseCertificate, readSubjectText } from "../x509/certificate.ts";

/** What path validation has read or is about to read; throws as parseCertificate() where that cannot. */
export function readOnce(der: Bytes): Certificate {
  const read = readPathCertificate(der);
  return isFault(read) ? parseCertificate(der) : read.certificate;
}

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
