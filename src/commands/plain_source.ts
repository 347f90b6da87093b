/**
 * A root from a page of `share --serve`, over plain HTTP: nothing of it is believed before its fingerprint is compared.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";

/** A root is a kilobyte; a page that sends more is none of ours. */
const MAX_ROOT = 64 << 10;

/** Milliseconds for all of it. */
const FETCH_MS = 10_000;

/** The root of a page: /root.pem, unless the URL names a file. Throws USAGE, NETWORK, FILE_TOO_LARGE. */
export async function fetchPlainRoot(source: string): Promise<Bytes> {
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (url === undefined || url.username !== "" || url.search !== "") {
    throw new LocalTlsError("USAGE", `Cannot read the URL "${source}"`);
  }
  if (url.pathname === "/") url.pathname = "/root.pem";
  const fail = (state: string, cause?: unknown) =>
    new LocalTlsError("NETWORK", `Cannot fetch "${url.href}": ${state}`, { cause });
  try {
    const response = await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.timeout(FETCH_MS),
    });
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
      await response.body?.cancel();
      throw fail("it sends the request elsewhere");
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      throw fail(`the answer is ${response.status}`);
    }
    return await readLimited(response, url.href);
  } catch (error) {
    if (error instanceof LocalTlsError) throw error;
    throw fail("there is no answer", error);
  }
}

async function readLimited(response: Response, where: string): Promise<Bytes> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > MAX_ROOT) {
      const message = `Cannot use "${where}": it is larger than ${MAX_ROOT >> 10} KiB`;
      throw new LocalTlsError("FILE_TOO_LARGE", message);
    }
    parts.push(part);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
