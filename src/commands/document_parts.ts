/**
 * What the documents of several commands have in common; documents.ts passes it on.
 *
 * @module
 */

import type { PlannedStep } from "../truststore/store.ts";

/** The layout of every document; raised only when a field changes its meaning. */
export const DOCUMENT_VERSION = 1;

/** Exit codes, as the design fixes them. */
export const EXIT = {
  done: 0,
  /** Failed, or a check found a problem. */
  failed: 1,
  usage: 2,
  /** Done in part: a store could not be changed. */
  partial: 3,
} as const;

/** A reservation that does not stop the command. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** The CA in a document. */
export interface CaDocument {
  /** Path of root.pem. */
  readonly root: string;
  /** SHA-256 of the root certificate, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** ISO 8601, UTC. */
  readonly notAfter: string;
  /** The domains it may issue for; ["any"] for a CA without constraints. */
  readonly permitted: readonly string[];
}

/** A certificate in a document. */
export interface CertificateDocument {
  readonly names: readonly string[];
  /** Absolute path of the full chain, leaf first. */
  readonly cert: string;
  /** Absolute path of the private key; absent when the certificate answers a request. */
  readonly key?: string;
  /** Absolute path of the PKCS#12 file, if one was written. */
  readonly p12?: string;
  /** The password of that file, if it was made up: shown here and nowhere again. */
  readonly p12Password?: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** Hexadecimal. */
  readonly serial: string;
  readonly sha256: string;
  readonly keyType: string;
  readonly usage: "server" | "client" | "both";
  /**
   * issued, renewed: written by this command. kept: left as it was. failed: could not be renewed. superseded:
   * another was written to its place since. The rest: what status and list found.
   */
  readonly state?:
    | "issued"
    | "renewed"
    | "kept"
    | "failed"
    | "superseded"
    | CertificateState;
  /** By `cert`: what is there is what was asked for, and nothing was written. */
  readonly kept?: true;
  /** Why it was renewed, kept, or could not be renewed; in words. */
  readonly reason?: string;
}

/**
 * How a certificate that was issued here stands. missing: its file is gone. changed: the file or its key is
 * another one. foreign: the CA that issued it is not there any more. not-yet-valid: a clock that was ahead issued it.
 */
export type CertificateState =
  | "valid"
  | "due"
  | "expired"
  | "not-yet-valid"
  | "missing"
  | "changed"
  | "foreign";

/** Fields that every successful document has; the reporter adds version and warnings. */
export interface BaseDocument {
  readonly ok: boolean;
  /** With --dry-run: what would be done, in order. */
  readonly planned?: readonly PlannedStep[];
}
