/**
 * The one error class of localtls, and the closed list of its codes.
 *
 * A message names the action first, then the state ("Cannot read the certificate: ..."), has a
 * capital, no period at the end and no contractions. A hint is something that can be pasted or done.
 *
 * @module
 */

/** Every code that a {@link LocalTlsError} can carry. Codes may be added, never renamed. */
export const ERROR_CODES = [
  /** The command line does not fit the command. Exit code 2. */
  "USAGE",
  /** A requested name is not a dNSName or address that can be issued for. Exit code 2. */
  "NAME_INVALID",
  /** A requested name is well-formed, and outside what this CA may speak for. Exit code 1. */
  "NAME_NOT_PERMITTED",
  "DER_INVALID",
  "PEM_INVALID",
  "CERTIFICATE_INVALID",
  "KEY_INVALID",
  /** A certification request is malformed, or its signature is not that of its own key. */
  "CSR_INVALID",
  /** A PKCS#12 file is malformed, or uses what is not supported. */
  "PFX_INVALID",
  /** The password is not the one that the key or file was encrypted with. */
  "PASSWORD_WRONG",
  /** A new password cannot be used. */
  "PASSWORD_INVALID",
  /** There is no CA in the state directory. */
  "CA_MISSING",
  /** Some of the CA's files are there, others are not. */
  "CA_INCOMPLETE",
  /** The CA's files do not belong together, or are not a CA. */
  "CA_MISMATCH",
  "CA_EXPIRED",
  /** The clock of this machine cannot be right: what is issued by it would be good for nobody. */
  "CLOCK_WRONG",
  /** The state directory or a file in it can be read or replaced by others. */
  "STATE_UNSAFE",
  "STATE_LOCKED",
  "HOME_MISSING",
  "FILE_NOT_FOUND",
  /** A path is a symlink, a directory or a device where a plain file is meant. */
  "FILE_UNSAFE",
  "FILE_TOO_LARGE",
  "FILE_READ",
  "FILE_WRITE",
  /** Another file than the one that may be replaced is at the path. */
  "FILE_EXISTS",
  "TOOL_MISSING",
  "TOOL_FAILED",
  "TOOL_TIMEOUT",
  "NEEDS_ROOT",
  "STORE_UNAVAILABLE",
  "STORE_LOCKED",
  /** A change was made, and reading the store back does not show it. */
  "TRUST_NOT_CONFIRMED",
  /** A question would have to be asked, and there is nobody to ask. */
  "CONFIRMATION_NEEDED",
  "FINGERPRINT_MISMATCH",
  "NETWORK",
  "CANCELLED",
  "INTERNAL",
] as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = typeof ERROR_CODES[number];

/** Options of {@link LocalTlsError}. */
export interface LocalTlsErrorOptions {
  /** What to do about it, most useful first; commands stand alone on their line. */
  readonly hints?: readonly string[];
  /** The error underneath. */
  readonly cause?: unknown;
}

/** The error that every layer throws for what can go wrong in the world (not for bugs). */
export class LocalTlsError extends Error {
  /** Which of {@link ERROR_CODES} it is. */
  readonly code: ErrorCode;
  /** What to do about it. */
  readonly hints: readonly string[];

  /**
   * @param code One of {@link ERROR_CODES}.
   * @param message Action first, then the state; quoted values; no period.
   * @param options Hints and cause.
   */
  constructor(code: ErrorCode, message: string, options: LocalTlsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LocalTlsError";
    this.code = code;
    this.hints = options.hints ?? [];
  }
}
