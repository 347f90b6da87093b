/**
 * Which pages may open a WebSocket. CORS does not bind those: a browser opens them for every page, with the cookies of this
 * server, and leaves it to the server to look at the Origin (RFC 6455, 10.2).
 *
 * @module
 */

import type { AllowedOrigins } from "../cors.ts";
import { field, requestHost, type WebRequest } from "../exchange.ts";

/**
 * Whether the page is of this origin or of one that `--cors` names; clients that are no browsers say of none.
 *
 * Where every origin is allowed, the others' requests lose what the browser added to prove who the user is, as with CORS.
 */
export function admitsOrigin(request: WebRequest, allowed: AllowedOrigins | undefined): boolean {
  const origin = field(request.headers, "origin");
  if (origin === undefined || isOwn(origin, requestHost(request) ?? "")) return true;
  if (allowed === "*") {
    delete request.headers["cookie"];
    delete request.headers["authorization"];
    return true;
  }
  return allowed?.includes(origin) ?? false;
}

function isOwn(origin: string, host: string): boolean {
  try {
    return new URL(origin).origin === new URL(`https://${host}`).origin;
  } catch {
    return false; // "null": of a file, or of a frame in a sandbox
  }
}
