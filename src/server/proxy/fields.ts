/**
 * Which header fields pass a proxy, and which it adds (RFC 9110, 7.6; RFC 7239; RFC 9440).
 *
 * @module
 */

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { field, type Fields, type NodeRequest, requestHost } from "../exchange.ts";

/** Fields between two neighbours (RFC 9110, 7.6.1), and Expect, which this server has answered. */
const HOP_BY_HOP = new Set([
  "connection",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What only this proxy may say of a client. "Proxy" would choose the way of the target's own requests (httpoxy). */
const OWN =
  /^(?:forwarded|x-forwarded(?:-.*)?|x-real-ip|client-cert(?:-.*)?|x-client-cert(?:-.*)?|proxy)$/;

/**
 * Whether a field of a client would arrive as one that is this proxy's to set or to keep. CGI and its heirs make variables of
 * names (RFC 3875, 4.1.18): there "X_Forwarded_For", "X+Forwarded+For" and "X.Forwarded.For" are one.
 *
 * @param name In lower case.
 */
export function isReserved(name: string): boolean {
  const variable = name.replaceAll(/[^a-z0-9]/g, "-");
  if (OWN.test(variable)) return true;
  // By their own names these are dealt with one by one.
  return variable !== name &&
    (HOP_BY_HOP.has(variable) || variable === "content-length" || variable === "host");
}

/** How requests are passed on. */
export interface FieldOptions {
  /** The Host that the upstream gets: the client's, the upstream's own, or this one. */
  readonly host: "keep" | "target" | { readonly name: string };
  /** The client has shown a certificate that was verified. */
  readonly passCertificate: boolean;
}

/** The fields of a request to the upstream. */
export function requestFields(request: NodeRequest, url: URL, options: FieldOptions): Fields {
  const fields = passing(request.headers);
  for (const name of Object.keys(fields)) {
    if (isReserved(name)) delete fields[name];
  }
  const host = requestHost(request) ?? url.host;
  fields["host"] = options.host === "keep"
    ? host
    : options.host === "target"
    ? url.host
    : options.host.name;
  const address = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  fields["x-forwarded-for"] = address;
  fields["x-forwarded-proto"] = "https";
  fields["x-forwarded-host"] = host;
  fields["forwarded"] = [
    // RFC 7239, 6: an IPv6 address is in brackets, and what is no token in quotes.
    `for=${address.includes(":") ? `"[${address}]"` : address}`,
    `host="${host.replaceAll(/[^A-Za-z0-9._:[\]-]/g, "")}"`,
    "proto=https",
  ].join(";");
  if (options.passCertificate) Object.assign(fields, certificateFields(request));
  return fields;
}

/** The fields of an answer to the client. @param withCors Those of CORS are this proxy's to say. */
export function responseFields(
  answer: IncomingMessage,
  request: NodeRequest,
  place: { readonly url: URL; readonly path: string; readonly withCors: boolean },
): Fields {
  const fields = passing(answer.headers);
  if (place.withCors) {
    for (const name of Object.keys(fields)) {
      if (name.startsWith("access-control-")) delete fields[name];
    }
  }
  const { location } = fields;
  if (typeof location === "string") fields["location"] = ownLocation(location, place);
  // RFC 9110, 8.6: with 204 a length would promise what does not come.
  if (answer.statusCode === 204) delete fields["content-length"];
  // HTTP/2 refuses what both versions could mean in different ways.
  if (request.httpVersionMajor >= 2) delete fields["host"];
  return fields;
}

/** A redirect to the upstream itself would lead away from this server, and out of HTTPS. */
function ownLocation(
  location: string,
  { url, path }: { readonly url: URL; readonly path: string },
): string {
  let to: URL;
  try {
    to = new URL(location);
  } catch {
    return location; // relative: right as it is
  }
  if (to.origin !== url.origin) return location;
  const base = url.pathname.replace(/\/$/, "");
  if (base !== "" && !`${to.pathname}/`.startsWith(`${base}/`)) return location;
  const rest = to.pathname.slice(base.length);
  const prefix = base === "" || path === "/" ? "" : path;
  // Two slashes at the beginning would be another host.
  return `/${`${prefix}${rest}`.replace(/^\/+/, "")}${to.search}${to.hash}`;
}

function passing(headers: IncomingHttpHeaders): Fields {
  const named = new Set(
    (field(headers, "connection") ?? "").split(",").map((name) => name.trim().toLowerCase()),
  );
  const fields: Fields = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    // Who names Host or Content-Length there wants them gone on the way; they are no such fields.
    const isEndToEnd = name === "host" || name === "content-length" || !named.has(name);
    if (!HOP_BY_HOP.has(name) && isEndToEnd) fields[name] = value;
  }
  return fields;
}

/** RFC 9440: the certificate, as a byte sequence; and its subject for those who only want to know who it is. */
function certificateFields(request: NodeRequest): Fields {
  const certificate = (request.socket as TLSSocket).getPeerCertificate?.();
  if (certificate?.raw === undefined) return {};
  const subject = Object.entries(certificate.subject ?? {})
    .map(([name, value]) => `${name}=${[value].flat().join("+")}`).join(",");
  return {
    "client-cert": `:${certificate.raw.toString("base64")}:`,
    // Fields are Latin-1 at best: the rest is percent-encoded.
    "x-client-cert-subject": encodeURI(subject).replaceAll("%20", " ").slice(0, 1_000),
    "x-client-cert-fingerprint": certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
  };
}
