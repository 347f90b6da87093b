/**
 * Conditional requests (RFC 9110, 13) and ranges (14.2).
 *
 * @module
 */

import { parse } from "range-parser";
import { field, isRead, type WebRequest } from "../exchange.ts";
import { parseHttpDate } from "./http_date.ts";

/** What identifies a representation. */
export interface Validators {
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly modifiedMs: number;
}

/** Which answer the conditions of a request lead to. */
export type Condition = "go on" | "not modified" | "failed";

/** Evaluates the conditions in the order of RFC 9110, 13.2.2. */
export function evaluate(request: WebRequest, validators: Validators): Condition {
  const { headers } = request;
  const match = field(headers, "if-match");
  if (match !== undefined) {
    if (!matches(match, validators.etag, true)) return "failed";
  } else {
    const since = parseDate(field(headers, "if-unmodified-since"));
    if (since !== undefined && seconds(validators.modifiedMs) > since) return "failed";
  }
  const noneMatch = field(headers, "if-none-match");
  if (noneMatch !== undefined) {
    if (!matches(noneMatch, validators.etag, false)) return "go on";
    return isRead(request) ? "not modified" : "failed";
  }
  const since = parseDate(field(headers, "if-modified-since"));
  if (since === undefined || !isRead(request)) return "go on";
  return seconds(validators.modifiedMs) <= since ? "not modified" : "go on";
}

/** A part of a representation: first and last octet. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The part that is asked for. Several at once are answered with the whole, as RFC 9110, 14.2 allows: no browser asks for them,
 * and they are a way to make a server work for nothing.
 *
 * @returns undefined for all of it; "unsatisfiable" for a part that is not there (416).
 */
export function chooseRange(
  request: WebRequest,
  size: number,
  validators: Validators,
): ByteRange | undefined | "unsatisfiable" {
  const range = field(request.headers, "range");
  if (range === undefined || request.method !== "GET" || !appliesNow(request, validators)) {
    return undefined;
  }
  // An invalid one is ignored, and so is a unit that is not known (RFC 9110, 14.2).
  if (!/^bytes=[\d\s,-]+$/i.test(range) || range.length > 100) return undefined;
  const { code, ranges } = parse(size, range);
  const [only, ...more] = ranges;
  if (only !== undefined && more.length === 0 && code === 0) return only;
  return only === undefined && (code & 1) === 0 ? "unsatisfiable" : undefined;
}

/** If-Range (RFC 9110, 13.1.5): the rest of a file is worth something only to who has the beginning of this one. */
function appliesNow(request: WebRequest, { etag, modifiedMs }: Validators): boolean {
  const condition = field(request.headers, "if-range");
  if (condition === undefined) return true;
  if (condition.startsWith('"')) return condition === etag;
  return parseDate(condition) === seconds(modifiedMs);
}

function matches(list: string, etag: string, strong: boolean): boolean {
  if (list.trim() === "*") return true;
  const tags = list.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => tag === etag || (!strong && tag === `W/${etag}`));
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function parseDate(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseHttpDate(text);
}
