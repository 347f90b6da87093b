/**
 * The connections of a server of node:http, node:https or node:http2: who may come, and who has waited too long.
 *
 * node:https closes connections whose clients ask for nothing, node:http2 does not, whichever version of HTTP is spoken,
 * and neither closes one whose client does not read.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { NodeRequest, NodeResponse } from "./exchange.ts";
import type { Limits } from "./limits.ts";
import { NEVER_ANSWERED, Shares, type Sitter } from "./shares.ts";
import { Stalls } from "./stalls.ts";

/** Milliseconds between two looks, at most. */
const LOOK_MS = 5_000;

/** A TCP connection, or a session of HTTP/2. */
interface Connection extends EventEmitter {
  /** Of HTTP/1.1: plain octets or those of TLS; only whether it changes is asked. */
  readonly bytesRead?: number;
  destroy(): unknown;
}

/** Both ends of a TCP connection, as its socket and that of TLS above it know them. */
type Ends = Pick<Socket, "remoteAddress" | "remotePort" | "localAddress">;

class Client implements Sitter {
  /** Who is told to end: the highest layer that there is. */
  connection: Connection;
  isSecure: boolean;
  underway = 0;
  wasAnswered = false;
  /** When it came, was secured, or the last answer ended. */
  idleSince = performance.now();
  /** Of the connection at that time. */
  bytesRead = 0;
  /** When the first octets of the next request were noticed. */
  headSince: number | undefined;

  constructor(connection: Connection, isSecure: boolean) {
    this.connection = connection;
    this.isSecure = isSecure;
  }

  spare(): number {
    if (this.underway > 0) return -1;
    return performance.now() - this.idleSince + (this.wasAnswered ? 0 : NEVER_ANSWERED);
  }

  giveUp(): void {
    this.connection.destroy();
  }

  rests(): void {
    this.idleSince = performance.now();
    this.bytesRead = this.connection.bytesRead ?? 0;
    this.headSince = undefined;
  }
}

/** The connections of a server. */
export class Sweep {
  readonly #limits: Limits;
  readonly #isPlain: boolean;
  readonly #shares: Shares;
  readonly #requests: Shares;
  readonly #stalls: Stalls;
  readonly #clients = new Map<string, Client>();
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param isPlain There is no handshake to wait for. */
  constructor(limits: Limits, isPlain = false) {
    this.#limits = limits;
    this.#isPlain = isPlain;
    this.#shares = new Shares(limits.connections);
    this.#requests = new Shares(limits.requests);
    this.#stalls = new Stalls(limits.stallMs);
    const { handshakeMs, headMs, idleMs, stallMs } = limits;
    const lookMs = Math.min(LOOK_MS, ...[handshakeMs, headMs, idleMs, stallMs].map((ms) => ms / 2));
    this.#timer = setInterval(() => this.#look(performance.now()), lookMs);
  }

  /** A TCP connection has come. @returns Whether it may stay. */
  came(socket: Socket): boolean {
    const address = socket.remoteAddress ?? "";
    if (!this.#shares.makeRoom(address)) {
      socket.destroy();
      return false;
    }
    const client = new Client(socket, this.#isPlain);
    const place = this.#shares.take(address, client);
    const ends = endsOf(socket);
    this.#clients.set(ends, client);
    socket.once("close", () => {
      place.leave();
      if (this.#clients.get(ends) === client) this.#clients.delete(ends);
    });
    return true;
  }

  /** The handshake is done. @param connection What is above it: the socket of TLS, or a session of HTTP/2. */
  secured(socket: Ends, connection: Connection): void {
    const client = this.#clients.get(endsOf(socket));
    if (client === undefined) return;
    client.isSecure = true;
    client.connection = connection;
    client.rests();
  }

  /** A request has arrived. @returns Whether it may be answered: its client's share need not be used up. */
  answering(request: NodeRequest, response: NodeResponse): boolean {
    const client = this.#clients.get(endsOf(request.socket));
    if (client !== undefined) {
      client.underway++;
      response.once("close", () => {
        client.underway--;
        client.wasAnswered = true;
        client.rests();
      });
    }
    this.#stalls.answer(request, response);
    return this.#asks(request, response);
  }

  /** It speaks another protocol from now on, with rules of its own. @returns Whether it may. */
  upgrading(request: NodeRequest, socket: Connection): boolean {
    const client = this.#clients.get(endsOf(request.socket));
    if (client !== undefined) client.underway++;
    this.#stalls.socket(socket);
    return this.#asks(request, socket);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #asks(request: NodeRequest, answer: EventEmitter): boolean {
    const address = request.socket.remoteAddress ?? "";
    if (!this.#requests.makeRoom(address)) return false;
    const place = this.#requests.take(address);
    answer.once("close", () => place.leave());
    return true;
  }

  #look(now: number): void {
    this.#stalls.look(now);
    const { handshakeMs, idleMs, headMs } = this.#limits;
    for (const client of [...this.#clients.values()]) {
      if (client.underway > 0) continue;
      const { connection, isSecure, idleSince } = client;
      if (!isSecure) {
        if (now - idleSince > handshakeMs) connection.destroy();
        continue;
      }
      if (client.headSince === undefined && (connection.bytesRead ?? 0) !== client.bytesRead) {
        client.headSince = now;
      }
      const isIdle = now - idleSince > idleMs && client.headSince === undefined;
      const isSlow = client.headSince !== undefined && now - client.headSince > headMs;
      if (isIdle || isSlow) connection.destroy();
    }
  }
}

function endsOf({ remoteAddress, remotePort, localAddress }: Ends): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** The session of a request over HTTP/2, else its socket. */
export function connectionOf(request: NodeRequest): Connection {
  const { stream } = request as { stream?: { session?: Connection } };
  return stream?.session ?? request.socket;
}
