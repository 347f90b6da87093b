/** Clients that leave the servers waiting are sent away; answers that take long are not. */

import assert from "node:assert/strict";
import { connect as connectHttp2, constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { after, before, describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { run, waitFor } from "../support/processes.ts";
import { makeScratch } from "../support/scratch.ts";
import {
  ENDLESS_OCTETS,
  type LimitedServer,
  SHORT,
  startLimited,
} from "../support/short_limits.ts";

const SLOW = { timeout: 120_000 };
/** Milliseconds within which a client that is late has to be gone, on a machine that is busy. */
const BOUND_MS = 30_000;
const HEAD = "Host: localhost\r\n";

interface Conversation {
  readonly socket: TLSSocket;
  text: string;
  closed: boolean;
}

function open(port: number, words: string): Conversation {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
    socket.write(words);
  });
  const conversation: Conversation = { socket, text: "", closed: false };
  socket.on("data", (data) => conversation.text += data.toString("latin1"));
  socket.on("error", () => {});
  socket.on("close", () => conversation.closed = true);
  return conversation;
}

/** Sends octets again and again. @returns What ends that. */
function drip({ socket }: Conversation, octets: string): () => void {
  const timer = setInterval(() => socket.write(octets), 300);
  return () => clearInterval(timer);
}

for (const kind of ["serve", "proxy"] as const) {
  describe(kind, () => {
    let server: LimitedServer;
    before(async () => void (server = await startLimited(kind, makeScratch().work)), SLOW);
    after(() => server?.close());

    const LATE: Readonly<Record<string, readonly [words: string, dripped?: string]>> = {
      "nothing after the handshake": [""],
      "half a head": [`GET / HTTP/1.1\r\n${HEAD}`],
      "a head in drops": [`GET / HTTP/1.1\r\n${HEAD}`, "A: b\r\n"],
      "nothing after an answer": [`GET / HTTP/1.1\r\n${HEAD}\r\n`],
      "half a head after an answer": [
        `GET / HTTP/1.1\r\n${HEAD}\r\nGET / HTTP/1.1\r\n`,
        "A: b\r\n",
      ],
    };
    // One after the other they would take a minute.
    test("late clients are sent away, a late answer is not cut", SLOW, async () => {
      const { port } = server;
      const late = Object.entries(LATE).map(([what, [words, dripped]]) =>
        sentAway(port, what, words, dripped)
      );
      const slow = ["/slow", "/drops"].map(async (path) => {
        const { closed, text } = await heard(open(port, `GET ${path} HTTP/1.1\r\n${HEAD}\r\n`));
        assert.equal(closed, false);
        assert.match(text, /late/);
      });
      await Promise.all([...late, ...slow, sentAwayWithoutHandshake(port)]);
    });

    test("a head that is too large is refused, one below that is not", SLOW, async () => {
      const ask = async (length: number) => {
        const words = `GET / HTTP/1.1\r\n${HEAD}A: ${"a".repeat(length)}\r\n\r\n`;
        const conversation = open(server.port, words);
        await waitFor("an answer", () => conversation.text !== "" || conversation.closed, BOUND_MS);
        conversation.socket.destroy();
        return conversation.text.split("\r\n", 1)[0];
      };
      assert.equal(await ask(SHORT.headOctets * 3 / 4), "HTTP/1.1 200 OK");
      assert.match(String(await ask(SHORT.headOctets * 2)), /^(?:HTTP\/1\.1 431 .*)?$/);
    });

    test(
      "half a ClientHello, and an answer that nobody reads, are not held for ever",
      SLOW,
      async () => {
        const { port } = server;
        await Promise.all([
          sentAwayWithoutHandshake(port, HALF_HELLO),
          unread(port, `GET /endless HTTP/1.1\r\n${HEAD}\r\n`),
          readInSips(port),
        ]);
      },
    );

    test("connections above the limit are closed, and later ones are taken", SLOW, async () => {
      const words = `GET /slow HTTP/1.1\r\n${HEAD}\r\n`;
      const many = Array.from({ length: SHORT.connections * 2 }, () => open(server.port, words));
      const answered = () => many.filter(({ text }) => text.includes("late")).length;
      const refused = () => many.filter(({ closed, text }) => closed && text === "").length;
      await waitFor("all of them", () => answered() + refused() === many.length, BOUND_MS);
      assert.ok(answered() <= SHORT.connections, `${answered()} were answered`);
      assert.ok(answered() > 0);
      for (const { socket } of many) socket.destroy();
      await waitFor("a place", async () => {
        const next = await heard(open(server.port, `GET / HTTP/1.1\r\n${HEAD}\r\n`), /at once/);
        return !next.closed;
      }, BOUND_MS);
    });
  });
}

