/**
 * Roots as localtls makes them, for stores in which nothing else tells what a localtls put there.
 *
 * @module
 */

import { readCommonName } from "../x509/certificate.ts";
import type { TrustAnchor } from "./store.ts";

/** How the common name of every root of a localtls begins (pki/hierarchy.ts). */
const ROOT_NAME = "localtls root CA ";

/** Whether the anchor is the root of a localtls, this one or another. */
export function isOwnForm({ certificate }: TrustAnchor): boolean {
  return certificate.selfIssued &&
    readCommonName(certificate.subject)?.startsWith(ROOT_NAME) === true;
}
