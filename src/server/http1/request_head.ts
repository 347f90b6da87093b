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

/** Fields of a head at most: more are no request, and sorting them costs. */
const MAX_FIELDS = 256;

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) ([\x21-\x7e]+) HTTP\/(\d)\.(\d)$/;

// Every line a name and a value: no folded line (5.2), no space before the colon (5.1), no CR or LF alone (2.2).
const FIELD_LINES = /^(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*)*$/;

/**
 * Reads a head.
 *
 * @param text From the request line to the last field, each octet one character, without the empty line.
 */
export function parseRequestHead(text: string): RequestHead | Refusal {
  const lineEnd = text.indexOf("\r\n");
  const line = REQUEST_LINE.exec(lineEnd < 0 ? text : text.slice(0, lineEnd));
  if (line === null) return 400;
  if (line[3] !== "1") return 505;
  const isOld = line[4] === "0";
  // Not Object.create(null), which engines make a slow table of from the start.
  const headers = { __proto__: null } as unknown as Record<string, string>;
  const rawHeaders: string[] = [];
  const refusal = lineEnd < 0 ? undefined : readFields(text.slice(lineEnd), headers, rawHeaders);
  if (refusal !== undefined) return refusal;
  if (headers["host"] === undefined ? !isOld : !isHost(headers["host"])) return 400;
  const hasBody = framing(headers, isOld);
  if (typeof hasBody === "number") return hasBody;
  return {
    method: line[1]!,
    target: line[2]!,
    headers,
    rawHeaders,
    hasBody,
    keepsAlive: keepsAlive(headers["connection"], isOld),
    isOld,
  };
}

/** @param lines Each with a line break before it. */
function readFields(
  lines: string,
  headers: Record<string, string>,
  rawHeaders: string[],
): Refusal | undefined {
  if (!FIELD_LINES.test(lines)) return 400;
  for (let start = 2; start < lines.length;) {
    const next = lines.indexOf("\r\n", start);
    const end = next < 0 ? lines.length : next;
    const colon = lines.indexOf(":", start);
    const rawName = lines.slice(start, colon);
    const value = withoutSpaces(lines, colon + 1, end);
    rawHeaders.push(rawName, value);
    const name = lowerCase(rawName);
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (isSingle(name)) return 400;
    else headers[name] = before + (name === "cookie" ? "; " : ", ") + value;
    start = end + 2;
  }
  return rawHeaders.length > MAX_FIELDS * 2 ? 431 : undefined;
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

/** A part of a text without the spaces and tabs around it. */
function withoutSpaces(text: string, start: number, end: number): string {
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** The same few names come always: each is made once, and found at once as a key. */
const lowerNames = new Map<string, string>();

function lowerCase(name: string): string {
  let lower = lowerNames.get(name);
  if (lower === undefined) {
    lower = name.toLowerCase();
    if (lowerNames.size < MAX_FIELDS && name.length <= 64) lowerNames.set(name, lower);
  }
  return lower;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
