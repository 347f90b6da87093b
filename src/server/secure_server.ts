/**
 * HTTPS on one port of several addresses: listening, changing the certificate while it runs, ending in order.
 *
 * @module
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import type { EventEmitter } from "node:events";
import { createServer as createHttp1 } from "node:https";
import type { Duplex } from "node:stream";
import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import { createSecureContext } from "node:tls";
import type { SecureContextOptions, TlsOptions, TLSSocket } from "node:tls";
import { LocalTlsError } from "../errors.ts";
import { describeSystemError, systemCode } from "../host/system_error.ts";
import { CIPHER_LIST } from "../recipes/tls_profile.ts";
import type { NodeRequest, NodeResponse, StreamHandler } from "./exchange.ts";
import { Exchanges } from "./exchanges.ts";
import { fitting, LIMITS, type Limits } from "./limits.ts";
import { sendError } from "./page.ts";
import { Sweep } from "./sweep.ts";

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
  readonly handler: StreamHandler;
  /** Default: {@link LIMITS}. */
  readonly limits?: Limits | undefined;
  /** A request to speak another protocol (RFC 9110, 7.8). */
  readonly onUpgrade?: (request: NodeRequest, socket: Duplex, head: Uint8Array) => void;
}

/** A server that listens. */
export interface SecureServer {
  readonly port: number;
  /** Whether it takes new connections. */
  readonly isListening: boolean;
  /** Listens on its port anew, where it does so no longer. Throws NETWORK. */
  listenAgain(): Promise<void>;
  /**
   * From now on new connections get this certificate. The listener stays the same, and so do all connections: a port that
   * is given up for a moment is another program's. Throws KEY_INVALID, and the one in use stays.
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
  listen(options: { host: string; port: number }, done: () => void): unknown;
  address(): { readonly port: number } | string | null;
  close(done?: () => void): unknown;
  maxConnections: number;
  closeIdleConnections?(): void;
  closeAllConnections?(): void;
  readonly listening: boolean;
  setSecureContext(options: SecureContextOptions): void;
}

/** Milliseconds of silence after which the system asks whether a client is still there. */
const PROBE_MS = 60_000;

/** Milliseconds between looks for clients that are late. */
const LOOK_MS = 5_000;

/** Listeners of one connection that speaks another protocol. */
const MOST_LISTENERS = 32;

/** What cannot be read for another reason than its form. */
const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** Starts to listen. Throws NETWORK, also where only one of the addresses is taken. */
export async function startSecureServer(options: SecureServerOptions): Promise<SecureServer> {
  const exchanges = new Exchanges(options.handler);
  const limits = fitting(options.limits ?? LIMITS);
  const sweep = new Sweep(limits);
  let listeners: Listener[] = [];
  let { port } = options;
  let { keyPair } = options;
  const open = async (address: string) => {
    const listener = await makeListener({ ...options, limits, keyPair }, exchanges, sweep);
    await listen(listener, address, port);
    return listener;
  };
  const openAll = async () => {
    const opened: Listener[] = [];
    try {
      for (const address of options.addresses) {
        opened.push(await open(address).catch((error) => openFallback(address, open, error)));
        port = portOf(opened[0]!) ?? port;
      }
    } catch (error) {
      for (const listener of opened) listener.close();
      throw error;
    }
    return opened;
  };
  try {
    listeners = await openAll();
  } catch (error) {
    sweep.stop();
    throw error;
  }
  return {
    port,
    get isListening() {
      return listeners.every(({ listening }) => listening);
    },
    async listenAgain() {
      for (const listener of listeners) listener.close();
      listeners = await openAll();
    },
    async replaceKeyPair(next) {
      checkPair(next);
      keyPair = next;
      for (const listener of listeners) listener.setSecureContext(contextOf(options, next));
      await Promise.resolve();
    },
    async close(graceMs) {
      for (const listener of listeners) {
        listener.close();
        listener.closeIdleConnections?.();
      }
      const finished = await exchanges.finish(graceMs);
      sweep.stop();
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
  options: SecureServerOptions & { readonly limits: Limits },
  exchanges: Exchanges<NodeRequest, NodeResponse>,
  sweep: Sweep,
): Promise<Listener> {
  const { limits } = options;
  const common = {
    ...contextOf(options, options.keyPair),
    handshakeTimeout: limits.handshakeMs,
    maxHeaderSize: limits.headOctets,
  };
  const listener = (options.http2
    ? (await import("node:http2")).createSecureServer({
      ...common,
      allowHTTP1: true,
      settings: { maxConcurrentStreams: limits.streams, maxHeaderListSize: limits.headOctets },
    })
    : createHttp1({
      ...common,
      headersTimeout: limits.headMs,
      requestTimeout: limits.bodyIdleMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: Math.min(LOOK_MS, limits.headMs / 2),
    })) as Listener;
  listener.maxConnections = limits.connections;
  listener.on("connection", (socket: Socket) => {
    socket.on("error", () => {});
    if (sweep.came(socket)) exchanges.addSocket(socket);
  });
  listener.on("session", (session: Http2Session) => sweep.secured(session.socket, session));
  listener.on("request", (request: NodeRequest, response: NodeResponse) => {
    if (sweep.answering(request, response)) exchanges.run(request, response);
    else refuseCrowd(request, response);
  });
  if (options.onUpgrade !== undefined) {
    const { onUpgrade } = options;
    listener.on("upgrade", (request: NodeRequest, socket: Duplex, head: Uint8Array) => {
      // Each of those that look after it listens for its end; by itself node warns of more than 10 as of a leak.
      (socket as Socket).setMaxListeners(MOST_LISTENERS);
      exchanges.addSocket(socket);
      if (sweep.upgrading(request, socket)) onUpgrade(request, socket, head);
      else socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n");
    });
  }
  listener.on("secureConnection", (socket: TLSSocket) => {
    exchanges.addSocket(socket);
    socket.setKeepAlive(true, PROBE_MS);
    if (socket.alpnProtocol !== "h2") sweep.secured(socket, socket);
  });
  // RFC 9112, 2.2 and 11.2: what cannot be read for certain is answered and closed, never guessed at.
  listener.on("clientError", (error: Error, socket: Duplex) => {
    if (!socket.writable) return void socket.destroy();
    const answer = CLIENT_ERRORS[systemCode(error) ?? ""] ?? "400 Bad Request";
    socket.end(`HTTP/1.1 ${answer}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    socket.destroy();
  });
  // Handshakes that fail and peers that vanish are everyday life.
  for (const event of ["tlsClientError", "sessionError", "error"]) listener.on(event, () => {});
  return listener;
}

/** Of one client, so many requests are under way that no more are passed on. */
function refuseCrowd(request: NodeRequest, response: NodeResponse): void {
  const fields = {
    "retry-after": "1",
    ...(request.httpVersionMajor < 2 && { connection: "close" }),
  };
  sendError(request, response, 503, "Too many requests of yours are under way.", fields);
}

function contextOf({ clientRoots }: SecureServerOptions, keyPair: KeyPair): TlsOptions {
  return {
    ...keyPair,
    minVersion: "TLSv1.2",
    ciphers: CIPHER_LIST,
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

/**
 * Throws KEY_INVALID for a pair that TLS does not take: it would end every connection, and be seen only there. That the key
 * is another's is not found by every runtime's createSecureContext().
 */
export function checkPair({ cert, key }: KeyPair): void {
  try {
    createSecureContext({ cert, key });
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return;
  } catch (error) {
    throw pairError(describeSystemError(error), error);
  }
  throw pairError("the key belongs to another one");
}

function pairError(state: string, cause?: unknown): LocalTlsError {
  return new LocalTlsError("KEY_INVALID", `Cannot use the certificate with its key: ${state}`, {
    cause,
  });
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
