/**
 * Connections with TLS and nothing above it, where the runtime has them without the layers of node:tls.
 *
 * The listener is one of plain TCP, and TLS begins on each connection by itself: so a connection is known, counted and
 * timed from its first packet on, and another certificate needs no other listener.
 *
 * @module
 */

import { CIPHER_LIST } from "../../recipes/tls_profile.ts";
import type { KeyPair } from "../secure_server.ts";
import type { Connection } from "./connection.ts";
import type { Peer } from "./peer.ts";

/** A listener for such connections. */
export interface BareListener {
  readonly port: number;
  /** Of the open socket, below 0 when it is none any more; what it is on Windows is no file. */
  readonly fd?: number;
  /** Takes no new connections; those that are there stay. */
  stop(): void;
}

/** A connection as Bun has it. */
interface BareSocket extends Peer {
  data: Connection | undefined;
  upgradeTLS(options: {
    readonly isServer: true;
    readonly tls: {
      readonly isServer: true;
      readonly cert: string;
      readonly key: string;
      readonly minVersion: number;
      readonly ciphers: string;
      readonly ALPNProtocols: Uint8Array;
    };
    readonly socket: SocketHandlers;
  }): readonly [raw: BareSocket, tls: BareSocket];
}

/** What is called for each connection. */
interface SocketHandlers {
  open?(socket: BareSocket): void;
  handshake?(socket: BareSocket, isDone: boolean): void;
  data?(socket: BareSocket, bytes: Uint8Array): void;
  drain(socket: BareSocket): void;
  end?(socket: BareSocket): void;
  close?(socket: BareSocket): void;
  error?(socket: BareSocket): void;
}

/** Bun.listen, as far as it is used here. */
type Listen = (options: {
  readonly hostname: string;
  readonly port: number;
  readonly exclusive: boolean;
  readonly allowHalfOpen: boolean;
  readonly socket: SocketHandlers;
}) => BareListener;

interface Runtime {
  readonly Bun?: { readonly listen?: Listen };
}

/** The number of TLS 1.2 on the wire. */
const TLS_1_2 = 0x0303;

/** RFC 7301: names with their lengths before them. */
const ALPN_HTTP_1_1 = new TextEncoder().encode("\x08http/1.1");

/** What a listener is for. */
export interface BareListenerOptions {
  readonly address: string;
  readonly port: number;
  /** Asked for each connection; undefined for plain TCP. */
  keyPair(): KeyPair | undefined;
  /** Whether one more may come from there. */
  admits(remoteAddress: string): boolean;
  connect(peer: Peer): Connection;
  disconnect(connection: Connection): void;
}

/** Opens a listener. Throws what the system says. */
export type OpenBareListener = (options: BareListenerOptions) => BareListener;

/** The function that opens such listeners; undefined where the runtime has none. */
export function bareTls(runtime: Runtime = globalThis as Runtime): OpenBareListener | undefined {
  const listen = runtime.Bun?.listen;
  if (listen === undefined) return undefined;
  return ({ address, port, keyPair, admits, connect, disconnect }) => {
    const handlers: SocketHandlers = {
      handshake(socket, isDone) {
        if (isDone) socket.data?.secured();
      },
      data(socket, bytes) {
        socket.data?.received(bytes);
      },
      drain(socket) {
        socket.data?.drained();
      },
      end(socket) {
        socket.data?.ended();
      },
      close(socket) {
        const connection = socket.data;
        if (connection === undefined) return;
        socket.data = undefined;
        connection.closed();
        disconnect(connection);
      },
      error(socket) {
        socket.data?.destroy();
      },
    };
    const open = (raw: BareSocket) => {
      if (!admits(raw.remoteAddress ?? "")) return raw.terminate();
      const pair = keyPair();
      if (pair === undefined) {
        raw.data = connect(raw);
        return raw.data.secured();
      }
      const [, socket] = raw.upgradeTLS({
        isServer: true,
        tls: {
          isServer: true,
          cert: pair.cert,
          key: pair.key,
          minVersion: TLS_1_2,
          ciphers: CIPHER_LIST,
          ALPNProtocols: ALPN_HTTP_1_1,
        },
        socket: handlers,
      });
      socket.data = connect(socket);
    };
    return listen({
      hostname: address,
      port,
      exclusive: true,
      // A client that has said all may still wait for the answer.
      allowHalfOpen: true,
      // With TLS, what comes is the TLS socket's: of the one below nothing is heard but its beginning.
      socket: keyPair() === undefined ? { ...handlers, open } : { open, drain() {} },
    });
  };
}
