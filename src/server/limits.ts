/**
 * How long clients may leave a server waiting, and how much of it they may take.
 *
 * None of these ends what is being answered and read: downloads, server-sent events and WebSockets take as long as they take.
 *
 * @module
 */

import { readFileSync } from "node:fs";

/** Limits of a server; times in milliseconds. */
export interface Limits {
  /** For the TLS handshake, from the first packet of the connection. */
  readonly handshakeMs: number;
  /** For the head of a request, from its first octet. */
  readonly headMs: number;
  /** For the next octets of a body. */
  readonly bodyIdleMs: number;
  /** For a client to take the next octets of an answer that is held for it. */
  readonly stallMs: number;
  /** Between the end of an answer and the next request. */
  readonly idleMs: number;
  /** Octets in the head of a request. All ports of localhost share their cookies, so that 16 KiB are soon full. */
  readonly headOctets: number;
  /** Connections of a server, from the first packet on; shared by its clients (shares.ts): one address has half at most. */
  readonly connections: number;
  /**
   * Requests at once that `proxy` passes on or holds answers of; shared in the same way. Of each that nobody reads, up to
   * 700 KB are on their way between two servers.
   */
  readonly requests: number;
  /** Requests at once over one connection of HTTP/2 (RFC 9113, 5.1.2, asks for 100 at least). */
  readonly streams: number;
}

/** Those of `serve` and `proxy`. */
export const LIMITS: Limits = {
  handshakeMs: 10_000,
  headMs: 15_000,
  bodyIdleMs: 60_000,
  stallMs: 30_000,
  idleMs: 60_000,
  headOctets: 32_768,
  connections: 4_096,
  requests: 1_024,
  streams: 128,
};

/** Files that are open besides: what the runtime needs, logs, listeners, a certificate that is read again. */
const RESERVED_FILES = 64;

/**
 * The limits for a process that may have so many files open. A connection is a file, and what is answered over it may need
 * one more, the file or the connection to a target. Past the system's limit, nobody would be accepted any more, not even
 * to be refused, and the runtime would try again without a pause.
 *
 * @param openFiles Infinity where there is no limit.
 */
export function fitting(limits: Limits, openFiles: number = mostOpenFiles()): Limits {
  const half = Math.max(Math.floor((openFiles - RESERVED_FILES) / 2), 8);
  return {
    ...limits,
    connections: Math.min(limits.connections, half),
    requests: Math.min(limits.requests, half),
  };
}

/** How many files this process may have open; Infinity where the system does not say (proc_pid_limits(5) is Linux'). */
export function mostOpenFiles(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return soft === undefined ? Infinity : Number(soft);
  } catch {
    return Infinity;
  }
}
