/**
 * @peculiar/x509, a reader of certificates that was not written here.
 *
 * @module
 */

import "../../src/inspect/reflect_metadata.ts";

/** Imported when the polyfill stands: Bun evaluates CommonJS before the modules it is listed after. */
export const x509 = await import("@peculiar/x509");
