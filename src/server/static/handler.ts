/**
 * Answers requests with the files of a directory.
 *
 * @module
 */

import {
  field,
  type Fields,
  isRead,
  send,
  type WebRequest,
  type WebResponse,
} from "../exchange.ts";
import { PAGE_FIELDS, sendError } from "../page.ts";
import { chooseRange, evaluate } from "./conditional.ts";
import { acceptedCodings } from "./encodings.ts";
import { sendFileBody } from "./file_body.ts";
import { FileStore, type Place, type ServedFile } from "./file_store.ts";
import { Listings } from "./listings.ts";
import { formatRequestPath, parseRequestPath, type RequestPath } from "./request_path.ts";
import type { OpenDirectory, ServedDirectory } from "./served_directory.ts";

/** How a directory is served. */
export interface StaticOptions {
  readonly directory: ServedDirectory;
  /** Names that are missing are answered with /index.html, for programs that route in the browser. */
  readonly spa?: boolean | undefined;
}

/** A directory that is served below a path of its own. */
export interface Mount {
  /** The request target below the path. */
  readonly target: string;
  /** The path, without a slash at its end. */
  readonly base: string;
}

/** For answers without fields of CORS: one object, so that it can be known again. */
export const NO_FIELDS: Fields = Object.freeze({});

const ALLOW = "GET, HEAD, OPTIONS";
const NOT_HERE = "There is nothing at this address.";

/** Answers a request. `extra` are fields that are added to every answer: those of CORS. */
export type DirectoryHandler = (
  request: WebRequest,
  response: WebResponse,
  extra: Fields,
  mount?: Mount,
) => Promise<void> | void;

/** The handler of a directory. */
export function serveDirectory(options: StaticOptions): DirectoryHandler {
  const store = new FileStore(options.directory);
  const site = { store, listings: new Listings(options.directory, store), spa: options.spa };
  return (request, response, extra, mount) => {
    const target = mount?.target ?? request.url ?? "/";
    if (isRead(request)) {
      const known = store.recall(keyOf(target, request));
      if (known !== undefined) return sendFile(request, response, known, extra);
    }
    return find(site, request, response, { base: "", ...mount, target }, extra);
  };
}

function keyOf(target: string, request: WebRequest): string {
  const codings = field(request.headers, "accept-encoding");
  return codings === undefined ? target : `${target}\n${codings}`;
}

/** What answers come from. */
interface Site {
  readonly store: FileStore;
  readonly listings: Listings;
  readonly spa: boolean | undefined;
}

async function find(
  { store, listings, spa }: Site,
  request: WebRequest,
  response: WebResponse,
  { target, base }: Mount,
  extra: Fields,
): Promise<void> {
  if (request.method === "OPTIONS") {
    return send(request, response, 204, { allow: ALLOW, ...extra });
  }
  if (!isRead(request)) {
    const explanation = `Files can be read here, and nothing else.`;
    return sendError(request, response, 405, explanation, { allow: ALLOW, ...extra });
  }
  const path = parseRequestPath(target);
  if (path === undefined) {
    return sendError(request, response, 400, "This address cannot be read.", extra);
  }
  const codings = acceptedCodings(field(request.headers, "accept-encoding"));
  const key = keyOf(target, request);
  let place = await store.find(path.names, codings, path.directory ? undefined : key);
  if (place.kind === "directory") {
    const directory = place;
    try {
      if (!path.directory) return redirectToDirectory(request, response, path, base, extra);
      const index = await store.find([...path.names, "index.html"], codings, key);
      if (index.kind === "file") place = index;
      else {
        if (index.kind === "directory") index.release();
        return await sendListing(listings, request, response, path, directory, extra);
      }
    } finally {
      directory.release();
    }
  } else if (place.kind === "file" && path.directory && path.names.length > 0) {
    place = { kind: "missing" };
  }
  // What is withheld is not replaced by a page: it is there, and nobody's business.
  if (place.kind === "missing" && spa && isNavigation(request, path)) {
    place = await store.find(["index.html"], codings);
    if (place.kind === "directory") place.release();
  }
  return answer(request, response, place, extra);
}

function answer(
  request: WebRequest,
  response: WebResponse,
  place: Place,
  extra: Fields,
): void {
  if (place.kind === "file") sendFile(request, response, place.file, extra);
  else sendError(request, response, 404, NOT_HERE, extra);
}

