/**
 * The trust stores of every Java on the machine.
 *
 * @module
 */

import type { TrustStoreFamily } from "../store.ts";
import { findJavaTrustFiles } from "./find_javas.ts";
import { createJavaStore } from "./java_store.ts";

/** One store per cacerts file; Javas that share one share the store. */
export const javaFamily: TrustStoreFamily = {
  kind: "java",
  async discover(context) {
    const files = await findJavaTrustFiles(context.host, context.user);
    return files.map((file) => createJavaStore(context, file));
  },
};
