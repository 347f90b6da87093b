/**
 * HTTP/1.1 over TLS, or over plain TCP, for handlers that read no bodies.
 *
 * @module
 */

import { fstatSync } from "node:fs";
import { operatingSystem } from "../../host/operating_system.ts";
import { Exchanges } from "../exchanges.ts";
import type { Handler } from "../exchange.ts";
import { fitting, LIMITS, type Limits } from "../limits.ts";
import { checkPair, type KeyPair, listenError, type SecureServer } from "../secure_server.ts";
import { type Place, Shares } from "../shares.ts";
import { type BareListener, bareTls, type OpenBareListener } from "./bare_tls.ts";
import { Connection } from "./connection.ts";
import type { Peer } from "./peer.ts";

/** Milliseconds between looks for connections that have waited too long. */
const TICK_MS = 1_000;

/** What a server is made of. */
export interface Http1ServerOptions {
  /** IP addresses; "::" stands for all of them, IPv4 too. */
  readonly addresses: readonly string[];
  /** TCP port; 0 for any. */
  readonly port: number;
  /** Without one it is plain HTTP. */
  readonly keyPair?: KeyPair | undefined;
  readonly handler: Handler;
  /** Default: {@link LIMITS}. Connections are bounded by what the system lets the process open as well. */
  readonly limits?: Limits | undefined;
}

/**
 * Starts to listen; undefined where the runtime cannot. Throws NETWORK, also where only one of the addresses is taken, and
 * KEY_INVALID for a pair that TLS does not take.
 */
export function startHttp1Server(options: Http1ServerOptions): SecureServer | undefined {
  const open = bareTls();
  return open === undefined ? undefined : new Http1Server(options, open);
}

class Http1Server implements SecureServer {
  readonly port: number;
  readonly #options: Http1ServerOptions;
  readonly #limits: Limits;
  readonly #open: OpenBareListener;
  readonly #exchanges: Exchanges<Parameters<Handler>[0], Parameters<Handler>[1]>;
  readonly #shares: Shares;
  readonly #connections = new Map<Connection, Place>();
  readonly #sweep: ReturnType<typeof setInterval>;
  readonly #run: Exchanges<Parameters<Handler>[0], Parameters<Handler>[1]>["run"];
  #keyPair: KeyPair | undefined;
  #listeners: BareListener[] = [];

  constructor(options: Http1ServerOptions, open: OpenBareListener) {
    this.#options = options;
    this.#open = open;
    this.#limits = fitting(options.limits ?? LIMITS);
    this.#shares = new Shares(this.#limits.connections);
    this.#exchanges = new Exchanges(options.handler);
    this.#run = (request, response) => this.#exchanges.run(request, response);
    if (options.keyPair !== undefined) checkPair(options.keyPair);
    this.#keyPair = options.keyPair;
    this.port = this.#listen(options.port);
    this.#sweep = setInterval(() => this.#tick(), TICK_MS);
  }

  get isListening(): boolean {
    return this.#listeners.length > 0 && this.#listeners.every(isOpen);
  }

  listenAgain(): Promise<void> {
    for (const listener of this.#listeners) listener.stop();
    this.#listeners = [];
    return new Promise((resolve) => resolve(void this.#listen(this.port)));
  }

  replaceKeyPair(keyPair: KeyPair): Promise<void> {
    return new Promise((resolve) => {
      checkPair(keyPair);
      this.#keyPair = keyPair;
      resolve();
    });
  }

  async close(graceMs: number): Promise<boolean> {
    for (const listener of this.#listeners) listener.stop();
    this.#listeners = [];
    for (const connection of [...this.#connections.keys()]) connection.retire();
    const finished = await this.#exchanges.finish(graceMs);
    clearInterval(this.#sweep);
    for (const connection of [...this.#connections.keys()]) {
      if (finished) connection.leave();
      else connection.destroy();
    }
    return finished;
  }

  #listen(port: number): number {
    try {
      for (const address of this.#options.addresses) {
        const listener = this.#listenOn(address, port);
        this.#listeners.push(listener);
        port = listener.port;
      }
      return port;
    } catch (error) {
      for (const listener of this.#listeners) listener.stop();
      this.#listeners = [];
      throw error;
    }
  }

  #listenOn(where: string, port: number): BareListener {
    const listen = (address: string) =>
      this.#open({
        address,
        port,
        keyPair: () => this.#keyPair,
        admits: (remoteAddress) => this.#shares.makeRoom(remoteAddress),
        connect: (peer) => this.#connect(peer),
        disconnect: (connection) => this.#disconnect(connection),
      });
    try {
      return listen(where);
    } catch (error) {
      try {
        // A system without IPv6 has no "::".
        if (where === "::") return listen("0.0.0.0");
      } catch {
        // The first reason is told.
      }
      throw listenError(error, where, port);
    }
  }

  #connect(peer: Peer): Connection {
    const connection = new Connection(peer, { run: this.#run, limits: this.#limits });
    this.#connections.set(connection, this.#shares.take(peer.remoteAddress ?? "", connection));
    return connection;
  }

  #disconnect(connection: Connection): void {
    this.#connections.get(connection)?.leave();
    this.#connections.delete(connection);
  }

  #tick(): void {
    for (const connection of [...this.#connections.keys()]) connection.tick();
  }
}

/** Whether the socket is still there: what closed it need not have been this program. */
function isOpen({ fd = 0 }: BareListener): boolean {
  if (operatingSystem() === "windows") return true;
  try {
    return fd >= 0 && fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
