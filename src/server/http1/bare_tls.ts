/**
 * Connections with TLS and nothing above it, where the runtime has them without the layers of node:tls.
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
  /** Takes no new connections; those that are there stay. */
  stop(): void;
}

/** A connection as Bun has it. */
interface BareSocket extends Peer {
  data: Connection | undefined;
}

/** What is called for each connection. */
interface SocketHandlers {
  open(socket: BareSocket): void;
  data(socket: BareSocket, bytes: Uint8Array): void;
  drain(socket: BareSocket): void;
  end(socket: BareSocket): void;
  close(socket: BareSocket): void;
  error(socket: BareSocket): void;
}

/** Bun.listen, as far as it is used here. */
type Listen = (options: {
  readonly hostname: string;
  readonly port: number;
  readonly exclusive: boolean;
  readonly allowHalfOpen: boolean;
  readonly tls: {
    readonly cert: string;
    readonly key: string;
    readonly minVersion: number;
    readonly ciphers: string;
    readonly ALPNProtocols: Uint8Array;
  };
  readonly socket: SocketHandlers;
}) => BareListener;

interface Runtime {
  readonly Bun?: { readonly listen?: Listen };
}

/** The number of TLS 1.2 on the wire. */
const TLS_1_2 = 0x0303;

/** RFC 7301: names with their lengths before them. */
const ALPN_HTTP_1_1 = new TextEncoder().encode("\x08http/1.1");

/** Opens a listener. Throws what the system says. */
export type OpenBareListener = (
  address: string,
  port: number,
  keyPair: KeyPair,
  connect: (peer: Peer) => Connection,
  disconnect: (connection: Connection) => void,
) => BareListener;

/** The function that opens such listeners; undefined where the runtime has none. */
export function bareTls(runtime: Runtime = globalThis as Runtime): OpenBareListener | undefined {
  const listen = runtime.Bun?.listen;
  if (listen === undefined) return undefined;
  return (address, port, { cert, key }, connect, disconnect) =>
    listen({
      hostname: address,
      port,
      exclusive: true,
      // A client that has said all may still wait for the answer.
      allowHalfOpen: true,
      tls: { cert, key, minVersion: TLS_1_2, ciphers: CIPHER_LIST, ALPNProtocols: ALPN_HTTP_1_1 },
      socket: {
        open(socket) {
          socket.data = connect(socket);
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
      },
    });
}
