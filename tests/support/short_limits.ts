/**
 * The servers in this process, with limits that a test can wait for, in front of whatever a request asks for: "/" answers at
 * once, "/slow" after longer than any limit, "/drops" in drops that take as long, "/endless" with more than anybody holds, "/count" when it has the whole body.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Duplex } from "node:stream";
import type { WebRequest, WebResponse } from "../../src/server/exchange.ts";
import { startHttp1Server } from "../../src/server/http1/http1_server.ts";
import type { Limits } from "../../src/server/limits.ts";
import { makeProxyHandler } from "../../src/server/proxy/handler.ts";
import { parseRoute } from "../../src/server/proxy/routes.ts";
import { openUpstream } from "../../src/server/proxy/upstream.ts";
import { startSecureServer } from "../../src/server/secure_server.ts";
import { makeIdentity } from "./identity.ts";

/** Milliseconds, octets and connections. */
export const SHORT: Limits = {
  handshakeMs: 1_000,
  headMs: 1_000,
  bodyIdleMs: 1_500,
  idleMs: 1_000,
  headOctets: 8_192,
  stallMs: 1_500,
  connections: 24,
  requests: 24,
  streams: 10,
};

/** Longer than any of them. */
const LONG_MS = 3_000;

/** More than fits into the buffers of two systems. */
export const ENDLESS_OCTETS = 200_000_000;

/** A server that listens. */
export interface LimitedServer {
  readonly port: number;
  /** Behind `proxy`. */
  readonly target?: { readonly port: number; connections(): number };
  close(): Promise<void>;
}

/** `serve` (HTTP/1.1) or `proxy` (node:http2, both versions). */
export async function startLimited(
  kind: "serve" | "proxy",
  directory: string,
): Promise<LimitedServer> {
  const { keyFile, leafFile } = await makeIdentity(directory, "p256");
  const keyPair = { cert: readFileSync(leafFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  const common = { addresses: ["127.0.0.1"], port: 0, keyPair, limits: SHORT };
  if (kind === "serve") {
    const site = {
      ...common,
      handler: (request: WebRequest, response: WebResponse) => answer(request.url ?? "/", response),
    };
    const server = startHttp1Server(site) ?? await startSecureServer(site);
    return { port: server.port, close: async () => void await server.close(0) };
  }
  const target = createServer((request, response) => {
    if (request.url !== "/count") return answer(request.url ?? "/", response);
    let count = 0;
    request.on("data", (octets) => count += octets.length);
    request.on("end", () => response.end(`${count}`));
    request.on("error", () => {});
  });
  const connections = new Set<Duplex>();
  target.on("connection", (socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
  });
  target.on("upgrade", (request, socket) => {
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    socket.on("error", () => {});
    if (request.url === "/endless") return pour(socket);
    setTimeout(() => socket.end("late"), LONG_MS);
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const upstream = openUpstream({ roots: [], insecure: false, timeoutMs: 0 });
  const { port } = target.address() as { port: number };
  const server = await startSecureServer({
    ...common,
    http2: true,
    ...await makeProxyHandler({
      routes: [parseRoute(`/=${port}`)],
      upstream,
      passCertificate: false,
      timeoutMs: 0,
      bodyIdleMs: SHORT.bodyIdleMs,
    }),
  });
  return {
    port: server.port,
    target: { port, connections: () => connections.size },
    async close() {
      await server.close(0);
      upstream.close();
      target.close();
      target.closeAllConnections();
    },
  };
}

function answer(path: string, response: WebResponse): void {
  const bytes = (text: string) => new TextEncoder().encode(text);
  if (path === "/slow") {
    setTimeout(() => {
      response.writeHead(200, { "content-length": 4 });
      response.end(bytes("late"));
    }, LONG_MS);
  } else if (path === "/drops") {
    response.writeHead(200, { "content-type": "text/event-stream", "content-length": 9 });
    response.write(bytes("drop "));
    setTimeout(() => response.end(bytes("late")), LONG_MS);
  } else if (path === "/endless") {
    response.writeHead(200, { "content-length": ENDLESS_OCTETS });
    pour(response);
  } else {
    response.writeHead(200, { "content-length": 7 });
    response.end(bytes("at once"));
  }
}

/** Writes as much as is taken. */
function pour(to: Pick<WebResponse, "write" | "destroyed" | "once">): void {
  const chunk = new Uint8Array(64 << 10);
  const more = () => {
    for (let i = 0; i < 16; i++) {
      if (to.destroyed) return;
      if (!to.write(chunk)) return void to.once("drain", more);
    }
    setImmediate(more);
  };
  more();
}
