/**
 * Which hosts a server stands for. A page of somebody else's domain that is made to point at this machine (DNS rebinding) is of
 * one origin with whatever answers there: only the Host of its requests shows that another server was meant.
 *
 * @module
 */

import { type Handler, requestHost, type WebRequest, type WebResponse } from "./exchange.ts";
import { sendError } from "./page.ts";

/** Host and port of a Host field or :authority (RFC 9110, 7.2; RFC 3986, 3.2.2). */
const AUTHORITY = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9._-]{1,253}))(?::\d{0,5})?$/i;

/** Spellings that are remembered; nothing of a client is kept without end. */
const MAX_KNOWN = 64;

/** The hosts of a server. */
export interface OwnHosts {
  /** Names and addresses of the certificate that is used from now on; "*.x.test" stands for one label. */
  setNames(names: readonly string[]): void;
  /**
   * Whether the request is for one of them, or for the address at which it arrived. One without a Host (HTTP/1.0) comes from no
   * browser.
   */
  isMeant(request: WebRequest): boolean;
}

/** The hosts of a certificate, and localhost: that no name server can turn to another machine. */
export function ownHosts(certificateNames: readonly string[]): OwnHosts {
  const known = new Set<string>();
  let names = new Set<string>();
  const setNames = (next: readonly string[]) => {
    names = new Set(["localhost", ...next.map(canonicalHost)]);
    known.clear();
  };
  setNames(certificateNames);
  const isNamed = (host: string) =>
    names.has(host) || host.endsWith(".localhost") || names.has(host.replace(/^[^.]+/, "*"));
  return {
    setNames,
    isMeant(request) {
      const text = requestHost(request);
      if (text === undefined) {
        return request.httpVersionMajor === 1 && request.httpVersionMinor === 0;
      }
      if (known.has(text)) return true;
      const host = hostOf(text);
      if (host === undefined) return false;
      if (isNamed(host)) {
        if (known.size < MAX_KNOWN) known.add(text);
        return true;
      }
      const address = request.socket.localAddress?.replace(/^::ffff:/, "");
      return address !== undefined && host === canonicalHost(address);
    },
  };
}

/** For `--any-host`. */
export const ANY_HOST: OwnHosts = { setNames: () => {}, isMeant: () => true };

/** The host of an authority in one spelling, without its port; undefined for what is none. */
export function hostOf(authority: string): string | undefined {
  const match = AUTHORITY.exec(authority);
  const host = match?.[1] ?? match?.[2];
  return host === undefined ? undefined : canonicalHost(host);
}

/** Lower case, without the dot of the root; IPv6 as RFC 5952 writes it. */
function canonicalHost(host: string): string {
  if (!host.includes(":")) return host.toLowerCase().replace(/\.$/, "");
  try {
    return new URL(`http://[${host}]/`).hostname.slice(1, -1);
  } catch {
    return host;
  }
}

/** Answers with 421 what is meant for another server (RFC 9110, 15.5.20). */
export function guarded(handler: Handler, hosts: OwnHosts): Handler {
  return (request, response) =>
    hosts.isMeant(request) ? handler(request, response) : refuseHost(request, response);
}

/** The page for a host that is not this server's; it does not say which are. */
export function refuseHost(request: WebRequest, response: WebResponse): void {
  sendError(request, response, 421, foreignHost(request));
}

/** What somebody is told who asked for it; a sentence. */
export function foreignHost(request: WebRequest): string {
  const shown = (requestHost(request) ?? "").slice(0, 100);
  const name = hostOf(shown) ?? "NAME";
  return `This server does not stand for "${shown}". If it should, start it with --name ${name}, ` +
    "or with --any-host for every name.";
}
