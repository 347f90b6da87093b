/**
 * One file over plain HTTP, straight from the host that the URL names.
 *
 * On node:net, not fetch(): that obeys HTTP_PROXY, and what is asked for is on this network, where a proxy cannot reach
 * and has nothing to learn. Redirects are not followed. HTTP/1.0 (RFC 1945), since its answers are never chunked.
 *
 * @module
 */

import { type Bytes, concatBytes, toBytes } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import { describeSystemError } from "./system_error.ts";

/** What is fetched. */
export interface PlainRequest {
  readonly url: URL;
  /** Of the body. */
  readonly maxBytes: number;
  /** Milliseconds for all of it. */
  readonly timeoutMs: number;
}

/** A whole answer. */
export interface PlainAnswer {
  readonly status: number;
  readonly body: Bytes;
}

/** Octets of status line and fields. */
const MAX_HEAD = 16 << 10;

/** Fetches. Throws NETWORK, and FILE_TOO_LARGE where the body is longer than may be. */
export async function fetchPlain(request: PlainRequest): Promise<PlainAnswer> {
  const { url, maxBytes, timeoutMs } = request;
  const { connect } = await import("node:net");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? 80 : Number(url.port);
  return await new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    let size = 0;
    const socket = connect({ host, port }, () => {
      socket.write(
        `GET ${url.pathname}${url.search} HTTP/1.0\r\nHost: ${url.host}\r\nAccept: */*\r\n\r\n`,
      );
    });
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      settle();
      socket.destroy();
    };
    const fail = (error: unknown) => finish(() => reject(error));
    const timer = setTimeout(
      () => fail(failure(request, `no whole answer within ${timeoutMs / 1000} seconds`)),
      timeoutMs,
    );
    const take = (isEnd: boolean) => {
      try {
        const answer = parseAnswer(request, concatBytes(parts), isEnd);
        if (answer !== undefined) finish(() => resolve(answer));
      } catch (error) {
        fail(error);
      }
    };
    socket.on("data", (part: Uint8Array) => {
      parts.push(part);
      size += part.length;
      if (size > MAX_HEAD + maxBytes) fail(tooLarge(request));
      else take(false);
    });
    socket.on("end", () => take(true));
    socket.on("close", () => take(true));
    socket.on("error", (error) => fail(failure(request, describeSystemError(error), error)));
  });
}

function failure({ url }: PlainRequest, state: string, cause?: unknown): LocalTlsError {
  return new LocalTlsError("NETWORK", `Cannot fetch "${url.href}": ${state}`, { cause });
}

function tooLarge({ url, maxBytes }: PlainRequest): LocalTlsError {
  const message = `Cannot use "${url.href}": it is larger than ${maxBytes >> 10} KiB`;
  return new LocalTlsError("FILE_TOO_LARGE", message);
}

/**
 * Undefined where more has to come.
 *
 * @param isEnd Whether nothing more can come.
 */
function parseAnswer(
  request: PlainRequest,
  received: Bytes,
  isEnd: boolean,
): PlainAnswer | undefined {
  const text = new TextDecoder("latin1").decode(received.subarray(0, MAX_HEAD));
  const end = text.indexOf("\r\n\r\n");
  const isHttp = text.length < "HTTP/1.1 200".length || /^HTTP\/1\.[01] \d{3}\b/.test(text);
  if (!isHttp || (end < 0 && text.length >= MAX_HEAD)) {
    throw failure(request, "what answers is no HTTP server");
  }
  const fields = text.slice(0, Math.max(end, 0));
  if (/\r\ntransfer-encoding:/i.test(fields)) {
    throw failure(request, "the answer is in pieces, which was not asked for");
  }
  const digits = /\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*(?=\r\n|$)/i.exec(fields)?.[1];
  const body = received.subarray(end + 4);
  if (end >= 0 && Math.max(body.length, Number(digits ?? 0)) > request.maxBytes) {
    throw tooLarge(request);
  }
  // Without a length, the end of the connection is the end of the body (RFC 9112, 6.3).
  const isWhole = end >= 0 && (digits === undefined ? isEnd : body.length >= Number(digits));
  if (isWhole) {
    const whole = digits === undefined ? body : body.subarray(0, Number(digits));
    return { status: Number(text.slice(9, 12)), body: toBytes(whole) };
  }
  if (isEnd) throw failure(request, "the answer stops short");
  return undefined;
}
