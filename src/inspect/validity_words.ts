/**
 * Validity as people say it: "ends in 12 days".
 *
 * @module
 */

/** Whether a certificate is valid at a time. */
export type ValidityState = "valid" | "expired" | "not-yet-valid";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** From two years on, years say more. */
const YEAR = 365.25 * DAY;

const UNITS: readonly (readonly [name: string, milliseconds: number, from: number])[] = [
  ["year", YEAR, 2 * YEAR],
  ["day", DAY, 2 * DAY],
  ["hour", HOUR, 2 * HOUR],
  ["minute", MINUTE, MINUTE],
];

/**
 * A span of time in its largest sensible unit, rounded down: "12 days", "2 hours", "less than a minute".
 * @param milliseconds Not negative.
 */
export function spanText(milliseconds: number): string {
  for (const [name, length, from] of UNITS) {
    if (milliseconds < from) continue;
    const count = Math.floor(milliseconds / length);
    return `${count} ${name}${count === 1 ? "" : "s"}`;
  }
  return "less than a minute";
}

/** The state, and the sentence for it. Both ends belong to the validity (RFC 5280, 4.1.2.5). */
export function describeValidity(
  { notBefore, notAfter }: { readonly notBefore: Date; readonly notAfter: Date },
  now: Date,
): { readonly state: ValidityState; readonly text: string } {
  const at = now.getTime();
  if (notAfter < notBefore) return { state: "expired", text: "ends before it begins" };
  if (at > notAfter.getTime()) {
    return { state: "expired", text: `ended ${spanText(at - notAfter.getTime())} ago` };
  }
  if (at < notBefore.getTime()) {
    return { state: "not-yet-valid", text: `begins in ${spanText(notBefore.getTime() - at)}` };
  }
  return { state: "valid", text: `ends in ${spanText(notAfter.getTime() - at)}` };
}
