/**
 * Plain HTTP for a fixed set of pages in memory: there is no path from a request to a file.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { hostOf } from "./own_hosts.ts";
import { sendPaced } from "./paced_body.ts";
import { listenError } from "./secure_server.ts";

/** A page or a download. */
export interface FixedPage {
  readonly type: string;
  /** Fixed, or made for one visitor. */
  readonly content: Uint8Array | string | ((request: PageRequest) => string);
  /** A file name, for what is saved and not shown. */
  readonly download?: string;
}

/** What a page may be made from. */
export interface PageRequest {
  /** Behind the "?"; "" without one. */
  readonly query: string;
  /** A header field by its lower-case name. */
  field(name: string): string | undefined;
}

/** A request, for the log. */
export interface Visit {
  readonly address: string;
  readonly path: string;
  readonly status: number;
  readonly request: PageRequest;
}

/** A site that listens. */
export interface FixedSite {
  readonly port: number;
  close(): Promise<void>;
}

/** What a site is made of. */
export interface FixedSiteOptions {
  /** An IP address of this machine. */
  readonly address: string;
  /** TCP port; 0 for any. */
  readonly port: number;
  /** By path, "/" the first. */
  readonly pages: ReadonlyMap<string, FixedPage>;
  /**
   * Whether the site may be asked for by this name. A page of the internet can have its own name lead here (DNS
   * rebinding) and would read what is here; so others than the site's own names are refused.
   *
   * @param host In one spelling: {@link hostOf}.
   */
  acceptsHost(host: string): boolean;
  onVisit(visit: Visit): void;
}

/** Milliseconds for a request to arrive whole: it has no body that anybody reads. */
const REQUEST_MS = 10_000;

/** Milliseconds in which a client has to take a slice of its download. */
const STALL_MS = 30_000;

/** Connections at once: a class of students, not the internet. */
export const MAX_CONNECTIONS = 256;

/** Sent with everything. Styles and scripts stand in the pages; nothing is loaded from elsewhere, only a test is fetched. */
const FIELDS = {
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; " +
    "script-src 'unsafe-inline'; img-src data:; connect-src https:; frame-ancestors 'none'; " +
    "base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  // Visitors fetch two or three files: a connection that is kept would only take another's place.
  "connection": "close",
} as const;

/** What is said in place of a page. */
const REFUSALS: Readonly<Record<number, string>> = {
  404: "There is no such page.\n",
  405: "Only GET and HEAD.\n",
  421: "Open this page by its address.\n",
};

/** Starts it. Throws NETWORK. */
export async function startFixedSite(options: FixedSiteOptions): Promise<FixedSite> {
  const { address, port } = options;
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (
    request,
    response,
  ) => answer(options, request, response));
  server.maxConnections = MAX_CONNECTIONS;
  server.on("clientError", (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, address, port)));
    server.listen({ host: address, port }, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(
  { pages, acceptsHost, onVisit }: FixedSiteOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
  const isRead = request.method === "GET" || request.method === "HEAD";
  const page = isRead ? pages.get(path) : undefined;
  const status = !isAskedByName(request, acceptsHost)
    ? 421
    : page !== undefined
    ? 200
    : isRead
    ? 404
    : 405;
  const shown = path.slice(0, 100);
  const asked = pageRequest(request, query);
  onVisit({ address: request.socket.remoteAddress ?? "?", path: shown, status, request: asked });
  const { type, content, download }: FixedPage = page !== undefined && status === 200
    ? page
    : { type: "text/plain; charset=utf-8", content: REFUSALS[status] ?? "" };
  const made = typeof content === "function" ? content(asked) : content;
  const body = typeof made === "string" ? new TextEncoder().encode(made) : made;
  response.writeHead(status, {
    ...FIELDS,
    "content-type": type,
    "content-length": body.length,
    ...(download === undefined
      ? {}
      : { "content-disposition": `attachment; filename="${download}"` }),
    ...(status === 405 ? { allow: "GET, HEAD" } : {}),
  });
  if (request.method === "HEAD") response.end();
  else void sendPaced(response, body, STALL_MS);
}

/** Clients of HTTP/1.0 need not say a name, and browsers always do. */
function isAskedByName(
  { headers: { host } }: IncomingMessage,
  acceptsHost: FixedSiteOptions["acceptsHost"],
): boolean {
  if (host === undefined) return true;
  const name = hostOf(host);
  return name !== undefined && acceptsHost(name);
}

function pageRequest({ headers }: IncomingMessage, query: string): PageRequest {
  return {
    query,
    field: (name) => {
      const value = headers[name];
      return typeof value === "string" ? value : undefined;
    },
  };
}
