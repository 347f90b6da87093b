/**
 * Reading what a server answers to a ClientHello, as far as it is in the clear: the whole first flight up to TLS 1.2
 * (RFC 5246, 7.4), ServerHello alone in TLS 1.3, alerts.
 *
 * The server may be anybody: every length is checked, what is kept is bounded, nothing is thrown.
 *
 * @module
 */

import { type Bytes, concatBytes, toBytes } from "../../bytes.ts";
import { VERSION } from "./offers.ts";

/** Record types: RFC 8446, 5.1. */
const ALERT = 21;
const HANDSHAKE = 22;

/** Handshake types: RFC 5246, 7.4. */
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const CERTIFICATE_REQUEST = 13;
const SERVER_HELLO_DONE = 14;

const SUPPORTED_VERSIONS = 43;
const KEY_SHARE = 51;

/** Octets. 2^14 and what encryption may add (RFC 5246, 6.2.3). */
export const MAX_RECORD = 16384 + 2048;
/** Octets of a flight that are read: a chain of a hundred large certificates. */
export const MAX_FLIGHT = 512 * 1024;
/** Certificates that are looked at. */
const MAX_CERTIFICATES = 100;

/** RFC 8446, 4.1.3: a ServerHello with this random is a HelloRetryRequest. */
const RETRY_RANDOM_START = 0xcf21ad74;

/** What a server answered, as far as it has been read. */
export interface ServerFlight {
  /** open: more is to come. done: all that is in the clear has been read. */
  readonly state: "open" | "done";
  /** The answer is not TLS: its first octets. */
  readonly foreign?: Bytes;
  /** A fatal alert's description (RFC 8446, 6). */
  readonly alert?: number;
  /** The version that the server chose. */
  readonly version?: number;
  readonly cipher?: number;
  /** DER, in the order in which they were sent; undefined where they are not in the clear. */
  readonly certificates?: readonly Bytes[];
  /** The server asks for a client certificate; undefined where that is not in the clear. */
  readonly asksForCertificate?: boolean;
}

/** Reads a flight piece by piece. */
export class FlightReader {
  #records: Bytes = new Uint8Array();
  #messages: Bytes = new Uint8Array();
  #received = 0;
  readonly #seen: Mutable<ServerFlight> = { state: "open" };

  /** What has been understood so far. */
  get flight(): ServerFlight {
    return this.#seen;
  }

