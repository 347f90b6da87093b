/**
 * Requests to the servers behind the proxy.
 *
 * @module
 */

import type { Duplex } from "node:stream";
import * as http from "node:http";
import * as https from "node:https";
import * as tls from "node:tls";
import { describeSystemError, systemCode } from "../../host/system_error.ts";
import type { KeyPair } from "../secure_server.ts";
import { MAX_INTERIM, mayServeAgain } from "./pool_rules.ts";

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

/** Connections on which nothing was left open. */
const clean = new WeakSet<object>();

/** Keeps only connections that were found to be clean; the others are closed. */
class CleanAgent extends http.Agent {
  override keepSocketAlive(socket: Duplex): boolean {
    // Types differ about what it returns: false means no.
    return clean.delete(socket) && (super.keepSocketAlive(socket) as unknown) !== false;
  }
}

/**
 * All connections have one trust in common. By itself an agent puts every root that is given into the name under which it
 * keeps a connection: 200 KB that are put together for each request.
 */
class CommonTrustAgent extends https.Agent {
  override keepSocketAlive(socket: Duplex): boolean {
    return clean.delete(socket) && (super.keepSocketAlive(socket) as unknown) !== false;
  }

  override getName(options: https.RequestOptions & { readonly servername?: string } = {}): string {
    return `${options.host}:${options.port}:${options.servername}`;
  }
}

/** Opens the agents. */
export function openUpstream(options: UpstreamOptions): Upstream {
  const plain = new CleanAgent({ keepAlive: true });
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
      // RFC 6066, 3: names of servers, never addresses.
      const outgoing = isSecure
        ? https.request({ ...place, ...trust, servername: isAddress ? "" : hostname })
        : http.request(place);
      judge(outgoing);
      return outgoing;
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

/** Looks whether the connection may serve another client afterwards, and ends what never comes to an answer. */
function judge(outgoing: http.ClientRequest): void {
  const asksForProtocol = outgoing.hasHeader("upgrade");
  let interim = 0;
  outgoing.on("information", () => {
    if (++interim > MAX_INTERIM) {
      outgoing.destroy(new Error("It sends interim answers without end"));
    }
  });
  outgoing.on("response", ({ socket, httpVersion }) => {
    const isWhole = outgoing.writableFinished;
    if (mayServeAgain({ asksForProtocol, isWhole, httpVersion })) clean.add(socket);
  });
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

/** What clients are told of a target that cannot be reached: not which it is. A sentence. */
export function describeUpstreamError(error: unknown): string {
  const code = systemCode(error) ?? "";
  if (code === "ECONNREFUSED") return "Nothing listens at the target.";
  if (code === "ECONNRESET" || code === "EPIPE") {
    return "The target closed the connection before it answered.";
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)) {
    return "The certificate of the target is not trusted.";
  }
  return "The target cannot be reached, or its answer cannot be read.";
}

/** The same for the log, with the target and what the system says. */
export function explainUpstreamError(error: unknown, { origin }: URL): string {
  const code = systemCode(error);
  return `${origin}: ${describeSystemError(error)}${code === undefined ? "" : ` (${code})`}`;
}
