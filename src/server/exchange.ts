/**
 * A request and its answer, whichever version of HTTP carries them.
 *
 * @module
 */

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** A request as far as answering from files, or with a text, needs it. */
export interface WebRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turns, as they were sent. */
  readonly rawHeaders: readonly string[];
  readonly httpVersionMajor: number;
  readonly httpVersionMinor: number;
  readonly socket: {
    readonly remoteAddress?: string | undefined;
    readonly localAddress?: string | undefined;
  };
}

/** An answer, as far as the same needs it. */
export interface WebResponse {
  statusCode: number;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly destroyed: boolean;
  /** Whether the memory of a chunk is free again when write() has returned true, or else at "drain". */
  readonly givesChunksBack?: boolean;
  writeHead(status: number, fields: Fields): unknown;
  /** @returns Whether more is welcome; if not, "drain" says when it is. */
  write(chunk: Uint8Array): boolean;
  end(chunk?: Uint8Array): unknown;
  destroy(): unknown;
  /** "close" comes once, at the end, however that came. */
  once(event: "close" | "drain", listener: () => void): unknown;
}

/** A request whose body can be read: node:http, and the compatibility API of node:http2. */
export type NodeRequest = IncomingMessage;

/** An answer that is a stream. */
export type NodeResponse = ServerResponse;

/** Answers a request. What it throws becomes a 500. */
export type Handler<Request = WebRequest, Response = WebResponse> = (
  request: Request,
  response: Response,
) => void | Promise<void>;

/** A handler that passes bodies on. */
export type StreamHandler = Handler<NodeRequest, NodeResponse>;

/** Header fields of an answer, by their names in lower case. */
export type Fields = Record<string, string | number | string[]>;

/** Methods that ask for a representation and change nothing (RFC 9110, 9.2.1). */
export function isRead(request: WebRequest): boolean {
  return request.method === "GET" || request.method === "HEAD";
}

/** A field of a request, where it came once; undefined where it is missing. */
export function field(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

/** Answers with a text in memory; HEAD gets its fields alone. */
export function send(
  request: WebRequest,
  response: WebResponse,
  status: number,
  fields: Fields,
  body: string | Uint8Array = "",
): void {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  // RFC 9110, 8.6: no Content-Length with 204.
  const length = status === 204 || status === 304 ? {} : { "content-length": bytes.length };
  response.writeHead(status, { ...fields, ...length });
  if (request.method === "HEAD" || bytes.length === 0) response.end();
  else response.end(bytes);
}

/**
 * Whether it came over HTTP/2. The version alone does not say: "GET / HTTP/2.0" is a line of HTTP/1.1 too.
 */
export function isHttp2(request: WebRequest): boolean {
  return (request as { stream?: unknown }).stream !== undefined;
}

/** RFC 9112, 3.2.2, of http and https. */
const ABSOLUTE_FORM = /^https?:\/\/([^/?#\\]*)((?:[/?].*)?)$/i;

/** The target of a request in origin form (RFC 9112, 3.2.1), also where it was sent in absolute form; over HTTP/2 as it came. */
export function originForm(request: WebRequest): string {
  const { url = "/" } = request;
  const rest = isHttp2(request) ? undefined : ABSOLUTE_FORM.exec(url)?.[2];
  if (rest === undefined) return url;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/**
 * The host of the request as the client sees it: HTTP/2 has it in a field of its own (RFC 9113, 8.3.1), and a target in
 * absolute form takes the place of Host (RFC 9112, 3.2.2).
 */
export function requestHost(request: WebRequest): string | undefined {
  const inTarget = isHttp2(request) ? undefined : ABSOLUTE_FORM.exec(request.url ?? "")?.[1];
  return inTarget ?? field(request.headers, ":authority") ?? field(request.headers, "host");
}

/**
 * Ends an answer in a way that cannot be taken for its end: over HTTP/2 the stream is reset with INTERNAL_ERROR
 * (RFC 9113, 7), over HTTP/1.1 the connection is closed in the middle.
 */
export function abort(response: WebResponse): void {
  const { stream } = response as { stream?: Duplex };
  if (stream === undefined) return void response.destroy();
  // Only an error makes it a reset; without one, the stream ends as if it were complete.
  stream.on("error", () => {});
  stream.destroy(new Error("The answer was cut short"));
}

/**
 * Whether it says just once for which host it is (RFC 9112, 3.2): of two, the next server may take the other. HTTP/2 has
 * :authority, and Host must agree with it (RFC 9113, 8.3.1).
 */
export function namesOneHost(request: WebRequest): boolean {
  const hosts: string[] = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]!.toLowerCase();
    if (name === "host" || name === ":authority") hosts.push(request.rawHeaders[i + 1] ?? "");
  }
  const limit = request.httpVersionMajor >= 2 ? 2 : 1;
  return hosts.length >= 1 && hosts.length <= limit && hosts.every((host) => host === hosts[0]);
}
