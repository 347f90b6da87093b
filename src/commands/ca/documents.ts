/**
 * What the commands of `ca` answer.
 *
 * @module
 */

import type { BaseDocument, CaDocument, CertificateDocument, StoreResult } from "../documents.ts";

/** A certificate of the CA. */
export interface CaCertificateDocument {
  /** Absolute path. */
  readonly path: string;
  readonly subject: string;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** ISO 8601, UTC. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** "P-256", "RSA 3072". */
  readonly key: string;
}

/** A CA in full. */
export interface CaDetailsDocument extends CaDocument {
  readonly rootCertificate: CaCertificateDocument;
  /** Absent where the root issues by itself, as that of an adopted mkcert does. */
  readonly issuer?: CaCertificateDocument;
  readonly key: { readonly path: string; readonly encrypted: boolean };
}

/** `ca show`. */
export interface CaShowDocument extends BaseDocument {
  readonly command: "ca show";
  /** The state directory. */
  readonly directory: string;
  readonly ca: CaDetailsDocument;
  /** With --pem: the root's certificate. */
  readonly pem?: string;
}

/** `ca permit`, `ca rotate`. */
export interface CaReplacedDocument extends BaseDocument {
  readonly command: "ca permit" | "ca rotate";
  /** False where the CA permits it already. */
  readonly changed: boolean;
  readonly ca: CaDocument;
  /** SHA-256 of the root that was replaced. */
  readonly former?: string;
  /** The new root in the stores that trusted the former one. */
  readonly stores: readonly StoreResult[];
  /** The former root, taken out of them. */
  readonly formerStores: readonly StoreResult[];
  /** Certificates that were issued again, each in its place. */
  readonly certificates: readonly CertificateDocument[];
}

/** `ca export`, `ca import`, `ca encrypt`, `ca decrypt`. */
export interface CaFilesDocument extends BaseDocument {
  readonly command: "ca export" | "ca import" | "ca encrypt" | "ca decrypt";
  readonly ca: CaDetailsDocument;
  /** Files that were written, in order. */
  readonly files: readonly string[];
  /** False where everything was as it was asked for. */
  readonly changed: boolean;
}

/** Every document of `ca`. */
export type CaCommandDocument = CaShowDocument | CaReplacedDocument | CaFilesDocument;
