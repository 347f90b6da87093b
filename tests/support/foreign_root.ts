/**
 * A root that has nothing to do with localtls.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { unconstrainedCa } from "./openssl.ts";

/** Makes one: PEM. */
export async function foreignRoot(): Promise<string> {
  return readFileSync((await unconstrainedCa("Somebody else")).cert, "utf8");
}
