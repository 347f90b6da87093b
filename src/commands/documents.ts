/**
 * What commands answer: the documents that `--json` prints as they are, and that the text reporters
 * turn into sentences. Fields may be added, never renamed: scripts rely on them.
 *
 * @module
 */

import type { Check } from "../doctor/check.ts";
import type { ProbeReport } from "../doctor/probe_clients.ts";
import type { ClientReport } from "../doctor/report.ts";
import type { ErrorCode } from "../errors.ts";
import type { AnchorDocument, NginxAnchorDocument } from "./anchor_documents.ts";
import type { CaCommandDocument } from "./ca/documents.ts";
import type { AcceptDocument, CsrDocument } from "./csr/documents.ts";
import type { EnvironmentDocument, ProfileResult } from "./env/documents.ts";
import type { BaseDocument, CaDocument, CertificateDocument, Warning } from "./document_parts.ts";
import type { InspectDocument } from "./inspect/document.ts";
import type { ServingDocument } from "./serving/documents.ts";
import type { PlannedStep } from "../truststore/store.ts";
import type { StoreResult } from "../truststore/change.ts";

export * from "./document_parts.ts";
export type { AnchorDocument, NginxAnchorDocument, PlannedStep, StoreResult };

/** `setup`, `trust`, `untrust`. */
export interface TrustDocument extends BaseDocument {
  readonly command: "setup" | "trust" | "untrust";
  readonly ca?: CaDocument;
  /** Whether this run made the CA. */
  readonly created?: boolean;
  /** The certificate that is trusted, where it is not our CA. */
  readonly anchor?: AnchorDocument;
  /** `trust --nginx`: every certificate that was found, and what became of it. */
  readonly anchors?: readonly NginxAnchorDocument[];
  /** The root directory of the image that was changed, in place of this machine. */
  readonly image?: string;
  readonly stores: readonly StoreResult[];
  readonly certificates?: readonly CertificateDocument[];
  /** Absolute path of the configuration profile of `setup --profile`. */
  readonly profile?: string;
}

/** `cert`. */
export interface CertDocument extends BaseDocument {
  readonly command: "cert";
  readonly certificates: readonly CertificateDocument[];
}

/** `cert --from`, at the end. */
export interface CertListDocument extends BaseDocument {
  readonly command: "cert";
  /** Certificates that were issued. */
  readonly issued: number;
  /** Lines whose certificate is there, and still good; absent for none. */
  readonly kept?: number;
  /** Lines that could not be issued for. */
  readonly failed: number;
}

/** `cert --from`: a line of the list, printed when it is done; with --json, on a line of its own. */
export interface CertLineDocument {
  readonly command: "cert";
  /** Its number in the list, from 1. */
  readonly line: number;
  readonly ok: boolean;
  readonly certificate?: CertificateDocument;
  readonly error?: ErrorDocument;
  readonly warnings: readonly Warning[];
}

/** `status`. */
export interface StatusDocument extends BaseDocument {
  readonly command: "status";
  /** Where the state is, or would be. */
  readonly directory: string;
  readonly ca?: CaDocument;
  readonly stores: readonly StoreResult[];
  readonly certificates: readonly CertificateDocument[];
  /** What needs doing, most important first, each with the command that does it. */
  readonly todo: readonly { readonly message: string; readonly command: string }[];
}

/** `uninstall`. */
export interface UninstallDocument extends BaseDocument {
  readonly command: "uninstall";
  readonly ca?: CaDocument;
  readonly stores: readonly StoreResult[];
  /** Files and directories that --purge removed. */
  readonly purged: readonly string[];
  /** Certificate files that were issued and are left where they are. */
  readonly left: readonly string[];
  /** The timer of renew --install-timer, where there was one. */
  readonly timer?: TimerResult;
  /** Start files of shells that `env --install` had written to. */
  readonly profiles?: readonly ProfileResult[];
}

/** `list`. */
export interface ListDocument extends BaseDocument {
  readonly command: "list";
  readonly certificates: readonly CertificateDocument[];
}

/** `renew`. */
export interface RenewDocument extends BaseDocument {
  readonly command: "renew";
  /** Every certificate that was looked at: renewed, kept or failed. None with --watch, which tells each at once. */
  readonly certificates: readonly CertificateDocument[];
  /** How many were renewed; with --watch in all rounds. */
  readonly renewed: number;
  readonly watched?: true;
  /** The command of --exec, if it was run. */
  readonly exec?: ExecResult;
}

/** How the command of --exec ended. */
export interface ExecResult {
  readonly argv: readonly string[];
  readonly outcome: "exited" | "timed-out" | "missing" | "not-started";
  /** Exit code; -1 unless it exited by itself. */
  readonly code: number;
}

/** `renew --watch`: a certificate that was renewed or could not be, printed at once. */
export interface RenewLineDocument {
  readonly command: "renew";
  readonly ok: boolean;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly certificate: CertificateDocument;
}

/** `renew --install-timer`, `renew --uninstall-timer`. */
export interface TimerDocument extends BaseDocument {
  readonly command: "renew";
  readonly timer: TimerResult;
}

/** What became of the timer. */
export interface TimerResult {
  readonly action: "installed" | "unchanged" | "removed" | "absent";
  /** Unit files that were written or removed. */
  readonly files: readonly string[];
  /** Commands that are left for the user: no user manager could be reached. */
  readonly commands: readonly string[];
}

/** `doctor`. */
export interface DoctorDocument extends BaseDocument {
  readonly command: "doctor";
  /** The URL that was looked at; "this machine" without one. */
  readonly target: string;
  /** "OK", or the error as the browser names it: ERR_CERT_AUTHORITY_INVALID; "PROBLEMS" for a machine with some. */
  readonly verdict: string;
  /** One sentence. */
  readonly summary: string;
  readonly checks: readonly Check[];
  /** What each client does; empty without a URL. */
  readonly clients: readonly ClientReport[];
  /** --probe: what the clients that are installed said themselves. */
  readonly probes?: readonly ProbeReport[];
}

/** `share`. */
export interface ShareDocument extends BaseDocument {
  readonly command: "share";
  /** Absolute path of the archive. */
  readonly file?: string;
  /** Where the page of --serve was. */
  readonly url?: string;
  /** Addresses that asked for it. */
  readonly visitors?: readonly string[];
  /** SHA-256 of the root, which its receivers compare. */
  readonly sha256: string;
  /** Names of what is in it. */
  readonly files: readonly string[];
}

/** Commands whose answer is one text: `config`, `completions`, `version`. */
export interface TextDocument extends BaseDocument {
  readonly command: "config" | "completions" | "version";
  readonly text: string;
  readonly [field: string]: unknown;
}

/** Every document. */
export type CommandDocument =
  | CaCommandDocument
  | TrustDocument
  | InspectDocument
  | CertDocument
  | CertListDocument
  | CsrDocument
  | AcceptDocument
  | StatusDocument
  | ListDocument
  | RenewDocument
  | TimerDocument
  | UninstallDocument
  | DoctorDocument
  | EnvironmentDocument
  | ShareDocument
  | ServingDocument
  | TextDocument;

/** How a command ended. */
export interface CommandResult<D extends CommandDocument = CommandDocument> {
  readonly document: D;
  readonly exitCode: number;
  /** Work that begins once the document is printed, until the user ends it. @returns The exit code. */
  readonly stay?: () => Promise<number>;
  /** With --json: what stands in `document.certificates`, one by one, where there can be 100,000 of them. */
  readonly certificates?: () => AsyncIterable<CertificateDocument>;
}

/** The error part of a failed document. */
export interface ErrorDocument {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hints: readonly string[];
}
