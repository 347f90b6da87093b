/**
 * The document of `serve` and `proxy`: printed when they listen.
 *
 * @module
 */

import type { BaseDocument, CaDocument } from "../document_parts.ts";

/** The certificate that a server presents. */
export interface ServingCertificate {
  readonly names: readonly string[];
  /** ISO 8601, UTC. */
  readonly notAfter: string;
  readonly sha256: string;
  /** Absolute paths; absent for a certificate that is in memory alone. */
  readonly cert?: string;
  readonly key?: string;
}

/** What of the served directories is kept back, as far as it was looked for at the start. */
export interface WithheldDocument {
  readonly count: number;
  /** Absolute paths, at most 100; those of directories end with a separator. */
  readonly files: readonly string[];
  /** Whether all of the directories was looked at. What was not is kept back as well. */
  readonly complete: boolean;
}

/** `serve`, `proxy`. */
export interface ServingDocument extends BaseDocument {
  readonly command: "serve" | "proxy";
  /** Every address under which it can be reached, the one for this machine first. */
  readonly urls: readonly string[];
  /** That of another machine or a phone. */
  readonly lanUrl?: string;
  readonly port: number;
  /** The served directory. */
  readonly directory?: string;
  /** Where requests go to, by the beginning of their path. */
  readonly routes?: readonly { readonly path: string; readonly target: string }[];
  /** Files that are not served because they hold private keys; absent for none. */
  readonly withheld?: WithheldDocument;
  readonly certificate?: ServingCertificate;
  /** The root that clients have to trust; absent for a certificate from elsewhere. */
  readonly ca?: CaDocument;
  /** Port of the plain HTTP server that redirects here. */
  readonly redirectPort?: number;
}
