/**
 * Origins and back ends, as the user writes them.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";

/**
 * Checks an origin as a browser sends it in the Origin header (RFC 6454, 7): scheme, host and port,
 * nothing else.
 *
 * @returns The origin in its canonical spelling.
 * Throws USAGE.
 */
export function parseOrigin(text: string): string {
  const url = parseHttpUrl(text, "an origin", "http://172.16.99.40:8000");
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw new LocalTlsError("USAGE", `Cannot use "${text}" as an origin: it has a path`, {
      hints: [`--cors ${url.origin}`],
    });
  }
  return url.origin;
}

/** Checks the address of a back end. Throws USAGE. */
export function parseUpstream(text: string): string {
  const url = parseHttpUrl(text, "a back end", "http://127.0.0.1:8080");
  if (url.search !== "" || url.hash !== "") {
    throw new LocalTlsError(
      "USAGE",
      `Cannot use "${text}" as a back end: it has a query or fragment`,
    );
  }
  return url.pathname === "/" && !text.endsWith("/") ? url.origin : url.href;
}

/** A back end for servers that take host and port alone. */
export interface UpstreamAddress {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * The address of a back end without a path and without TLS.
 * @param server For the message. Throws USAGE.
 */
export function plainUpstream(text: string, server: string): UpstreamAddress {
  const url = new URL(parseUpstream(text));
  const reason = url.protocol === "https:"
    ? "its lines take a back end without TLS"
    : url.pathname === "/"
    ? undefined
    : "it takes a back end without a path";
  if (reason !== undefined) {
    throw new LocalTlsError("USAGE", `Cannot use "${text}" with ${server}: ${reason}`, {
      hints: [`--upstream http://${url.host}`],
    });
  }
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 80) };
}

function parseHttpUrl(text: string, what: string, example: string): URL {
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  // Nothing that could end the quoted string or start a variable in the configuration.
  if (
    url === undefined || url.username !== "" || url.password !== "" || /["'$;{}\\\s]/.test(url.href)
  ) {
    throw new LocalTlsError("USAGE", `Cannot use "${text}" as ${what}: write it like ${example}`);
  }
  return url;
}
