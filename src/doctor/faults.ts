/**
 * What is wrong with a server's certificates, in the words that every client's policy is written in. A fault is what
 * stands in a certificate or between two; who minds it, and what they call it, is in policies.ts.
 *
 * @module
 */

/** Where in the path. */
export type Role = "leaf" | "issuer" | "anchor";

/** Faults that a client may refuse for. Closed: policies.ts says of each who minds. */
export const FAULT_CODES = [
  // No way to something trusted.
  "SELF_SIGNED",
  "ISSUER_UNKNOWN",
  "ROOT_UNTRUSTED",
  "SIGNATURE_INVALID",
  /** A trusted certificate that is a CA, shown as the server's own. */
  "ANCHOR_AS_LEAF",
  /** The leaf names another key of its issuer than the issuer has. */
  "AUTHORITY_KEY_OTHER",
  // The name.
  "NAME_OTHER",
  "NAME_IN_COMMON_NAME",
  "ADDRESS_IN_COMMON_NAME",
  "WILDCARD_TOP_LEVEL",
  "NAME_WITH_UNDERSCORE",
  // Dates.
  "LEAF_EXPIRED",
  "LEAF_NOT_YET_VALID",
  "ISSUER_EXPIRED",
  "ANCHOR_EXPIRED",
  // What it is for.
  "PURPOSE_OTHER",
  "PURPOSE_ANY_ONLY",
  "ISSUER_PURPOSE_OTHER",
  "NO_DIGITAL_SIGNATURE",
  "CA_AS_LEAF",
  // Strength.
  "KEY_BELOW_2048",
  "KEY_BELOW_1024",
  "SIGNATURE_SHA1",
  "SIGNATURE_MD5",
  // The letter of RFC 5280.
  "CRITICAL_EXTENSION_UNKNOWN",
  "SUBJECT_EMPTY",
  "NOT_A_CA",
  "ANCHOR_NOT_A_CA",
  "PATH_TOO_LONG",
  "NAME_NOT_PERMITTED",
  /** Another certificate of the same issuer has the same serial number. */
  "SERIAL_REUSED",
  "OTHER",
] as const;

/** One of {@link FAULT_CODES}. */
export type FaultCode = typeof FAULT_CODES[number];

/** One fault. */
export interface Fault {
  readonly code: FaultCode;
  /** A sentence without its period. */
  readonly message: string;
  /** Subject of the certificate that is at fault. */
  readonly subject?: string;
}
