/**
 * One HTTP/1.1 request and the head of its answer, over TLS (without judging the certificate) or in the clear. On
 * node:tls and node:net, loaded when they are needed.
 *
 * @module
 */

import type { Socket } from "node:net";
import { isAddress } from "./dial.ts";

/** What is asked. */
export interface HttpRequest {
  readonly url: URL;
  readonly method: "GET" | "HEAD" | "OPTIONS" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds for all of it. */
  readonly timeoutMs: number;
}

/** The head of an answer. */
export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names; the values of a header that came several times, one by one. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** The first octets of the body, as text. */
  readonly bodyStart: string;
}

/** Octets of an answer that are read. */
const MAX_ANSWER = 64 * 1024;

/**
 * Sends a request. Never rejects.
 * @returns undefined where no HTTP answer came.
 */
export async function askHttp(request: HttpRequest): Promise<HttpAnswer | undefined> {
  const { url, timeoutMs } = request;
  const text = writeRequest(request);
  const connect = await loadConnect(url);
  return await new Promise((resolve) => {
    let received = "";
    let socket: Socket | undefined;
    const finish = () => {
      clearTimeout(timer);
      socket?.destroy();
      resolve(parseAnswer(received));
    };
    const timer = setTimeout(finish, timeoutMs);
    const decoder = new TextDecoder("latin1");
    try {
      socket = connect(() => socket?.write(text));
    } catch {
      return finish();
    }
    socket.on("data", (chunk: Uint8Array) => {
      received += decoder.decode(chunk, { stream: true });
      if (received.length >= MAX_ANSWER || isComplete(received)) finish();
    });
    socket.on("error", finish);
    socket.on("end", finish);
    socket.on("close", finish);
  });
}

async function loadConnect(url: URL): Promise<(onConnect: () => void) => Socket> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const secure = url.protocol === "https:";
  const port = url.port === "" ? secure ? 443 : 80 : Number(url.port);
  if (!secure) {
    const { connect } = await import("node:net");
    return (onConnect) => connect({ host, port }, onConnect);
  }
  const { connect } = await import("node:tls");
  const servername = isAddress(host) ? {} : { servername: host };
  // Nothing secret is sent, and what comes back is shown, not believed.
  return (onConnect) =>
    connect({ host, port, rejectUnauthorized: false, ...servername }, onConnect);
}

function writeRequest({ url, method, headers }: HttpRequest): string {
  const lines = [
    `${method} ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "User-Agent: localtls-doctor",
    "Accept: */*",
    "Connection: close",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** The head, and a little of the body where one follows at once. */
function isComplete(received: string): boolean {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = received.slice(0, end).toLowerCase();
  const length = /\r\ncontent-length:\s*(\d+)/.exec(head)?.[1];
  const wanted = Math.min(length === undefined ? 1024 : Number(length), 1024);
  const isBodyless = /^http\/1\.\d (?:1\d\d|204|304)\b/.test(head);
  return isBodyless || received.length >= end + 4 + wanted;
}

/** Reads the head of an HTTP/1 answer (RFC 9112, 4 and 5); undefined for what is none. */
export function parseAnswer(received: string): HttpAnswer | undefined {
  const end = received.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = received.slice(0, end < 0 ? undefined : end).split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine)?.[1];
  if (status === undefined) return undefined;
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const known = headers.get(name.toLowerCase());
    if (known === undefined) headers.set(name.toLowerCase(), [value]);
    else known.push(value);
  }
  return {
    status: Number(status),
    headers,
    bodyStart: end < 0 ? "" : received.slice(end + 4, end + 1028),
  };
}
