/**
 * Requests to the servers behind the proxy.
 *
 * @module
 */

import * as http from "node:http";
import * as https from "node:https";
import * as tls from "node:tls";
import { describeSystemError, systemCode } from "../../host/system_error.ts";
import type { KeyPair } from "../secure_server.ts";

/** How servers behind HTTPS are spoken to. */
export interface UpstreamOptions {
  /** PEM, besides the roots of this system: our own. */
  readonly roots: readonly string[];
  /** Takes any certificate. */
  readonly insecure: boolean;
  /** Shown to servers that ask for one. */
  readonly clientKeyPair?: KeyPair | undefined;
  /** Milliseconds until the head of an answer; 0 for as long as it takes. */
  readonly timeoutMs: number;
}

/** Makes requests, over connections that are kept. */
export interface Upstream {
  request(url: URL, options: http.RequestOptions): http.ClientRequest;
  close(): void;
}

/**
 * All connections have one trust in common. By itself an agent puts every root that is given into the name under which it
 * keeps a connection: 200 KB that are put together for each request.
 */
class CommonTrustAgent extends https.Agent {
  override getName(options: https.RequestOptions & { readonly servername?: string } = {}): string {
    return `${options.host}:${options.port}:${options.servername}`;
  }
}

/** Opens the agents. */
export function openUpstream(options: UpstreamOptions): Upstream {
  const plain = new http.Agent({ keepAlive: true });
  const secure = new CommonTrustAgent({ keepAlive: true });
  const trust: tls.ConnectionOptions = {
    ca: [...systemRoots(), ...options.roots],
    rejectUnauthorized: !options.insecure,
    ...options.clientKeyPair,
  };
  return {
    request(url, more) {
      const isSecure = url.protocol === "https:";
      const hostname = url.hostname.replace(/^\[|\]$/g, "");
      const isAddress = hostname.includes(":") || /^[\d.]+$/.test(hostname);
      const place = {
        hostname,
        port: url.port || (isSecure ? 443 : 80),
        agent: isSecure ? secure : plain,
        ...more,
      };
      if (!isSecure) return http.request(place);
      // RFC 6066, 3: names of servers, never addresses.
      return https.request({ ...place, ...trust, servername: isAddress ? "" : hostname });
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

/** The public roots, and those that were added to this system, where the runtime can tell. */
function systemRoots(): readonly string[] {
  const { getCACertificates } = tls as {
    getCACertificates?: (kind: "system") => readonly string[];
  };
  try {
    return [...tls.rootCertificates, ...getCACertificates?.("system") ?? []];
  } catch {
    return tls.rootCertificates;
  }
}

/** What a user is told of an upstream that cannot be reached. */
export function describeUpstreamError(error: unknown, url: URL): string {
  const code = systemCode(error) ?? "";
  if (code === "ECONNREFUSED") return `Nothing listens at ${url.origin}.`;
  if (code === "ECONNRESET" || code === "EPIPE") {
    return `${url.origin} closed the connection before it answered.`;
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)) {
    return `The certificate of ${url.origin} is not trusted (${code}).`;
  }
  return `${url.origin} cannot be reached: ${describeSystemError(error)}.`;
}
