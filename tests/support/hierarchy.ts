/**
 * CAs for tests of the state directory: real ones, not stand-ins.
 *
 * @module
 */

import { createHierarchy, type Hierarchy } from "../../src/pki/hierarchy.ts";

/** A new CA that may issue for localhost. */
export function makeHierarchy(now = new Date("2026-11-24T12:00:00Z")): Promise<Hierarchy> {
  return createHierarchy({
    description: "ann@laptop",
    permitted: { any: false, domains: ["localhost", "test"] },
    now,
  });
}

/** For `make` where nothing may be made. */
export function makeNothing(): Promise<Hierarchy> {
  throw new Error("a CA was about to be made");
}
