/**
 * HTTP/1.1 over TLS for handlers that read no bodies.
 *
 * @module
 */

import { Exchanges } from "../exchanges.ts";
import type { Handler } from "../exchange.ts";
import { LIMITS } from "../limits.ts";
import { type KeyPair, listenError, type SecureServer } from "../secure_server.ts";
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
  readonly keyPair: KeyPair;
  readonly handler: Handler;
}

/** Starts to listen; undefined where the runtime cannot. Throws NETWORK, also where only one of the addresses is taken. */
export function startHttp1Server(options: Http1ServerOptions): SecureServer | undefined {
  const open = bareTls();
  return open === undefined ? undefined : new Http1Server(options, open);
}

class Http1Server implements SecureServer {
  readonly port: number;
  readonly #options: Http1ServerOptions;
  readonly #open: OpenBareListener;
  readonly #exchanges: Exchanges<Parameters<Handler>[0], Parameters<Handler>[1]>;
  readonly #connections = new Set<Connection>();
  readonly #sweep: ReturnType<typeof setInterval>;
  #keyPair: KeyPair;
  #listeners: BareListener[] = [];

  constructor(options: Http1ServerOptions, open: OpenBareListener) {
    this.#options = options;
    this.#open = open;
    this.#exchanges = new Exchanges(options.handler);
    this.#keyPair = options.keyPair;
    this.port = this.#listen(options.port);
    this.#sweep = setInterval(() => this.#tick(), TICK_MS);
  }

  /** The new listeners take over the port; requests that are under way are finished. */
  replaceKeyPair(keyPair: KeyPair): Promise<void> {
    const before = this.#keyPair;
    this.#stop();
    this.#keyPair = keyPair;
    try {
      this.#listen(this.port);
    } catch (error) {
      this.#keyPair = before;
      this.#listen(this.port);
      return Promise.reject(error);
    }
    return Promise.resolve();
  }

  async close(graceMs: number): Promise<boolean> {
    this.#stop();
    const finished = await this.#exchanges.finish(graceMs);
    clearInterval(this.#sweep);
    for (const connection of [...this.#connections]) {
      if (finished) connection.leave();
      else connection.destroy();
    }
    return finished;
  }

  #stop(): void {
    for (const listener of this.#listeners) listener.stop();
    this.#listeners = [];
    for (const connection of this.#connections) connection.retire();
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

  #listenOn(address: string, port: number): BareListener {
    const listen = (where: string) =>
      this.#open(where, port, this.#keyPair, (peer) => this.#connect(peer), (connection) => {
        this.#connections.delete(connection);
      });
    try {
      return listen(address);
    } catch (error) {
      try {
        // A system without IPv6 has no "::".
        if (address === "::") return listen("0.0.0.0");
      } catch {
        // The first reason is told.
      }
      throw listenError(error, address, port);
    }
  }

  #connect(peer: Peer): Connection {
    const connection = new Connection(peer, this.#exchanges);
    if (this.#connections.size >= LIMITS.connections) connection.destroy();
    else this.#connections.add(connection);
    return connection;
  }

  #tick(): void {
    for (const connection of [...this.#connections]) connection.tick();
  }
}
