/**
 * Passes requests on, and the answers back; both as they come, however long they are.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { hasBody } from "../body.ts";
import { type AllowedOrigins, corsFields, joinVary } from "../cors.ts";
import { noteForLog } from "../access_log.ts";
import { abort, type Fields, type NodeRequest, type NodeResponse } from "../exchange.ts";
import { LIMITS } from "../limits.ts";
import { sendError } from "../page.ts";
import { type FieldOptions, requestFields, responseFields } from "./fields.ts";
import { startPatience } from "./patience.ts";
import { type Route, upstreamPath } from "./routes.ts";
import { passUp } from "./upload.ts";
import { describeUpstreamError, explainUpstreamError, type Upstream } from "./upstream.ts";

/** What forwarding needs to know. */
export interface ForwardOptions {
  readonly upstream: Upstream;
  readonly host?: FieldOptions["host"] | undefined;
  readonly passCertificate: boolean;
  readonly cors?: AllowedOrigins | undefined;
  /** Until the head of an answer; 0 for as long as it takes. */
  readonly timeoutMs: number;
  /** For the next octets of a request. Default: {@link LIMITS}. */
  readonly bodyIdleMs?: number | undefined;
}

/** Where a request goes to. */
export interface Passage {
  readonly route: Route;
  /** In origin form. */
  readonly target: string;
  /** Of the upstream. */
  readonly url: URL;
}

/** Methods that may be sent twice (RFC 9110, 9.2.2). */
const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

/**
 * Passes one request on.
 *
 * @param agent false for a connection of its own in place of a kept one.
 */
export function forward(
  request: NodeRequest,
  response: NodeResponse,
  passage: Passage,
  options: ForwardOptions,
  agent?: false,
): void {
  const { route, target: asked, url } = passage;
  const { cors, timeoutMs } = options;
  const extra = cors === undefined ? {} : corsFields(request, cors);
  const fields = fieldsFor(request, url, options);
  // How the body ends is said anew: by the length where that is known, in chunks where it is not.
  const body = hasBody(request);
  if (!body) delete fields["content-length"];
  const outgoing = options.upstream.request(url, {
    method: request.method,
    path: upstreamPath(route, url, asked),
    ...(agent === false && { agent }),
    headers: body && fields["content-length"] === undefined
      ? { ...fields, "transfer-encoding": "chunked" }
      : fields,
  });
  let late: readonly [status: number, explanation: string] | undefined;
  const giveUp = (status: number, explanation: string) => {
    late = [status, explanation];
    outgoing.destroy(new Error(explanation));
  };
  const target = startPatience(
    timeoutMs,
    () => giveUp(504, `The target did not answer within ${timeoutMs / 1000} seconds.`),
  );
  const client = startPatience(
    options.bodyIdleMs ?? LIMITS.bodyIdleMs,
    () => giveUp(408, "The rest of the request is missing."),
  );
  const endWaiting = () => {
    target.end();
    client.end();
  };
  outgoing.on("response", (answer) => {
    endWaiting();
    passBack(request, response, answer, {
      ...responseFields(answer, request, { url, path: route.path, withCors: cors !== undefined }),
      ...extra,
      ...mergedVary(answer, extra),
    });
  });
  const fail = (status: number, explanation: string) => {
    endWaiting();
    if (response.headersSent) abort(response);
    else sendError(request, response, status, explanation, extra);
  };
  outgoing.on("upgrade", (_answer, upstream) => {
    upstream.destroy();
    fail(502, "The target changed to another protocol, which nobody had asked for.");
  });
  outgoing.on("error", (error) => {
    // RFC 9112, 9.3.1: a kept connection that the target was about to close says nothing about the target.
    const isStale = outgoing.reusedSocket && late === undefined && !response.headersSent;
    if (isStale && !body && !response.destroyed && IDEMPOTENT.includes(request.method ?? "")) {
      endWaiting();
      return forward(request, response, passage, options, false);
    }
    noteForLog(response, explainUpstreamError(error, url));
    fail(...late ?? [502, describeUpstreamError(error)]);
  });
  // Who asked has gone: nobody waits for the answer.
  response.on("close", () => {
    endWaiting();
    outgoing.destroy();
  });
  request.on("error", () => outgoing.destroy());
  if (body) return passUp(request, response, outgoing, { target, client });
  target.start();
  outgoing.end();
}

