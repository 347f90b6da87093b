/**
 * Closes connections whose clients ask for nothing. node:https does that by itself; node:http2 does not, whichever version
 * of HTTP is spoken.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type { NodeRequest, NodeResponse } from "./exchange.ts";
import type { Limits } from "./limits.ts";

/** Milliseconds between two looks, at most. */
const LOOK_MS = 5_000;

/** A TCP connection, or a session of HTTP/2. */
interface Connection extends EventEmitter {
  /** Of HTTP/1.1: plain octets or those of TLS; only whether it changes is asked. */
  readonly bytesRead?: number;
  destroy(): unknown;
}

interface Waiting {
  underway: number;
  /** When the last answer ended. */
  idleSince: number;
  /** Of the connection at that time. */
  bytesRead: number;
  /** When the first octets of the next request were noticed. */
  headSince: number | undefined;
}

/** The connections of a server. */
export class Sweep {
  readonly #limits: Limits;
  readonly #waiting = new Map<Connection, Waiting>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(limits: Limits) {
    this.#limits = limits;
    const lookMs = Math.min(LOOK_MS, limits.headMs / 2, limits.idleMs / 2);
    this.#timer = setInterval(() => this.#look(performance.now()), lookMs);
  }

  add(connection: Connection): void {
    const { bytesRead = 0 } = connection;
    const idleSince = performance.now();
    this.#waiting.set(connection, { underway: 0, idleSince, bytesRead, headSince: undefined });
    connection.once("close", () => this.#waiting.delete(connection));
  }

  /** It speaks another protocol from now on, with rules of its own. */
  remove(connection: object): void {
    this.#waiting.delete(connection as Connection);
  }

  /** A request has arrived. */
  answering(request: NodeRequest, response: NodeResponse): void {
    const connection = connectionOf(request);
    const waiting = this.#waiting.get(connection);
    if (waiting === undefined) return;
    waiting.underway++;
    response.once("close", () => {
      waiting.underway--;
      waiting.idleSince = performance.now();
      waiting.bytesRead = connection.bytesRead ?? 0;
      waiting.headSince = undefined;
    });
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(now: number): void {
    const { idleMs, headMs } = this.#limits;
    for (const [connection, waiting] of this.#waiting) {
      if (waiting.underway > 0) continue;
      if (waiting.headSince === undefined && (connection.bytesRead ?? 0) !== waiting.bytesRead) {
        waiting.headSince = now;
      }
      const isIdle = now - waiting.idleSince > idleMs && waiting.headSince === undefined;
      const isSlow = waiting.headSince !== undefined && now - waiting.headSince > headMs;
      if (isIdle || isSlow) connection.destroy();
    }
  }
}

/** The session of a request over HTTP/2, else its socket. */
export function connectionOf(request: NodeRequest): Connection {
  const { stream } = request as { stream?: { session?: Connection } };
  return stream?.session ?? request.socket;
}
