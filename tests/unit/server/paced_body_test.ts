import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { describe, test } from "node:test";
import { sendPaced } from "../../../src/server/paced_body.ts";

const SIZE = 24 << 20;
const BODY = new Uint8Array(SIZE).map((_, i) => i * 31 >> 7);

/** A server that sends BODY; what became of the answer. */
async function withServer(
  stallMs: number,
  use: (port: number, outcome: Promise<boolean>) => Promise<void>,
): Promise<void> {
  let settle: (complete: boolean) => void = () => {};
  const outcome = new Promise<boolean>((resolve) => settle = resolve);
  const server = createServer((_request, response) => {
    response.on("close", () => settle(response.writableFinished));
    response.writeHead(200, { "content-length": SIZE, "connection": "close" });
    void sendPaced(response, BODY, stallMs);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  assert.ok(typeof bound === "object" && bound !== null);
  try {
    await use(bound.port, outcome);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function request(port: number): Socket {
  const socket = connect(port, "127.0.0.1", () => {
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  });
  return socket.on("error", () => {});
}

describe("sendPaced()", () => {
  test("sends all of it", async () => {
    await withServer(20_000, async (port) => {
      const response = await fetch(`http://127.0.0.1:${port}/`);
      const got = new Uint8Array(await response.arrayBuffer());
      assert.ok(Buffer.from(got).equals(BODY));
    });
  });

  test("waits for a client that pauses and goes on", async () => {
    await withServer(20_000, async (port) => {
      const socket = request(port);
      let size = 0;
      let paused = false;
      await new Promise<void>((resolve) => {
        socket.on("data", (part) => {
          size += part.length;
          if (paused) return;
          paused = true;
          socket.pause();
          setTimeout(() => socket.resume(), 300);
        });
        socket.on("close", resolve);
      });
      assert.ok(size > SIZE, `${size}`);
    });
  });

  test("lets a client go that takes nothing", async () => {
    await withServer(400, async (port, outcome) => {
      const socket = request(port).pause();
      assert.equal(await outcome, false);
      // What it would read now ends before the end.
      let size = 0;
      socket.on("data", (part) => size += part.length).resume();
      await new Promise((resolve) => socket.on("close", resolve));
      assert.ok(size < SIZE, `${size}`);
    });
  });
});
