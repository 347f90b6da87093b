/**
 * A back end with a will of its own, on node:http: it echoes, streams, hangs, hangs up, and speaks another protocol.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type ServerOptions } from "node:https";
import type { Duplex } from "node:stream";

/** The running back end. */
export interface BackEnd {
  readonly port: number;
  /** Requests whose client went away before the answer was there. */
  readonly abandoned: string[];
  /** Targets of the requests that arrived, in order. */
  readonly seen: string[];
  close(): void;
}

/** Echoes one short text frame (RFC 6455, 5.2): from a client masked, to it not. */
function speakWebSocket(request: IncomingMessage, socket: Duplex): void {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${createHash("sha1").update(key).digest("base64")}\r\n\r\n`,
  );
  socket.once("data", (frame: Uint8Array) => {
    const mask = frame.subarray(2, 6);
    const text = frame.subarray(6, 6 + (frame[1]! & 0x7f)).map((octet, i) => octet ^ mask[i % 4]!);
    const answer = new TextEncoder().encode(`echo:${new TextDecoder().decode(text)}`);
    socket.write(new Uint8Array([0x81, answer.length, ...answer]));
  });
}

/** Starts it on a loopback port. @param tls For HTTPS. */
export async function startBackEnd(tls?: ServerOptions, chosenPort = 0): Promise<BackEnd> {
  const abandoned: string[] = [];
  const seen: string[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const target = request.url ?? "/";
    seen.push(target);
    response.on("close", () => {
      if (!response.writableEnded) abandoned.push(target);
    });
    const [path = ""] = target.split("?");
    switch (path.slice(path.lastIndexOf("/"))) {
      case "/hang":
        return;
      case "/cut":
        response.writeHead(200, { "content-length": 1000 });
        response.write("abc");
        setTimeout(() => request.socket.destroy(), 100);
        return;
      case "/cut-chunks":
        response.writeHead(200);
        response.write("abc");
        setTimeout(() => request.socket.destroy(), 100);
        return;
      case "/reset":
        request.socket.destroy();
        return;
      case "/events": {
        response.writeHead(200, { "content-type": "text/event-stream" });
        let count = 0;
        const timer = setInterval(() => {
          response.write(`data: ${++count}\n\n`);
          if (count === 3) response.end();
          if (count === 3 || response.destroyed) clearInterval(timer);
        }, 400);
        return;
      }
      case "/count": {
        let length = 0;
        request.on("data", (chunk) => length += chunk.length);
        request.on("end", () => {
          const how = request.headers["transfer-encoding"] ?? "length";
          response.end(`${how} ${length}`);
        });
        return;
      }
    }
    response.writeHead(200, {
      "content-type": "application/json",
      connection: "X-Inner",
      "x-inner": "1",
      "set-cookie": ["a=1", "b=2"],
      "access-control-allow-origin": "https://inner.test",
    });
    response.end(JSON.stringify({ target, method: request.method, headers: request.headers }));
  };
  const server = tls === undefined ? createServer(answer) : createSecureServer(tls, answer);
  // Echoes what it is sent, with a word in front of it.
  server.on("upgrade", (request: IncomingMessage, socket) => {
    seen.push(request.url ?? "/");
    socket.on("error", () => {});
    if (request.url?.endsWith("/refused")) {
      socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
      return;
    }
    if (request.url?.endsWith("/socket")) return speakWebSocket(request, socket);
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    );
    socket.on("data", (data: Uint8Array) => socket.write(`echo:${new TextDecoder().decode(data)}`));
  });
  await new Promise<void>((resolve) => server.listen(chosenPort, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    abandoned,
    seen,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
