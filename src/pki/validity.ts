/**
 * How long a certificate lives: what was asked for, within what clients take and what its CA has left.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Authority } from "./authority.ts";
import { BACKDATE_MS, DAY_MS, DEFAULT_DAYS, LAST_MS, MAX_DAYS, wholeSeconds } from "./profiles.ts";

/** What is asked for. */
export interface ValidityOptions {
  readonly now: Date;
  /** 1 to 825. Default 397. */
  readonly days?: number | undefined;
  /** Takes more than 825 days too, for clients that are known to accept it. */
  readonly allowLong?: boolean | undefined;
}

/** What becomes of it. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The CA ends before the days are over, and the certificate with it. */
  readonly shortened: boolean;
}

/**
 * From an hour back, to the days asked for, and within the CA's own life on both sides: outside it the certificate is
 * good for nobody (RFC 5280, 6.1.3 checks every date of the path), and a date that says otherwise only misleads.
 *
 * Throws USAGE (days), CA_EXPIRED (also for a CA that is not valid yet, which is a clock that was set back).
 */
export function chooseValidity(authority: Authority, options: ValidityOptions): Validity {
  const { now, days = DEFAULT_DAYS, allowLong = false } = options;
  checkDays(days, allowLong);
  const { start, end } = checkCurrent(authority, now);
  const notBefore = wholeSeconds(Math.max(now.getTime() - BACKDATE_MS, start));
  // Both ends belong to the validity (RFC 5280, 4.1.2.5), so the last second is taken off.
  const wanted = notBefore.getTime() + days * DAY_MS - 1000;
  return {
    notBefore,
    notAfter: wholeSeconds(Math.min(wanted, end, LAST_MS)),
    shortened: wanted > end,
  };
}

/**
 * Throws CA_EXPIRED for a CA that has ended, or is not valid yet.
 * @returns When it begins and ends, in milliseconds since the epoch.
 */
export function checkCurrent(authority: Authority, now: Date): { start: number; end: number } {
  const start = Math.max(authority.root.notBefore.getTime(), authority.issuer.notBefore.getTime());
  const end = authority.notAfter.getTime();
  if (now.getTime() < start) {
    throw expired(`the CA is valid from ${new Date(start).toISOString()}`, now);
  }
  requireExpressible(now);
  if (now.getTime() > end) throw expired(`the CA ended on ${new Date(end).toISOString()}`, now);
  return { start, end };
}

/** Throws CLOCK_WRONG for a time that no certificate can hold. */
export function requireExpressible(now: Date): void {
  if (now.getTime() <= LAST_MS) return;
  throw new LocalTlsError(
    "CLOCK_WRONG",
    `Cannot issue: the clock of this machine says ${now.toISOString()}, and certificates end with the year 9999`,
    { hints: ["Set this machine's clock: date"] },
  );
}

/** Throws USAGE for a lifetime that no certificate gets. */
export function checkDays(days: number, allowLong: boolean): void {
  if (Number.isSafeInteger(days) && days >= 1 && (allowLong || days <= MAX_DAYS)) return;
  const tooLong = days > MAX_DAYS;
  throw new LocalTlsError(
    "USAGE",
    `Cannot issue for ${days} days: it must be a whole number from 1 to ${MAX_DAYS} (Apple refuses longer)`,
    { hints: [`--days ${tooLong ? MAX_DAYS : DEFAULT_DAYS}`] },
  );
}

function expired(state: string, now: Date): LocalTlsError {
  return new LocalTlsError(
    "CA_EXPIRED",
    `Cannot issue: ${state}, and now is ${now.toISOString()}`,
    { hints: ["Check this machine's clock: date"] },
  );
}
