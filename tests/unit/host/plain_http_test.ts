import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { fetchPlain, type PlainAnswer } from "../../../src/host/plain_http.ts";
import type { ErrorCode } from "../../../src/errors.ts";
import { rejectsWith } from "../../support/scratch_directory.ts";

const MAX = 4096;

/** What a server makes of it that does with a connection what it is told. */
async function fetchFrom(
  behave: (socket: Socket) => void,
  path = "/root.pem",
  timeoutMs = 10_000,
): Promise<PlainAnswer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  assert.ok(typeof bound === "object" && bound !== null);
  try {
    const url = new URL(`http://127.0.0.1:${bound.port}${path}`);
    return await fetchPlain({ url, maxBytes: MAX, timeoutMs });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** Answers once the request is there. */
const answering = (text: string, ends = true) => (socket: Socket) => {
  socket.once("data", () => ends ? socket.end(text) : socket.write(text));
};

async function refuses(attempt: Promise<unknown>, code: ErrorCode, state: RegExp): Promise<void> {
  assert.match((await rejectsWith(code, attempt)).message, state);
}

const text = ({ body }: PlainAnswer) => new TextDecoder().decode(body);

describe("fetchPlain()", () => {
  test("asks once, for the path alone, and says for which host", async () => {
    let asked = "";
    const answer = await fetchFrom((socket) =>
      socket.once("data", (data) => {
        asked = String(data);
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
      })
    );
    assert.deepEqual([answer.status, text(answer)], [200, "hi"]);
    assert.match(
      asked,
      /^GET \/root\.pem HTTP\/1\.0\r\nHost: 127\.0\.0\.1:\d+\r\nAccept: \*\/\*\r\n\r\n$/,
    );
  });

  test("does not wait for the end of a connection that is kept", async () => {
    const kept = answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi and more", false);
    assert.equal(text(await fetchFrom(kept)), "hi");
  });

  test("takes an answer in single octets, and one without a length", async () => {
    const whole = "HTTP/1.0 404 Not Found\r\n\r\nnothing";
    const answer = await fetchFrom((socket) =>
      socket.once("data", async () => {
        socket.setNoDelay(true);
        for (const octet of whole) {
          socket.write(octet);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        socket.end();
      })
    );
    assert.deepEqual([answer.status, text(answer)], [404, "nothing"]);
  });

  test("gives the status of a redirect, and follows none", async () => {
    let connections = 0;
    const answer = await fetchFrom((socket) => {
      connections++;
      answering("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n")(socket);
    });
    assert.deepEqual([answer.status, answer.body.length, connections], [302, 0, 1]);
  });

  const REFUSED: readonly (readonly [string, string, RegExp])[] = [
    ["nothing", "", /stops short/],
    ["a banner", "SSH-2.0-OpenSSH_9.9\r\n", /no HTTP server/],
    ["HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", /no HTTP server/],
    ["half a status", "HTTP/1.1 2", /stops short/],
    ["fields without an end", "HTTP/1.1 200 OK\r\nA: b\r\n", /stops short/],
    ["too many fields", `HTTP/1.1 200 OK\r\n${"A: b\r\n".repeat(3000)}`, /no HTTP server/],
    ["half a body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", /stops short/],
    ["pieces", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", /in pieces/],
  ];
  for (const [what, answer, state] of REFUSED) {
    test(`refuses ${what}`, async () => {
      await refuses(fetchFrom(answering(answer)), "NETWORK", state);
    });
  }

  const LARGE: readonly (readonly [string, string])[] = [
    ["that says so", "HTTP/1.1 200 OK\r\nContent-Length: 4097\r\n\r\n"],
    ["that does not", `HTTP/1.1 200 OK\r\n\r\n${"a".repeat(4097)}`],
    ["without an end", `HTTP/1.1 200 OK\r\n\r\n${"a".repeat(1 << 20)}`],
  ];
  for (const [what, answer] of LARGE) {
    test(`refuses a large body ${what}`, async () => {
      const attempt = fetchFrom(answering(answer, false));
      await refuses(attempt, "FILE_TOO_LARGE", /larger than 4 KiB/);
    });
  }

  test("gives up on a server that says nothing, and on one that stops in the middle", async () => {
    const half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    for (const behave of [() => {}, answering(half, false)]) {
      const attempt = fetchFrom(behave, "/", 300);
      await refuses(attempt, "NETWORK", /no whole answer within 0\.3 seconds/);
    }
  });

  test("says when nobody listens", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const bound = server.address();
    assert.ok(typeof bound === "object" && bound !== null);
    await new Promise((resolve) => server.close(resolve));
    const url = new URL(`http://127.0.0.1:${bound.port}/`);
    const attempt = fetchPlain({ url, maxBytes: MAX, timeoutMs: 10_000 });
    await refuses(attempt, "NETWORK", /Connection refused/);
  });
});
