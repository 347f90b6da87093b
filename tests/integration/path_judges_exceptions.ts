/**
 * What other validators refuse for reasons of their own, and verifyPath accepts. Reviewed by hand.
 *
 * @module
 */

/** One reason. */
export interface JudgeException {
  /** The rules (tests/support/path_rules) that it is about; one of a pair is enough. */
  readonly of: RegExp;
  /** What the judge says. */
  readonly says: RegExp;
  readonly reason: string;
}

const LAST_SECOND = {
  of: /within the second of notAfter/,
  reason: "RFC 5280, 4.1.2.5 counts notAfter in, and x509-limbo's notafter-fractional its second",
};

/** By the judge's name. */
export const JUDGE_EXCEPTIONS: Readonly<Record<string, readonly JudgeException[]>> = {
  openssl: [
    { ...LAST_SECOND, says: /^certificate has expired$/ },
    {
      of: /an intermediate for everything/,
      says: /^unsuitable certificate purpose$/,
      reason: "OpenSSL takes anyExtendedKeyUsage for none; in a CA it is what RFC 5280, 4.2.1.12 " +
        "says, and every other client takes it",
    },
  ],
  go: [
    { ...LAST_SECOND, says: /certificate has expired or is not yet valid/ },
    {
      of: /a subject within/,
      says: /unhandled critical extension/,
      reason: "Go does not process constraints on directory names; verifyPath does",
    },
    {
      of: /one that no name has|a form that is not understood/,
      says: /unhandled critical extension/,
      reason: "RFC 5280, 4.2.1.10: only where such a name appears must a constraint be understood",
    },
  ],
  cryptography: [
    {
      of: /a GeneralizedTime before 2050 in the anchor/,
      says: /validity dates between 1950 and 2049 must be UtcTime/,
      reason:
        "an anchor is no part of the path (RFC 5280, 6.1), and Certum Trusted Network CA 2, " +
        "which is in every store, writes its dates so",
    },
    {
      of: /everything permitted/,
      says: /malformed DNS name constraint/,
      reason: "RFC 5280, 4.2.1.10: zero or more labels added to the empty name are every name",
    },
    {
      of: /a URI within/,
      says: /unsupported name constraint/,
      reason: "cryptography does not process constraints on URIs; verifyPath does",
    },
  ],
};
