/**
 * HTTPS on one port of several addresses: listening, changing the certificate while it runs, ending in order.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import { createServer as createHttp1 } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { SecureContextOptions, TlsOptions } from "node:tls";
import { LocalTlsError } from "../errors.ts";
import { systemCode } from "../host/system_error.ts";
import { CIPHER_SUITES } from "./cipher_suites.ts";
import type { Handler, WebRequest, WebResponse } from "./exchange.ts";
import { Exchanges } from "./exchanges.ts";

/** A certificate with its key, as PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What a server is made of. */
export interface SecureServerOptions {
  /** IP addresses; "::" stands for all of them, IPv4 too. */
  readonly addresses: readonly string[];
  /** TCP port; 0 for any. */
  readonly port: number;
  readonly keyPair: KeyPair;
  /** HTTP/2 as well (node:http2); without it HTTP/1.1 runs on the faster node:https. */
  readonly http2?: boolean | undefined;
  /** Asks clients for a certificate below one of these roots (PEM). Whether it is good is the handler's to judge. */
  readonly clientRoots?: string | undefined;
  /** Connections at once on each address; those above are closed. Without it, as many as the system allows. */
  readonly maxConnections?: number | undefined;
  readonly handler: Handler;
  /** A request to speak another protocol (RFC 9110, 7.8). */
  readonly onUpgrade?: (request: WebRequest, socket: Duplex, head: Uint8Array) => void;
}

/** A server that listens. */
export interface SecureServer {
  readonly port: number;
  /**
   * From now on new connections get this certificate; requests that are under way are finished. Over node:https
   * idle connections are closed, over node:http2 all of them stay.
   */
  replaceKeyPair(keyPair: KeyPair): Promise<void>;
  /**
   * Takes no new connections, waits for the requests that are under way, then closes what is left.
   * @returns Whether all of them could be finished.
   */
  close(graceMs: number): Promise<boolean>;
}

/** What node:https and node:http2 have in common. */
interface Listener extends EventEmitter {
  maxConnections?: number;
  listen(options: { host: string; port: number }, done: () => void): unknown;
  address(): { readonly port: number } | string | null;
  close(done?: () => void): unknown;
  closeIdleConnections?(): void;
  closeAllConnections?(): void;
  setSecureContext?(options: SecureContextOptions): void;
}

/** Milliseconds that a connection may stay idle. */
const KEEP_ALIVE_MS = 30_000;

/** Starts to listen. Throws NETWORK, also where only one of the addresses is taken. */
export async function startSecureServer(options: SecureServerOptions): Promise<SecureServer> {
  const exchanges = new Exchanges(options.handler);
  const listeners: Listener[] = [];
  let { port } = options;
  let { keyPair } = options;
  const open = async (address: string) => {
    const listener = await makeListener(options, keyPair, exchanges);
    await listen(listener, address, port);
    return listener;
  };
  try {
    for (const address of options.addresses) {
      listeners.push(await open(address).catch((error) => openFallback(address, open, error)));
      port = portOf(listeners[0]!) ?? port;
    }
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
  return {
    port,
    async replaceKeyPair(next) {
      keyPair = next;
      for (const [i, listener] of listeners.entries()) {
        if (options.http2) {
          listener.setSecureContext?.(contextOf(options, next));
          continue;
        }
        // Not every runtime lets node:https change it. A new listener takes over the port, and the
        // old one finishes its requests; in between is a moment that clients try again after.
        const address = options.addresses[i]!;
        listener.close();
        listener.closeIdleConnections?.();
        listeners[i] = await open(address).catch((error) => openFallback(address, open, error));
      }
    },
    async close(graceMs) {
      for (const listener of listeners) {
        listener.close();
        listener.closeIdleConnections?.();
      }
      const finished = await exchanges.finish(graceMs);
      for (const listener of listeners) listener.closeAllConnections?.();
      exchanges.destroyAll();
      return finished;
    },
  };
}

/** A system without IPv6 has no "::". */
async function openFallback(
  address: string,
  open: (address: string) => Promise<Listener>,
  error: unknown,
): Promise<Listener> {
  if (address !== "::") throw error;
  return await open("0.0.0.0").catch(() => {
    throw error;
  });
}

async function makeListener(
  options: SecureServerOptions,
  keyPair: KeyPair,
  exchanges: Exchanges,
): Promise<Listener> {
  const tls = contextOf(options, keyPair);
  const listener: Listener = options.http2
    ? (await import("node:http2")).createSecureServer({ ...tls, allowHTTP1: true })
    : createHttp1({ ...tls, keepAliveTimeout: KEEP_ALIVE_MS });
  if (options.maxConnections !== undefined) listener.maxConnections = options.maxConnections;
  listener.on("request", (request: WebRequest, response: WebResponse) => {
    exchanges.run(request, response);
  });
  if (options.onUpgrade !== undefined) {
    const { onUpgrade } = options;
    listener.on("upgrade", (request: WebRequest, socket: Duplex, head: Uint8Array) => {
      exchanges.addSocket(socket);
      onUpgrade(request, socket, head);
    });
  }
  listener.on("secureConnection", (socket: Socket) => exchanges.addSocket(socket));
  // RFC 9112, 2.2 and 11.2: what cannot be read for certain is answered and closed, never guessed at.
  listener.on("clientError", (_error: Error, socket: Duplex) => {
    if (!socket.writable) return void socket.destroy();
    socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    socket.destroy();
  });
  // Handshakes that fail and peers that vanish are everyday life.
  for (const event of ["tlsClientError", "sessionError", "error"]) listener.on(event, () => {});
  return listener;
}

function contextOf({ clientRoots }: SecureServerOptions, keyPair: KeyPair): TlsOptions {
  return {
    ...keyPair,
    minVersion: "TLSv1.2",
    ciphers: CIPHER_SUITES,
    ...(clientRoots === undefined
      ? {}
      : { ca: clientRoots, requestCert: true, rejectUnauthorized: false }),
  };
}

function listen(listener: Listener, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(listenError(error, address, port));
    listener.once("error", fail);
    listener.listen({ host: address, port }, () => {
      listener.removeListener("error", fail);
      resolve();
    });
  });
}

function portOf(listener: Listener): number | undefined {
  const address = listener.address();
  return typeof address === "object" && address !== null ? address.port : undefined;
}

/** The error for an address and port that cannot be had. */
export function listenError(error: unknown, address: string, port: number): LocalTlsError {
  const where = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  const code = systemCode(error);
  const [state, hint] = code === "EACCES" || code === "EPERM"
    ? ["ports below 1024 are for root", "--port 8443"]
    : code === "EADDRNOTAVAIL"
    ? ["this machine does not have the address", "ip address"]
    : ["another program listens there", `--port ${port === 65535 ? port - 1 : port + 1}`];
  return new LocalTlsError("NETWORK", `Cannot listen on "${where}": ${state}`, {
    hints: [hint],
    cause: error,
  });
}
