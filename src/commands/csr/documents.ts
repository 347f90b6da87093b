/**
 * What `csr` and `accept` answer.
 *
 * @module
 */

import type { PlannedStep } from "../../truststore/store.ts";

/** `csr`. */
export interface CsrDocument {
  readonly command: "csr";
  readonly ok: boolean;
  readonly names: readonly string[];
  /** Absolute path of the request: what is sent to the other CA. */
  readonly request: string;
  /** Absolute path of the private key, which stays. */
  readonly key: string;
  readonly keyType: string;
  readonly planned?: readonly PlannedStep[];
}

/** `accept`. */
export interface AcceptDocument {
  readonly command: "accept";
  readonly ok: boolean;
  readonly names: readonly string[];
  /** Absolute path of the full chain, leaf first. */
  readonly cert: string;
  readonly key: string;
  readonly request: string;
  /** Subjects of the chain, leaf first, in RFC 4514 form. */
  readonly chain: readonly string[];
  readonly notBefore: string;
  readonly notAfter: string;
  readonly sha256: string;
  readonly planned?: readonly PlannedStep[];
}
