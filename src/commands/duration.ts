/**
 * Lengths of time as the user writes them: "30d".
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";

const HOUR_MS = 3_600_000;

/** Months and years are left out: nobody agrees on how long they are. */
const UNITS: Readonly<Record<string, number>> = {
  h: HOUR_MS,
  d: 24 * HOUR_MS,
  w: 7 * 24 * HOUR_MS,
};

/** Ten years, the life of a CA: no certificate can have more left. */
const MAX_MS = 3653 * 24 * HOUR_MS;

/**
 * Reads a whole number of hours, days or weeks: "36h", "30d", "2w". Throws USAGE, saying which part is wrong.
 *
 * @returns Milliseconds, at least an hour.
 */
export function parseDuration(text: string): number {
  const [, digits = "", unit = ""] = /^(\d*)(.*)$/s.exec(text.trim()) ?? [];
  if (digits === "") throw wrong(text, "it does not begin with a number", "30d");
  if (unit === "") throw wrong(text, "its unit is missing", `${Number(digits) || 30}d`);
  const factor = Object.hasOwn(UNITS, unit) ? UNITS[unit]! : undefined;
  if (factor === undefined) {
    throw wrong(text, `"${unit}" is no unit; h, d and w are`, `${Number(digits) || 30}d`);
  }
  const milliseconds = Number(digits) * factor;
  if (milliseconds === 0) throw wrong(text, "it is nothing", `1${unit}`);
  if (milliseconds > MAX_MS) throw wrong(text, "it is longer than ten years", "30d");
  return milliseconds;
}

function wrong(text: string, state: string, example: string): LocalTlsError {
  const shown = text.length > 40 ? `${text.slice(0, 40)}...` : text;
  return new LocalTlsError("USAGE", `Cannot use "${shown}" as a length of time: ${state}`, {
    hints: [`--due ${example.length > 12 ? "30d" : example}`],
  });
}
