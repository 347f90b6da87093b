/**
 * `--cors`: from the command line to the origins that are meant.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { parseOrigin } from "../../recipes/http_addresses.ts";
import type { AllowedOrigins } from "../../server/cors.ts";

/** @param text Of the option: nothing or "*" for all, or origins with commas in between. Throws USAGE. */
export function parseAllowedOrigins(text: string | undefined): AllowedOrigins | undefined {
  if (text === undefined) return undefined;
  if (text === "" || text === "*") return "*";
  try {
    return text.split(",").map((origin) => parseOrigin(origin.trim()));
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    throw new LocalTlsError(error.code, error.message, {
      hints: [...error.hints, 'For the pages of every origin: --cors "*"'],
      cause: error,
    });
  }
}
