/**
 * Somebody else's certificates in documents.
 *
 * @module
 */

import type { StoreResult } from "../truststore/change.ts";

/** Somebody else's certificate. */
export interface AnchorDocument {
  readonly sha256: string;
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly notBefore: string;
  readonly notAfter: string;
  readonly validity: { readonly state: string; readonly text: string };
  readonly keyType: string;
  readonly role: "ca" | "peer";
}

/** A certificate that an nginx configuration names. */
export interface NginxAnchorDocument extends AnchorDocument {
  /** Its files, absolute paths. */
  readonly files: readonly string[];
  /** Why it was left out; absent where it was not. */
  readonly skipped?: string;
  readonly stores: readonly StoreResult[];
}
