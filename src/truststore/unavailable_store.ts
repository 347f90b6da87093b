/**
 * A store that is known of and cannot be used: it stands in the table with its reason, and stops nobody.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { StoreKind, TrustStore } from "./store.ts";

/** A store whose every use throws STORE_UNAVAILABLE. */
export function createUnavailableStore(
  about: {
    readonly kind: StoreKind;
    readonly label: string;
    readonly path: string;
    /** Action first, then the state. */
    readonly message: string;
    readonly hints?: readonly string[];
  },
): TrustStore {
  const { kind, label, path, message, hints = [] } = about;
  const refuse = () => Promise.reject(new LocalTlsError("STORE_UNAVAILABLE", message, { hints }));
  return {
    kind,
    label,
    path,
    state: refuse,
    plan: () => Promise.resolve([]),
    add: refuse,
    remove: refuse,
  };
}
