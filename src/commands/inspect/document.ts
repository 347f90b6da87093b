/**
 * The document of `inspect`.
 *
 * @module
 */

import type { CertificateReport, KeyReport, RequestReport } from "../../inspect/report.ts";
import type { BaseDocument } from "../document_parts.ts";

export type { KeyReport, RequestReport, SubjectReport } from "../../inspect/report.ts";

/** A certificate, and what this machine knows of it. */
export interface InspectedCertificate extends CertificateReport {
  /** Whether it is our CA's own or was made by it. */
  readonly own?: "root" | "issuer" | "issued";
  /** Where it was written, if our ledger has it. */
  readonly cert?: string;
  /** Whether `trust` has put it into stores of this machine, by our ledger. */
  readonly trustedHere?: number;
  /** Where its private key was found: this document's own source, or a file beside it. */
  readonly key?: string;
}

/** `inspect`. */
export interface InspectDocument extends BaseDocument {
  readonly command: "inspect";
  /** Absolute path, URL, or "stdin". */
  readonly source: string;
  /** "PEM", "DER", "base64", "PKCS#12", "PKCS#7", "TLS server". */
  readonly format: string;
  /** Which well-known password opened a PKCS#12 file; absent where one was given. */
  readonly password?: "empty" | "changeit";
  readonly certificates: readonly InspectedCertificate[];
  readonly requests: readonly RequestReport[];
  readonly keys: readonly KeyReport[];
  /** For a file of keys alone: the file beside it that has their certificate. */
  readonly certificateFile?: string;
  /** Whether the certificates stand as a server has to send them; absent where they are no chain. */
  readonly chain?: "in-order" | "out-of-order";
  /** What is wrong with the file: `ok` is false where there is any. */
  readonly problems: readonly InspectProblem[];
}

/** One thing that is wrong. */
export interface InspectProblem {
  readonly code: "SIGNATURE_BAD" | "KEY_MISMATCH" | "CHAIN_ORDER" | "UNREADABLE";
  readonly message: string;
}
