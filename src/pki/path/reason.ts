/**
 * Why a certification path is refused: the closed list of codes, and what a reason carries.
 *
 * @module
 */

/** Every code that a {@link PathReason} can have. Codes may be added, never renamed. */
export const PATH_REASON_CODES = [
  /** Not strict DER, or a field or an extension breaks its grammar. */
  "MALFORMED",
  "VERSION_UNSUPPORTED",
  /** Negative, zero, or longer than 20 octets. */
  "SERIAL_NUMBER_INVALID",
  /** A GeneralizedTime before 2050. */
  "TIME_ENCODING_INVALID",
  "ISSUER_EMPTY",
  /** A CA without a name, or a leaf without one whose alternative names are not critical. */
  "SUBJECT_EMPTY",
  "EXTENSION_MISSING",
  "EXTENSION_FORBIDDEN",
  /** An extension is critical and must not be, or the other way round. */
  "EXTENSION_CRITICALITY",
  "CRITICAL_EXTENSION_UNKNOWN",
  /** The authority key identifier is not the issuer's (not in profile "path", where it only orders candidates). */
  "KEY_IDENTIFIER_MISMATCH",
  "KEY_UNSUPPORTED",
  "KEY_WEAK",
  "SIGNATURE_ALGORITHM_UNSUPPORTED",
  /** SHA-1, MD5, MD2. */
  "SIGNATURE_ALGORITHM_WEAK",
  /** Not made with the issuer's key. */
  "SIGNATURE_INVALID",
  "NOT_YET_VALID",
  "EXPIRED",
  /** A certificate that is no CA's is the issuer of another. */
  "NOT_A_CA",
  /** The leaf says that it is a CA (not in profile "path"). */
  "CA_AS_LEAF",
  "PATH_LENGTH_EXCEEDED",
  "KEY_USAGE_MISSING",
  /** The extended key usage of the leaf, or of a CA above it, leaves the purpose out. */
  "PURPOSE_NOT_ALLOWED",
  /** A CA's name constraints do not permit a name of a certificate below. */
  "NAME_NOT_PERMITTED",
  /** A CA's name constraints exclude a name of a certificate below. */
  "NAME_EXCLUDED",
  /** Constraints on a form of name that is not understood, and there is such a name. */
  "NAME_CONSTRAINTS_UNSUPPORTED",
  "POLICY_NOT_VALID",
  /** No certificate given is the issuer; the reason names the certificate whose issuer is missing. */
  "ISSUER_UNKNOWN",
  /** The path ends at a certificate that names itself as its issuer and is no trust anchor. */
  "SELF_SIGNED_UNTRUSTED",
  /** A path longer than is allowed, or more work than is done for one answer. */
  "LIMIT_EXCEEDED",
  /** The leaf has no subjectAltName to compare the peer's name with. */
  "SAN_MISSING",
  "NAME_MISMATCH",
  /** A common name that is none of the alternative names (profile "baseline"), or imitates one (profile "strict"). */
  "COMMON_NAME_NOT_IN_SAN",
] as const;

/** One of {@link PATH_REASON_CODES}. */
export type PathReasonCode = typeof PATH_REASON_CODES[number];

/** What part a certificate plays in a path. */
export type PathRole = "leaf" | "intermediate" | "anchor";

/** Which certificate a reason is about. */
export interface ReasonCertificate {
  readonly role: PathRole;
  /** Where it stands in `intermediates` or `anchors`; 0 for the leaf. */
  readonly index: number;
  /** RFC 4514 text, escaped; cut after 1,024 characters; empty where there is none to read. */
  readonly subject: string;
  /** SHA-256 of its DER: 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** Why a path is refused. */
export interface PathReason {
  readonly code: PathReasonCode;
  /** For people: the action first, then the state, no period at the end. */
  readonly message: string;
  readonly certificate: ReasonCertificate;
  /** Which field: "validity.notAfter", "extensions.keyUsage". */
  readonly field: string;
  /** Where the rule stands: "RFC 5280, 4.1.2.5". */
  readonly rule: string;
}

/** A reason that does not yet say about which certificate it is. */
export interface Fault {
  readonly code: PathReasonCode;
  readonly field: string;
  readonly rule: string;
  /** What is wrong, as it follows a colon; no period. */
  readonly state: string;
}

/** Shorthand for a {@link Fault}. */
export function fault(code: PathReasonCode, field: string, rule: string, state: string): Fault {
  return { code, field, rule, state };
}
