/**
 * What doctor is asked about: a URL.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";

/** A server, as its URL names it. */
export interface Target {
  readonly url: URL;
  /** A-labels, or an address without brackets. */
  readonly host: string;
  readonly isAddress: boolean;
  readonly port: number;
  readonly secure: boolean;
  /** The URL's origin: for commands and messages. */
  readonly origin: string;
}

/**
 * Reads a URL, or HOST:PORT as people write it; without a scheme https is meant.
 * Throws USAGE.
 */
export function parseTarget(text: string): Target {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined || url.hostname === "" || !/^https?:$/.test(url.protocol)) {
    throw new LocalTlsError("USAGE", `Cannot look at "${text}": it is no https:// or http:// URL`, {
      hints: ["localtls doctor https://172.16.99.32:1043"],
    });
  }
  if (url.username !== "" || url.password !== "") {
    throw new LocalTlsError("USAGE", "Cannot look at the URL: it has a user name in it");
  }
  const secure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    url,
    host,
    isAddress: host.includes(":") || /^\d+(?:\.\d+){3}$/.test(host),
    port: url.port === "" ? secure ? 443 : 80 : Number(url.port),
    secure,
    origin: url.origin,
  };
}