function passBack(
  request: NodeRequest,
  response: NodeResponse,
  answer: IncomingMessage,
  fields: Fields,
): void {
  response.writeHead(answer.statusCode ?? 502, fields);
  // Server-sent events: the head goes out now, not with the first event.
  response.flushHeaders?.();
  answer.on("error", () => abort(response));
  // A body that ends too soon must not look as if it were complete.
  answer.on("aborted", () => abort(response));
  if (request.method === "HEAD") {
    answer.resume();
    response.end();
  } else answer.pipe(response);
}

/** Passes a request for another protocol on (RFC 9110, 7.8), and then whatever both sides say. */
export function forwardUpgrade(
  request: NodeRequest,
  socket: Duplex,
  head: Uint8Array,
  { route, target, url }: Passage,
  options: ForwardOptions,
): void {
  const fields = fieldsFor(request, url, options);
  // A body is not announced, not even one of no octets: none is passed on.
  delete fields["content-length"];
  const outgoing = options.upstream.request(url, {
    method: "GET",
    path: upstreamPath(route, url, target),
    // Of its own, and never kept: what the target makes of an upgrade that it refuses is not known.
    agent: false,
    headers: { ...fields, connection: "Upgrade", upgrade: "websocket" },
  });
  const timer = options.timeoutMs === 0
    ? undefined
    : setTimeout(() => outgoing.destroy(new Error("No answer in time")), options.timeoutMs);
  outgoing.on("upgrade", (answer, upstream, first) => {
    clearTimeout(timer);
    if (String(answer.headers["upgrade"]).toLowerCase() !== "websocket") {
      upstream.destroy();
      return refuseUpgrade(
        socket,
        502,
        "The target changed to another protocol than was asked for.",
      );
    }
    const fields = responseFields(answer, request, { url, path: route.path, withCors: false });
    socket.write(headOf(101, { ...fields, connection: "Upgrade", upgrade: "websocket" }));
    if (first.length > 0) socket.write(first);
    if (head.length > 0) upstream.write(head);
    join(socket, upstream);
  });
  outgoing.on("response", (answer) => {
    clearTimeout(timer);
    // Refused: the reason is passed on, and its end is the end of the connection.
    const fields = responseFields(answer, request, { url, path: route.path, withCors: false });
    socket.write(headOf(answer.statusCode ?? 502, { ...fields, connection: "close" }));
    answer.on("error", () => socket.destroy());
    answer.on("end", () => outgoing.destroy());
    answer.pipe(socket);
  });
  outgoing.on("error", () => {
    clearTimeout(timer);
    refuseUpgrade(socket, 502);
  });
  socket.on("close", () => outgoing.destroy());
  outgoing.end();
}

/** Answers a request for another protocol that goes nowhere. @param explanation A sentence. */
export function refuseUpgrade(socket: Duplex, status: number, explanation = ""): void {
  if (!socket.writable) return;
  const body = explanation === "" ? "" : `${explanation}\n`;
  const fields = {
    connection: "close",
    "content-type": "text/plain; charset=utf-8",
    "content-length": new TextEncoder().encode(body).length,
  };
  socket.end(headOf(status, fields) + body);
}

function join(a: Duplex, b: Duplex): void {
  for (const [from, to] of [[a, b], [b, a]] as const) {
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
    from.pipe(to);
  }
}

function headOf(status: number, fields: Fields): string {
  const reason = status === 101 ? "Switching Protocols" : "Answer";
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}: ${one}`)
  );
  return [`HTTP/1.1 ${status} ${reason}`, ...lines, "", ""].join("\r\n");
}

function fieldsFor(
  request: NodeRequest,
  url: URL,
  { host, passCertificate }: ForwardOptions,
): Fields {
  // A server behind HTTPS is chosen, and its certificate checked, by its own name.
  const chosen = host ?? (url.protocol === "https:" ? "target" : "keep");
  return requestFields(request, url, { host: chosen, passCertificate });
}

function mergedVary(answer: IncomingMessage, extra: Fields): Fields {
  const vary = joinVary(answer.headers["vary"], extra["vary"]);
  return vary === "" ? {} : { vary };
}