  /** Takes what came next. @returns the flight so far; nothing changes any more once it is done. */
  push(chunk: Uint8Array): ServerFlight {
    if (this.#seen.state === "done") return this.#seen;
    this.#received += chunk.length;
    this.#records = concatBytes([this.#records, chunk]);
    this.#readRecords();
    if (this.#received >= MAX_FLIGHT) this.#seen.state = "done";
    return this.#seen;
  }

  #readRecords(): void {
    let at = 0;
    const isFirst = this.#received === this.#records.length;
    while (this.#seen.state === "open") {
      const header = this.#records.subarray(at, at + 5);
      const [type, major] = header;
      if (type === undefined) break;
      const known = (type === ALERT || type === HANDSHAKE) && (major ?? 3) === 3;
      const length = uint(header, 3, 2);
      if (!known || (header.length === 5 && length > MAX_RECORD)) {
        if (isFirst && at === 0) this.#seen.foreign = toBytes(this.#records.subarray(0, 64));
        this.#seen.state = "done";
        break;
      }
      if (header.length < 5 || at + 5 + length > this.#records.length) break;
      const content = this.#records.subarray(at + 5, at + 5 + length);
      at += 5 + length;
      if (type === HANDSHAKE) this.#readMessages(content);
      // Warnings (level 1) are passed over; unrecognized_name may be one (RFC 6066, 3).
      else if (content.length === 2 && content[0] === 2) {
        this.#seen.alert = content[1]!;
        this.#seen.state = "done";
      }
    }
    this.#records = this.#records.slice(at);
  }

  #readMessages(content: Uint8Array): void {
    const stream = concatBytes([this.#messages, content]);
    let at = 0;
    while (this.#seen.state === "open" && at + 4 <= stream.length) {
      const length = uint(stream, at + 1, 3);
      if (at + 4 + length > stream.length) break;
      readMessage(stream[at]!, stream.subarray(at + 4, at + 4 + length), this.#seen);
      at += 4 + length;
    }
    this.#messages = stream.slice(at);
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function readMessage(type: number, body: Uint8Array, seen: Mutable<ServerFlight>): void {
  switch (type) {
    case SERVER_HELLO:
      readServerHello(body, seen);
      // From TLS 1.3 on all that follows is encrypted.
      if (seen.version === undefined || seen.version >= VERSION.tls13) seen.state = "done";
      else seen.asksForCertificate = false;
      break;
    case CERTIFICATE:
      seen.certificates = readCertificateList(body, false);
      break;
    case CERTIFICATE_REQUEST:
      seen.asksForCertificate = true;
      break;
    case SERVER_HELLO_DONE:
      seen.state = "done";
  }
}

/** RFC 8446, 4.1.3. Leaves the version out where the message is cut off. */
function readServerHello(body: Uint8Array, seen: Mutable<ServerFlight>): void {
  const cipherAt = 35 + (body[34] ?? 0);
  if (cipherAt + 3 > body.length) return;
  seen.version = uint(body, 0, 2);
  seen.cipher = uint(body, cipherAt, 2);
  // A retry asks for another key share: TLS 1.3, whatever else it says.
  if (uint(body, 2, 4) === RETRY_RANDOM_START) seen.version = VERSION.tls13;
  const chosen = helloExtension(body, SUPPORTED_VERSIONS);
  if (chosen?.length === 2) seen.version = uint(chosen, 0, 2);
}

/** The server's share and its cipher suite; undefined for a retry, and before TLS 1.3. */
export function readKeyShare(
  body: Uint8Array,
): { readonly group: number; readonly cipher: number; readonly point: Bytes } | undefined {
  const share = helloExtension(body, KEY_SHARE);
  if (share === undefined || share.length < 5 || uint(body, 2, 4) === RETRY_RANDOM_START) {
    return undefined;
  }
  return {
    group: uint(share, 0, 2),
    cipher: uint(body, 35 + (body[34] ?? 0), 2),
    point: toBytes(share.subarray(4, 4 + uint(share, 2, 2))),
  };
}

function helloExtension(body: Uint8Array, wanted: number): Uint8Array | undefined {
  const start = 35 + (body[34] ?? 0) + 3;
  const end = Math.min(body.length, start + 2 + uint(body, start, 2));
  for (let at = start + 2; at + 4 <= end;) {
    const length = uint(body, at + 2, 2);
    if (uint(body, at, 2) === wanted && at + 4 + length <= end) {
      return body.subarray(at + 4, at + 4 + length);
    }
    at += 4 + length;
  }
  return undefined;
}

/**
 * The certificates of a list with its length in front (RFC 5246, 7.4.2). What is cut off is left out.
 * @param extended Extensions follow each (RFC 8446, 4.4.2).
 */
export function readCertificateList(list: Uint8Array, extended: boolean): Bytes[] {
  const certificates: Bytes[] = [];
  for (let at = 3; at + 3 <= list.length && certificates.length < MAX_CERTIFICATES;) {
    const length = uint(list, at, 3);
    if (at + 3 + length > list.length) break;
    certificates.push(toBytes(list.subarray(at + 3, at + 3 + length)));
    at += 3 + length;
    if (extended) at += 2 + uint(list, at, 2);
  }
  return certificates;
}

/** Big-endian; octets that are missing count as zero. */
export function uint(octets: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + (octets[at + i] ?? 0);
  return value;
}
