/** One connection, by both ways: the runtime's own, and node:net. */

import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { openTcp } from "../../../src/doctor/network/tcp.ts";

type Way = NonNullable<Parameters<typeof openTcp>[2]>;
const WAYS: Readonly<Record<string, Way>> = {
  "as this runtime does": globalThis as Way,
  "over node:net": {},
};

/** A port where each connection is handled so. */
async function listen(handle: (socket: Socket) => void) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { port, close: () => void server.close() };
}

/** What happens until the end, in order. */
async function talk(port: number, way: Way, send = "hello"): Promise<string[]> {
  const seen: string[] = [];
  let destroy = () => {};
  const ended = new Promise<void>((resolve) => {
    const opening = openTcp({ host: "127.0.0.1", port }, {
      connected(address) {
        seen.push(`connected ${address}`);
        opening.then((connection) => connection.write(new TextEncoder().encode(send)));
      },
      received: (chunk) => seen.push(new TextDecoder().decode(chunk)),
      ended: () => (seen.push("ended"), resolve()),
      failed: (error) => (seen.push((error as { code: string }).code), resolve()),
    }, way);
    destroy = () => void opening.then((connection) => connection.destroy());
  });
  await ended;
  destroy();
  return seen;
}

for (const [name, way] of Object.entries(WAYS)) {
  describe(`openTcp(), ${name}`, () => {
    test("says, hears and sees the end", async () => {
      const { port, close } = await listen((socket) =>
        socket.on("data", (text) => socket.end(`you said ${text}`))
      );
      assert.deepEqual(await talk(port, way), ["connected 127.0.0.1", "you said hello", "ended"]);
      close();
    });

    test("a port where nobody listens refuses", async () => {
      const { port, close } = await listen(() => {});
      close();
      assert.deepEqual(await talk(port, way), ["ECONNREFUSED"]);
    });

    test("a connection that is cut off is no end in order", async () => {
      const { port, close } = await listen((socket) =>
        socket.on("data", () => socket.resetAndDestroy())
      );
      assert.deepEqual(await talk(port, way), ["connected 127.0.0.1", "ECONNRESET"]);
      close();
    });

    test("much is written whole", async () => {
      const length = 4_000_000;
      const { port, close } = await listen((socket) => {
        let heard = 0;
        socket.on("data", (chunk) => {
          heard += chunk.length;
          if (heard === length) socket.end(`${heard}`);
        });
      });
      const seen = await talk(port, way, "x".repeat(length));
      assert.deepEqual(seen, ["connected 127.0.0.1", `${length}`, "ended"]);
      close();
    });
  });
}
