/**
 * Cross-origin requests (Fetch, 3.2): which pages of other origins may read the answers.
 *
 * @module
 */

import { field, type Fields, send, type WebRequest, type WebResponse } from "./exchange.ts";

/** Who may: every page, or those of these origins. */
export type AllowedOrigins = "*" | readonly string[];

const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** Seconds that a browser may remember a permission: short, since the server is being worked on. */
const MAX_AGE_S = 600;

/**
 * The fields for one answer. Named origins may send cookies and read them back; with "*" a browser forbids that
 * itself, so that no page of the internet reads what a cookie of this server opens.
 */
export function corsFields(request: WebRequest, allowed: AllowedOrigins): Fields {
  if (allowed === "*") {
    return { "access-control-allow-origin": "*", "access-control-expose-headers": "*" };
  }
  const origin = field(request.headers, "origin");
  if (origin === undefined || !allowed.includes(origin)) return { vary: "Origin" };
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
    vary: "Origin",
  };
}

/** Whether it only asks for permission (Fetch, 4.8). */
export function isPreflight(request: WebRequest): boolean {
  return request.method === "OPTIONS" && request.headers["origin"] !== undefined &&
    request.headers["access-control-request-method"] !== undefined;
}

/** Answers a preflight; the browser draws the conclusions for an origin that is not allowed. */
export function answerPreflight(
  request: WebRequest,
  response: WebResponse,
  allowed: AllowedOrigins,
): void {
  const fields = corsFields(request, allowed);
  if (fields["access-control-allow-origin"] !== undefined) {
    fields["access-control-allow-methods"] = METHODS;
    fields["access-control-max-age"] = MAX_AGE_S;
    const asked = field(request.headers, "access-control-request-headers");
    if (asked !== undefined) fields["access-control-allow-headers"] = asked;
    // Private Network Access: a page of a public address that calls one in this network asks for more.
    if (request.headers["access-control-request-private-network"] === "true") {
      fields["access-control-allow-private-network"] = "true";
    }
  }
  fields["vary"] = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
  send(request, response, 204, fields);
}

/** Joins the Vary fields of two parts of an answer (RFC 9110, 12.5.5). */
export function joinVary(a: unknown, b: unknown): string {
  const names = [a, b].flatMap((value) => String(value ?? "").split(","))
    .map((name) => name.trim()).filter((name) => name !== "");
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()].join(", ");
}
