/**
 * Lifetimes and sizes of the certificates made here, each with its reason. What extensions a certificate has
 * is said where it is made: hierarchy.ts and issue.ts.
 *
 * @module
 */

/** Milliseconds. */
export const DAY_MS = 86_400_000;

/** Milliseconds. Certificates are valid from an hour back: clocks of phones and machines on a LAN differ. */
export const BACKDATE_MS = 3_600_000;

/**
 * Days that root and issuer live: ten years. No client limits the life of a root that its user added; a shorter one
 * means walking to every phone again. The root's key is gone, so nothing else than time can go wrong with it.
 */
export const AUTHORITY_DAYS = 3652;

/**
 * Days that a certificate lives unless asked otherwise: under the 398 that Apple wants from public CAs
 * (support.apple.com/102028), so that a client which applies that rule to all roots is content too.
 */
export const DEFAULT_DAYS = 397;

/** Days that a certificate may live: Apple refuses longer ones even from roots that the user added (support.apple.com/103769). */
export const MAX_DAYS = 825;

/** Names in one certificate. 1,500 are accepted everywhere; Deno, Java, Go and Firefox refuse 5,000. */
export const MAX_NAMES = 1000;

/** Characters of a name's attributes: ub-common-name, ub-organization-name and so on (RFC 5280, appendix A.1). */
export const MAX_ATTRIBUTE_LENGTH = 64;

/** The last time that a certificate can hold: 9999-12-31T23:59:59Z (GeneralizedTime; RFC 5280, 4.1.2.5). */
export const LAST_MS: number = Date.UTC(9999, 11, 31, 23, 59, 59);

/** A time without its milliseconds, which certificates do not hold. */
export function wholeSeconds(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / 1000) * 1000);
}
