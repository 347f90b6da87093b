/**
 * How long clients may leave a server waiting, and how much of it they may take.
 *
 * None of these ends what is being answered: downloads, server-sent events and WebSockets take as long as they take.
 *
 * @module
 */

/** Limits of a server; times in milliseconds. */
export interface Limits {
  /** For the TLS handshake. */
  readonly handshakeMs: number;
  /** For the head of a request, from its first octet. */
  readonly headMs: number;
  /** For the next octets of a body. */
  readonly bodyIdleMs: number;
  /** Between the end of an answer and the next request. */
  readonly idleMs: number;
  /** Octets in the head of a request. All ports of localhost share their cookies, so that 16 KiB are soon full. */
  readonly headOctets: number;
  /** Connections on one address. */
  readonly connections: number;
  /** Requests at once over one connection of HTTP/2 (RFC 9113, 5.1.2, asks for 100 at least). */
  readonly streams: number;
}

/** Those of `serve` and `proxy`. */
export const LIMITS: Limits = {
  handshakeMs: 10_000,
  headMs: 15_000,
  bodyIdleMs: 60_000,
  idleMs: 60_000,
  headOctets: 32_768,
  connections: 4_096,
  streams: 128,
};
