/**
 * Which requests are passed on: those that every server on the way reads alike, and one request as one. What a listener has let
 * through is judged again, by the fields as they were sent: what arrives at the target is written by this program.
 *
 * @module
 */

import { isHttp2, namesOneHost, requestHost, type WebRequest } from "../exchange.ts";
import { hostOf } from "../own_hosts.ts";

/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** RFC 9110, 5.5: no control characters but the tab. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** RFC 9113, 8.2.2: a message over HTTP/2 that has one of these is malformed. */
const OF_HTTP1 = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/** Digits enough for a petabyte, and few enough to be exact. */
const LENGTH = /^\d{1,15}$/;

/**
 * What is wrong with a request, as a whole sentence for its answer with status 400; undefined where nothing is.
 *
 * @param hasBody Whether octets of a body follow.
 */
export function faultOf(request: WebRequest, hasBody: boolean): string | undefined {
  const { method = "", httpVersionMajor, httpVersionMinor } = request;
  const overHttp2 = isHttp2(request);
  // "GET / HTTP/2.0" in the form of HTTP/1.1 would count as HTTP/2 wherever only its version is asked.
  if (!overHttp2 && (httpVersionMajor !== 1 || httpVersionMinor > 1)) {
    return "This version of HTTP is not spoken here.";
  }
  if (!TOKEN.test(method) || method === "CONNECT") return "This method cannot be passed on.";
  // RFC 9110, 9.3.8.
  if (method === "TRACE" && hasBody) return "TRACE has no body.";
  if (!namesOneHost(request) || hostOf(requestHost(request) ?? "") === undefined) {
    return "This address cannot be read.";
  }
  const isClear = overHttp2 ? hasClearHttp2Fields(request) : true;
  return isClear && hasClearFields(request) && hasClearLength(request)
    ? undefined
    : "The fields of this request cannot be read.";
}

/** Pseudo fields are the listener's to check; they are used as what they mean, and judged there. */
function hasClearFields({ rawHeaders }: WebRequest): boolean {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (!TOKEN.test(name.startsWith(":") ? name.slice(1) : name)) return false;
    if (!VALUE.test(rawHeaders[i + 1] ?? "")) return false;
  }
  return true;
}

function hasClearHttp2Fields(request: WebRequest): boolean {
  if (OF_HTTP1.some((name) => valuesOf(request, name).length > 0)) return false;
  return valuesOf(request, "te").every((value) => value.trim().toLowerCase() === "trailers");
}

/** RFC 9112, 6.1 to 6.3: one length, or chunks and nothing else. */
function hasClearLength(request: WebRequest): boolean {
  const lengths = valuesOf(request, "content-length");
  const codings = valuesOf(request, "transfer-encoding");
  if (codings.length > 0) {
    return lengths.length === 0 && codings.length === 1 && request.httpVersionMinor === 1 &&
      codings[0]!.trim().toLowerCase() === "chunked";
  }
  return lengths.length === 0 || lengths.length === 1 && LENGTH.test(lengths[0]!);
}

/**
 * What is wrong with a request for another protocol (RFC 9110, 7.8; RFC 6455, 4.1), as {@link faultOf}.
 *
 * One that announces a body is refused, and not freed of it: whether the octets behind its head are that body or already the
 * other protocol is what two servers would see differently, and no client needs it.
 */
export function upgradeFaultOf(request: WebRequest): string | undefined {
  const fault = faultOf(request, false);
  if (fault !== undefined) return fault;
  const isHttp11 = !isHttp2(request) && request.httpVersionMinor === 1;
  if (request.method !== "GET" || !isHttp11) return "Only GET changes to another protocol.";
  const lengths = valuesOf(request, "content-length");
  const hasBody = valuesOf(request, "transfer-encoding").length > 0 ||
    lengths.some((length) => !/^0+$/.test(length));
  return hasBody ? "A request for another protocol has no body." : undefined;
}

/** All values of a field, as they were sent. */
function valuesOf({ rawHeaders }: WebRequest, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() === name) values.push(rawHeaders[i + 1] ?? "");
  }
  return values;
}
