/**
 * A root from a page of `share --serve`, over plain HTTP: nothing of it is believed before its fingerprint is compared.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";

/** A root is a kilobyte; a page that sends more is none of ours. */
const MAX_ROOT = 64 << 10;

/** Milliseconds for all of it. */
const FETCH_MS = 10_000;

/** The root of a page: /root.pem, unless the URL names a file. Throws USAGE, NETWORK, FILE_TOO_LARGE. */
export async function fetchPlainRoot(host: Host, source: string): Promise<Bytes> {
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (url === undefined || url.username !== "" || url.search !== "") {
    throw new LocalTlsError("USAGE", `Cannot read the URL "${source}"`);
  }
  if (url.pathname === "/") url.pathname = "/root.pem";
  const { status, body } = await host.network.fetchPlain({
    url,
    maxBytes: MAX_ROOT,
    timeoutMs: FETCH_MS,
  });
  if (status === 200) return body;
  const state = status >= 300 && status < 400
    ? "it sends the request elsewhere"
    : `the answer is ${status}`;
  throw new LocalTlsError("NETWORK", `Cannot fetch "${url.href}": ${state}`);
}