/** Waits for words of the server, or for its end. */
async function heard(conversation: Conversation, words = /late/): Promise<Conversation> {
  const isOver = () => words.test(conversation.text) || conversation.closed;
  await waitFor(`${words}`, isOver, BOUND_MS);
  const { text, closed, socket } = conversation;
  socket.destroy();
  return { text, closed: closed && !words.test(text), socket };
}

describe("proxy", () => {
  let server: LimitedServer;
  before(async () => void (server = await startLimited("proxy", makeScratch().work)), SLOW);
  after(() => server?.close());

  test("WebSockets, bodies and sessions of HTTP/2", SLOW, async () => {
    const { port } = server;
    await Promise.all([silentWebSocket(port), bodies(port), idleSession(port)]);
  });

  test(
    "over HTTP/2 answers that nobody reads are reset, others of the session go on",
    SLOW,
    async () => {
      const settings = { initialWindowSize: 65_535 };
      const session = connectHttp2(`https://127.0.0.1:${server.port}`, {
        rejectUnauthorized: false,
        settings,
      });
      session.on("error", () => {});
      try {
        const resets: number[] = [];
        const [stalled, answered] = [SHORT.streams - 2, [] as string[]];
        for (let i = 0; i < stalled; i++) {
          const stream = session.request({ ":path": "/endless" });
          stream.on("error", () => {}).on("close", () => resets.push(stream.rstCode));
          stream.pause();
        }
        await waitFor("the target", () => server.target!.connections() >= stalled, BOUND_MS);
        await waitFor("the resets", () => resets.length === stalled, BOUND_MS);
        assert.deepEqual(resets, Array(stalled).fill(constants.NGHTTP2_INTERNAL_ERROR));
        await waitFor("the target's rest", () => server.target!.connections() === 0, BOUND_MS);
        const stream = session.request({ ":path": "/" });
        stream.setEncoding("utf8").on("data", (text: string) => answered.push(text));
        await waitFor("an answer", () => answered.join("") === "at once", BOUND_MS);
      } finally {
        session.destroy();
      }
    },
  );

  test(
    "a WebSocket that nobody reads is ended, with its connection to the target",
    SLOW,
    async () => {
      const upgrade = `${HEAD}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
      await unread(server.port, `GET /endless HTTP/1.1\r\n${upgrade}`);
      await waitFor("the target's rest", () => server.target!.connections() === 0, BOUND_MS);
    },
  );

  test("requests above a client's share are refused, and later ones are not", SLOW, async () => {
    const session = connectHttp2(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
    session.on("error", () => {});
    const sessions = [session];
    const ask = (one: typeof session, path: string) =>
      new Promise<number>((resolve) => {
        const stream = one.request({ ":path": path });
        stream.on("response", (fields) => resolve(Number(fields[":status"])));
        stream.on("error", () => resolve(0)).resume();
      });
    try {
      for (let i = 0; i < 2; i++) {
        sessions.push(
          connectHttp2(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false }),
        );
      }
      const statuses = await Promise.all(
        sessions.flatMap((one) => Array.from({ length: 8 }, () => ask(one, "/slow"))),
      );
      const count = (status: number) => statuses.filter((one) => one === status).length;
      assert.deepEqual([count(200), count(503)], [SHORT.requests / 2, 24 - SHORT.requests / 2]);
      assert.equal(await ask(session, "/"), 200);
    } finally {
      for (const one of sessions) one.destroy();
    }
  });

  test("over HTTP/2 a head that is too large is refused", SLOW, async () => {
    const ask = (length: number) => {
      const field = ["-H", `A: ${"a".repeat(length)}`];
      const url = `https://127.0.0.1:${server.port}/`;
      return run([
        "curl",
        "-sSk",
        "--http2",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        ...field,
        url,
      ]);
    };
    assert.equal((await ask(SHORT.headOctets / 2)).stdout, "200");
    assert.notEqual((await ask(SHORT.headOctets * 2)).stdout, "200");
  });
});

