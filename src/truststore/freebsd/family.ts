/**
 * The system store of FreeBSD: always exactly one.
 *
 * @module
 */

import type { TrustStoreFamily } from "../store.ts";
import { createCertctlStore } from "./certctl_store.ts";

/** certctl is part of the base system (FreeBSD 12.2 and later). */
export const freebsdFamily: TrustStoreFamily = {
  kind: "system",
  discover: (context) => Promise.resolve([createCertctlStore(context)]),
};
