/**
 * What REDbot and the tables of Go's net/http hold against `localtls serve`. Reviewed by hand.
 *
 * @module
 */

import type { Deviations } from "../support/conformance.ts";

const LISTING = "made anew for each request: there is nothing to compare with. Not no-store, " +
  "which would keep browsers from going back to it at once";

/** Warnings, by resource and note. */
export const REDBOT_DEVIATIONS: Deviations = {
  "sub/ FRESHNESS_NO_CACHE_NO_VALIDATOR": LISTING,
  "sub FRESHNESS_NO_CACHE_NO_VALIDATOR": "a redirect is not remembered: the directory may go",
  "%zz STATUS_BAD_REQUEST": "it is a bad request",
};

const SEVERAL = "several ranges at once are answered with the whole (RFC 9110, 14.2): no browser " +
  "asks for them, and they let a client make a server work for nothing";
const HEAD = "RFC 9110, 14.2: a server MUST ignore Range in a request that is not GET; " +
  "Go answers HEAD as it answers GET";
const NO_DATE = "Go takes the first second of 1970 for no date; a file may be as old";

/** Cases of Go's tables, by their names. */
export const GO_DEVIATIONS: Deviations = {
  "bytes=0-0,-2": SEVERAL,
  "bytes=0-1,5-8": SEVERAL,
  "bytes=0-1,5-": SEVERAL,
  "range_good HEAD": HEAD,
  "range_match HEAD": HEAD,
  "range_no_overlap HEAD": HEAD,
  "range_with_modtime HEAD": HEAD,
  "range_with_modtime_nanos HEAD": HEAD,
  "unix_zero_modtime GET": NO_DATE,
  "unix_zero_modtime HEAD": NO_DATE,
};
