/** The version of localtls; the build checks it against package.json and deno.json. */
export const VERSION = "0.1.0";

/**
 * A day on which this version was being written (UTC): no clock that is right says less. Not the time of the build, which
 * would make each build another program.
 */
export const WRITTEN_ON = "2026-11-01";