/** A page, not a picture or script that is missing: that should be seen. */
function isNavigation(request: WebRequest, { names }: RequestPath): boolean {
  return (names.at(-1) ?? "").includes(".") === false ||
    (field(request.headers, "accept") ?? "").includes("text/html");
}

function redirectToDirectory(
  request: WebRequest,
  response: WebResponse,
  { names, query }: RequestPath,
  base: string,
  extra: Fields,
): void {
  const location = base + formatRequestPath(names, true) + query;
  send(request, response, 301, { location, "cache-control": "no-cache", ...extra });
}

async function sendListing(
  listings: Listings,
  request: WebRequest,
  response: WebResponse,
  { names }: RequestPath,
  directory: OpenDirectory,
  extra: Fields,
): Promise<void> {
  try {
    const page = await listings.page(directory, names);
    send(request, response, 200, { ...PAGE_FIELDS, ...extra }, page);
  } catch {
    sendError(request, response, 403, "This directory cannot be read.", extra);
  }
}

const readyFields = new WeakMap<ServedFile, Fields>();

/** Whether neither a condition nor a range is asked for. */
function isPlain({ headers }: WebRequest): boolean {
  return headers["range"] === undefined && headers["if-none-match"] === undefined &&
    headers["if-modified-since"] === undefined && headers["if-match"] === undefined &&
    headers["if-unmodified-since"] === undefined;
}

function fileFields(file: ServedFile, extra: Fields): Fields {
  const fields: Fields = {
    "content-type": file.type,
    "last-modified": file.lastModified,
    etag: file.etag,
    "accept-ranges": "bytes",
    // Kept, and asked for again each time: what is being worked on is never stale.
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    ...extra,
  };
  if (file.coding !== undefined) fields["content-encoding"] = file.coding;
  if (file.varies) fields["vary"] = vary(extra);
  return fields;
}

function sendFile(
  request: WebRequest,
  response: WebResponse,
  file: ServedFile,
  extra: Fields,
): void {
  const { body } = file;
  if (body !== undefined && extra === NO_FIELDS && request.method === "GET" && isPlain(request)) {
    // What most requests are: the fields are made once for each file.
    let ready = readyFields.get(file);
    if (ready === undefined) {
      ready = Object.freeze({ ...fileFields(file, extra), "content-length": file.size });
      readyFields.set(file, ready);
    }
    response.writeHead(200, ready);
    response.end(body);
    return;
  }
  const fields = fileFields(file, extra);
  switch (evaluate(request, file)) {
    case "not modified":
      return send(request, response, 304, fields);
    case "failed":
      return sendError(request, response, 412, "The file has changed.", extra);
  }
  const range = chooseRange(request, file.size, file);
  if (range === "unsatisfiable") {
    const unsatisfied = { "content-range": `bytes */${file.size}`, ...extra };
    return sendError(request, response, 416, "The file is shorter than that.", unsatisfied);
  }
  const { start, end } = range ?? { start: 0, end: file.size - 1 };
  if (range !== undefined) fields["content-range"] = `bytes ${start}-${end}/${file.size}`;
  fields["content-length"] = end - start + 1;
  const status = range === undefined ? 200 : 206;
  if (request.method === "HEAD" || file.size === 0) {
    response.writeHead(status, fields);
    response.end();
    return;
  }
  if (file.body !== undefined) {
    response.writeHead(status, fields);
    response.end(range === undefined ? file.body : file.body.subarray(start, end + 1));
    return;
  }
  return sendStream(request, response, file, { status, fields, start, end });
}

function sendStream(
  request: WebRequest,
  response: WebResponse,
  file: ServedFile,
  { status, fields, start, end }: {
    readonly status: number;
    readonly fields: Fields;
    readonly start: number;
    readonly end: number;
  },
): void {
  if (response.destroyed) return;
  const descriptor = file.open();
  if (descriptor === undefined) return sendError(request, response, 404, NOT_HERE);
  response.writeHead(status, fields);
  sendFileBody(response, descriptor, start, end);
}

function vary(extra: Fields): string {
  return extra["vary"] === undefined ? "Accept-Encoding" : `Accept-Encoding, ${extra["vary"]}`;
}
