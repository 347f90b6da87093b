/**
 * A target that reads nothing of a request until it is told to, and then tells what it has read.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";

/** The target. */
export interface SlowTarget {
  readonly port: number;
  /** Connections that were opened, and those of them that have ended. */
  readonly opened: number;
  readonly closed: number;
  /** Reads the request of the last connection, and answers with its length and SHA-256 in hexadecimal. */
  read(): void;
  close(): void;
}

/** Starts it on a loopback port. */
export async function startSlowTarget(): Promise<SlowTarget> {
  const sockets: Socket[] = [];
  let closed = 0;
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("close", () => closed++);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    get opened() {
      return sockets.length;
    },
    get closed() {
      return closed;
    },
    read() {
      const socket = sockets.at(-1)!;
      const body = bodyReader();
      socket.on("data", (octets: Uint8Array) => {
        const text = body(octets);
        if (text === undefined) return;
        socket.end(
          `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
        );
      });
      socket.resume();
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Takes the octets of a request; tells what its body was when that has ended. */
function bodyReader(): (octets: Uint8Array) => string | undefined {
  const hash = createHash("sha256");
  let held = Buffer.alloc(0);
  let head: string | undefined;
  let count = 0;
  /** Octets to come, of the body or of a chunk. */
  let left = 0;
  const take = () => {
    const part = held.subarray(0, left);
    hash.update(part);
    count += part.length;
    left -= part.length;
    held = held.subarray(part.length);
  };
  const line = (end: string) => {
    const at = held.indexOf(end);
    if (at < 0) return undefined;
    const text = held.subarray(0, at).toString("latin1");
    held = held.subarray(at + end.length);
    return text;
  };
  const told = () => `${count} ${hash.digest("hex")}`;
  return (octets) => {
    held = held.length === 0 ? Buffer.from(octets) : Buffer.concat([held, octets]);
    if (head === undefined) {
      head = line("\r\n\r\n")?.toLowerCase();
      if (head === undefined) return undefined;
      left = Number(/^content-length: (\d+)/m.exec(head)?.[1] ?? 0);
    }
    if (!/^transfer-encoding: chunked/m.test(head)) {
      take();
      return left === 0 ? told() : undefined;
    }
    for (;;) {
      take();
      if (left > 0) return undefined;
      const size = line("\r\n");
      if (size === undefined) return undefined;
      // The end of a chunk's octets is an empty line before the next size.
      if (size === "") continue;
      left = parseInt(size, 16);
      if (left === 0) return told();
    }
  };
}