async function sentAway(port: number, what: string, words: string, dripped?: string) {
  const conversation = open(port, words);
  const stop = dripped === undefined ? undefined : drip(conversation, dripped);
  try {
    await waitFor(`the end: ${what}`, () => conversation.closed, BOUND_MS);
    const answers = conversation.text.match(/at once/g)?.length ?? 0;
    assert.equal(answers, words.includes("\r\n\r\n") ? 1 : 0, what);
  } finally {
    stop?.();
    conversation.socket.destroy();
  }
}

/** A record of TLS that promises 512 octets, and the beginning of a ClientHello (RFC 8446, 4.1.2 and 5.1). */
const HALF_HELLO = Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3);

/** Asks for more than fits into the buffers of two systems, reads nothing, and finds the connection cut. */
async function unread(port: number, words: string): Promise<void> {
  const conversation = open(port, "");
  const { socket } = conversation;
  await new Promise((resolve) => socket.once("secureConnect", resolve));
  socket.removeAllListeners("data").pause();
  socket.write(words);
  await new Promise((resolve) => setTimeout(resolve, SHORT.stallMs * 3));
  let received = 0;
  socket.on("data", ({ length }) => received += length).resume();
  await waitFor("the end", () => conversation.closed, BOUND_MS);
  assert.ok(received < ENDLESS_OCTETS, `${received}`);
}

/** Takes something before each limit, for longer than all of them: slow is not stalled. */
async function readInSips(port: number): Promise<void> {
  const { socket } = open(port, `GET /endless HTTP/1.1\r\n${HEAD}\r\n`);
  let closed = false;
  socket.on("close", () => closed = true);
  let received = 0;
  socket.on("data", ({ length }) => {
    received += length;
    socket.pause();
  });
  // 64 KB at a time.
  const sip = setInterval(() => socket.resume(), 20);
  await new Promise((resolve) => setTimeout(resolve, SHORT.stallMs * 3));
  clearInterval(sip);
  assert.equal(closed, false, `${received}`);
  socket.destroy();
}

async function sentAwayWithoutHandshake(port: number, bytes?: Uint8Array) {
  const socket = connectTcp(port, "127.0.0.1", () => {
    if (bytes !== undefined) socket.write(bytes);
  });
  let closed = false;
  socket.on("error", () => {});
  socket.on("data", () => {});
  socket.on("close", () => closed = true);
  await waitFor("the end: no handshake", () => closed, BOUND_MS);
}

async function silentWebSocket(port: number) {
  const upgrade = `${HEAD}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  const { text } = await heard(open(port, `GET / HTTP/1.1\r\n${upgrade}`));
  assert.match(text, /^HTTP\/1\.1 101 [^]*late$/);
}

/** One that stops is 408, one in drops is not. */
async function bodies(port: number) {
  const post = `POST /count HTTP/1.1\r\n${HEAD}Content-Length: 10\r\n\r\n`;
  const stopped = await heard(open(port, `${post}abc`), /missing/);
  assert.match(stopped.text, /^HTTP\/1\.1 408 /);
  const dropping = open(port, post);
  const stop = drip(dropping, "a");
  assert.match((await heard(dropping, /10$/)).text, /^HTTP\/1\.1 200 /);
  stop();
}

/** It is closed when it has no requests, not while one is answered. */
async function idleSession(port: number) {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  let closed = false;
  session.on("error", () => {});
  session.on("close", () => closed = true);
  const text = await new Promise<string>((resolve, reject) => {
    let all = "";
    const stream = session.request({ ":path": "/slow" });
    stream.setEncoding("utf8").on("data", (part) => all += part);
    stream.on("end", () => resolve(all)).on("error", reject);
  });
  assert.equal(text, "late");
  await waitFor("the end", () => closed, BOUND_MS);
}
