/**
 * Dates in header fields (RFC 9110, 5.6.7).
 *
 * @module
 */

const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const LONG_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day";
const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
const TIME = "(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)";

/** IMF-fixdate, the one that is written today, and the two obsolete forms that have to be understood. All of them are in UTC. */
const FORMS = [
  `${DAY}, (?<day>\\d\\d) (?<month>[A-Z][a-z]{2}) (?<year>\\d{4}) ${TIME} GMT`,
  `${LONG_DAY}, (?<day>\\d\\d)-(?<month>[A-Z][a-z]{2})-(?<year>\\d\\d) ${TIME} GMT`,
  `${DAY} (?<month>[A-Z][a-z]{2}) (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})`,
].map((form) => new RegExp(`^${form}$`));

/**
 * Reads a date. Not by Date.parse, which takes the third form for local time, and other zones than UTC.
 *
 * @param now Milliseconds since the epoch: years of two digits are understood from there.
 * @returns Seconds since the epoch; undefined for anything else than a date, which is to be ignored.
 */
export function parseHttpDate(text: string, now: number = Date.now()): number | undefined {
  for (const form of FORMS) {
    const groups = form.exec(text)?.groups;
    if (groups === undefined) continue;
    const { day, hour, minute, second } = groups;
    const month = MONTHS.indexOf(groups["month"]!) / 3;
    const year = fullYear(groups["year"]!, now);
    const start = new Date(0);
    // Not Date.UTC, which takes the first hundred years for those of the last century.
    start.setUTCFullYear(year, month, Number(day));
    const isDay = start.getUTCMonth() === month && Number(day) > 0;
    // 60 is a leap second.
    if (!isDay || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
    return start.getTime() / 1000 + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  }
  return undefined;
}

/** A year of two digits that seems to be more than 50 years ahead is the last one that ended so. */
function fullYear(digits: string, now: number): number {
  if (digits.length === 4) return Number(digits);
  const present = new Date(now).getUTCFullYear();
  const year = present - present % 100 + Number(digits);
  return year > present + 50 ? year - 100 : year;
}
