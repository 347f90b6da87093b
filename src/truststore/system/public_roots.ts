/**
 * The public roots of this machine as one file, which programs are pointed at that take one file of roots.
 *
 * @module
 */

import type { Host } from "../../host/host.ts";
import { countCertificates } from "../pem_search.ts";
import { readPemFile } from "./bundle.ts";
import { BARE_BUNDLES, LINUX_SYSTEMS } from "./systems.ts";

/** Other places, by their systems: FreeBSD's ca_root_nss, Homebrew on either processor, Termux. */
const OTHER_BUNDLES = [
  "/usr/local/etc/ssl/cert.pem",
  "/usr/local/share/certs/ca-root-nss.crt",
  "/opt/homebrew/etc/ca-certificates/cert.pem",
  "/data/data/com.termux/files/usr/etc/tls/cert.pem",
];

/** A bundle that stands on this machine. */
export interface SystemBundle {
  readonly path: string;
  readonly text: string;
}

/**
 * The first bundle that there is and that has certificates. One that cannot be read is passed over: what a user
 * cannot read, that user's programs cannot either.
 */
export async function findSystemBundle(host: Host): Promise<SystemBundle | undefined> {
  const places = [
    ...LINUX_SYSTEMS.flatMap(({ bundles }) => bundles),
    ...BARE_BUNDLES,
    ...OTHER_BUNDLES,
  ];
  for (const path of new Set(places)) {
    const text = await readPemFile(host, path).catch(() => undefined);
    if (text !== undefined && countCertificates(text) > 0) return { path, text };
  }
  return undefined;
}
