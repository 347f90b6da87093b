/**
 * The head of a request (RFC 9112, 2 to 6), read strictly: what can be understood in two ways is refused, never guessed at.
 *
 * @module
 */

import type { IncomingHttpHeaders } from "node:http";

/** What a head says. */
export interface RequestHead {
  readonly method: string;
  /** As it was sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  /** A body follows. */
  readonly hasBody: boolean;
  /** The connection is to go on after the answer (9.3). */
  readonly keepsAlive: boolean;
  /** HTTP/1.0: it has to be told that the connection goes on. */
  readonly isOld: boolean;
}

/** Why a head is refused: the status of the answer. */
export type Refusal = 400 | 431 | 501 | 505;

/** Octets of a head at most: all ports of localhost share their cookies, so that 16 KiB are soon full. */
export const MAX_HEAD = 32 * 1024;

/** Fields of a head at most: more are no request, and sorting them costs. */
const MAX_FIELDS = 256;

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) ([\x21-\x7e]+) HTTP\/(\d)\.(\d)$/;

const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;

/** Clients ask for the same in the same words again and again: heads of up to this length are read once. */
const MAX_KNOWN_LENGTH = 2048;
const MAX_KNOWN = 256;
const known = new Map<string, RequestHead>();

/**
 * Reads a head.
 *
 * @param text From the request line to the last field, each octet one character, without the empty line.
 */
export function parseRequestHead(text: string): RequestHead | Refusal {
  const before = known.get(text);
  if (before !== undefined) return before;
  const head = parse(text);
  if (typeof head === "number" || text.length > MAX_KNOWN_LENGTH) return head;
  if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value!);
  Object.freeze(head.headers);
  Object.freeze(head.rawHeaders);
  known.set(text, head);
  return head;
}

function parse(text: string): RequestHead | Refusal {
  const lines = text.split("\r\n");
  if (lines.length > MAX_FIELDS + 1) return 431;
  const line = REQUEST_LINE.exec(lines[0]!);
  if (line === null) return 400;
  const [, method, target, major, minor] = line as unknown as [
    string,
    string,
    string,
    string,
    string,
  ];
  if (major !== "1") return 505;
  const isOld = minor === "0";
  const headers: Record<string, string> = Object.create(null);
  const rawHeaders: string[] = [];
  for (let i = 1; i < lines.length; i++) {
    const field = FIELD.exec(lines[i]!);
    // Also a folded line (5.2) and a space before the colon (5.1).
    if (field === null) return 400;
    const value = withoutEnd(field[2]!);
    rawHeaders.push(field[1]!, value);
    const name = field[1]!.toLowerCase();
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (isSingle(name)) return 400;
    else headers[name] = before + (name === "cookie" ? "; " : ", ") + value;
  }
  if (headers["host"] === undefined ? !isOld : !isHost(headers["host"])) return 400;
  const hasBody = framing(headers, isOld);
  if (typeof hasBody === "number") return hasBody;
  return {
    method,
    target,
    headers,
    rawHeaders,
    hasBody,
    keepsAlive: keepsAlive(headers["connection"], isOld),
    isOld,
  };
}

/** RFC 9112, 6.1 to 6.3. */
function framing(headers: Readonly<Record<string, string>>, isOld: boolean): boolean | Refusal {
  const coding = headers["transfer-encoding"];
  const length = headers["content-length"];
  if (coding !== undefined) {
    if (isOld || length !== undefined) return 400;
    return coding.toLowerCase() === "chunked" ? true : 501;
  }
  if (length === undefined) return false;
  if (!/^\d{1,15}$/.test(length)) return 400;
  return Number(length) > 0;
}

function keepsAlive(connection: string | undefined, isOld: boolean): boolean {
  if (connection === undefined) return !isOld;
  const options = connection.toLowerCase().split(",").map((option) => option.trim());
  return !options.includes("close") && (!isOld || options.includes("keep-alive"));
}

/** Fields of which two are an attack or a mistake. */
function isSingle(name: string): boolean {
  return name === "host" || name === "content-length" || name === "transfer-encoding";
}

/** Whether it has the form of a host with a port, or is empty (3.2). */
function isHost(host: string): boolean {
  return /^(?:[\w.~!$&'()*+,;=%-]*|\[[\w:.%~-]+\])(?::\d*)?$/i.test(host);
}

/** Without the spaces and tabs at its end. */
function withoutEnd(value: string): string {
  let end = value.length;
  while (end > 0 && (value[end - 1] === " " || value[end - 1] === "\t")) end--;
  return end === value.length ? value : value.slice(0, end);
}
