/**
 * The trust stores of every Java on the machine.
 *
 * @module
 */

import type { TrustStoreFamily } from "../store.ts";
import { findJavaTrustFiles } from "./find_javas.ts";
import { createJavaStore } from "./java_store.ts";
import type { JavaPlaces } from "./places.ts";

/** One store per cacerts file; Javas that share one share the store. */
export function createJavaFamily(places: () => JavaPlaces): TrustStoreFamily {
  return {
    kind: "java",
    async discover(context) {
      const files = await findJavaTrustFiles(context.host, context.user, places());
      return files.map((file) => createJavaStore(context, file));
    },
  };
}
