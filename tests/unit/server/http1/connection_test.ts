import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WebRequest } from "../../../../src/server/exchange.ts";
import type { Answer } from "../../../../src/server/http1/answer.ts";
import { Connection } from "../../../../src/server/http1/connection.ts";
import type { Peer } from "../../../../src/server/http1/peer.ts";

const BODY = new TextEncoder().encode("hello");
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** A peer that takes as much as it is told to, and everything that happens to it. */
class FakePeer implements Peer {
  readonly remoteAddress = "192.0.2.1";
  readonly localAddress = "192.0.2.2";
  readonly events: string[] = [];
  text = "";
  room = Infinity;

  write(bytes: Uint8Array, offset: number, length: number): number {
    const taken = Math.min(length, this.room);
    this.room -= taken;
    this.text += new TextDecoder().decode(bytes.subarray(offset, offset + taken));
    return taken;
  }
  shutdown = () => void this.events.push("shutdown");
  end = () => void this.events.push("end");
  terminate = () => void this.events.push("terminate");
  pause = () => void this.events.push("pause");
  resume = () => void this.events.push("resume");
}

type Run = (request: WebRequest, answer: Answer) => void;

const hello: Run = (_request, answer) => {
  answer.writeHead(200, { "content-length": BODY.length }).end(BODY);
};

function open(run: Run = hello) {
  const peer = new FakePeer();
  const connection = new Connection(peer, { run });
  const say = (text: string) => connection.received(new TextEncoder().encode(text));
  const statuses = () => [...peer.text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
  return { peer, connection, say, statuses };
}

describe("requests and answers", () => {
  test("one request, one write, with the date and the length", () => {
    const { peer, say } = open();
    say(GET);
    assert.match(peer.text, /^HTTP\/1\.1 200 OK\r\ndate: \w{3}, .* GMT\r\n/);
    assert.match(peer.text, /\r\ncontent-length: 5\r\n\r\nhello$/);
    assert.deepEqual(peer.events, []);
  });
  test("a head in single octets, and empty lines before it", () => {
    const { say, statuses } = open();
    for (const character of `\r\n${GET}`) say(character);
    assert.deepEqual(statuses(), ["200"]);
  });
  test("several at once are answered in turn, also by a handler that takes its time", async () => {
    const targets: string[] = [];
    const { say, statuses, peer } = open(async (request, answer) => {
      targets.push(request.url!);
      await Promise.resolve();
      hello(request, answer);
    });
    say(GET + GET.replace("/", "/2") + GET.replace("/", "/3"));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(targets, ["/", "/2", "/3"]);
    assert.deepEqual(statuses(), ["200", "200", "200"]);
    assert.deepEqual(peer.events, []);
  });
  test("the same words mean the same again, others something else", () => {
    const seen: string[] = [];
    const { say } = open((request, answer) => {
      seen.push(`${request.url} ${request.headers["a"]}`);
      hello(request, answer);
    });
    const ask = (target: string, field: string) =>
      say(`GET ${target} HTTP/1.1\r\nHost: a\r\nA: ${field}\r\n\r\n`);
    for (const [target, field] of [["/", "1"], ["/", "1"], ["/", "2"], ["/b", "2"], ["/", "1"]]) {
      ask(target!, field!);
    }
    assert.deepEqual(seen, ["/ 1", "/ 1", "/ 2", "/b 2", "/ 1"]);
  });
  test("very many at once are all answered", async () => {
    const { say, statuses } = open();
    say(GET.repeat(500));
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(statuses().length, 500);
  });
  test("HEAD has the length and no content", () => {
    const { peer, say } = open();
    say(GET.replace("GET", "HEAD"));
    assert.match(peer.text, /content-length: 5\r\n\r\n$/);
  });
  test("HTTP/1.0 is told that the connection goes on, or it ends", () => {
    const old = open();
    old.say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert.match(old.peer.text, /connection: keep-alive\r\n/);
    assert.deepEqual(old.peer.events, []);
    old.say("GET / HTTP/1.0\r\n\r\n");
    assert.match(old.peer.text, /connection: close\r\n/);
    assert.deepEqual(old.peer.events, ["shutdown"]);
  });
  test("a field that smuggles in another is an error, not an answer", () => {
    let thrown: unknown;
    const { peer, say } = open((_request, answer) => {
      try {
        answer.writeHead(200, { "content-length": 0, location: "/\r\nset-cookie: a=b" });
      } catch (error) {
        thrown = error;
        answer.writeHead(500, { "content-length": 0 }).end();
      }
    });
    say(GET);
    assert.match(String(thrown), /location cannot be sent/);
    assert.doesNotMatch(peer.text, /set-cookie/);
  });
  test("an answer that is shorter than it said, or longer, cuts the connection", () => {
    for (const length of [4, 6]) {
      const { peer, say } = open((_request, answer) => {
        answer.writeHead(200, { "content-length": length }).end(BODY);
      });
      say(GET);
      assert.deepEqual(peer.events, ["terminate"]);
    }
  });
});

describe("what is not answered", () => {
  test("behind a body that nobody reads comes nothing", () => {
    const { peer, say, statuses } = open();
    say(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n\r\n${GET}`);
    say(GET);
    assert.deepEqual(statuses(), ["200"]);
    assert.match(peer.text, /connection: close/);
    assert.deepEqual(peer.events, ["shutdown"]);
  });
  for (
    const [what, text, status] of [
      ["bare line feeds", "GET / HTTP/1.1\nHost: a\n\n", "400"],
      ["a line feed before everything", "\nGET / HTTP/1.1", "400"],
      ["no HTTP", "\x16\x03\x01", "400"],
      ["a head without an end", `GET / HTTP/1.1\r\nA: ${"a".repeat(40_000)}`, "431"],
      ["a long head", `GET / HTTP/1.1\r\nHost: a\r\nA: ${"a".repeat(40_000)}\r\n\r\n`, "431"],
    ] as const
  ) {
    test(`${what}: ${status}, and nothing after it`, () => {
      const { peer, say, statuses } = open();
      say(text);
      say(GET);
      assert.deepEqual(statuses(), [status]);
      assert.deepEqual(peer.events, ["shutdown"]);
    });
  }
});

describe("time", () => {
  const wait = (connection: Connection, seconds: number) => {
    for (let i = 0; i < seconds; i++) connection.tick();
  };
  test("half a head is cut, however slowly more of it comes", () => {
    const { peer, connection, say } = open();
    say(GET);
    say("GET / HT");
    for (let i = 0; i < 16; i++) {
      wait(connection, 1);
      say("x");
    }
    assert.deepEqual(peer.events, ["terminate"]);
  });
  test("a handshake that never ends is cut; an idle connection ends in order", () => {
    const silent = open();
    wait(silent.connection, 10);
    assert.deepEqual(silent.peer.events, []);
    wait(silent.connection, 1);
    assert.deepEqual(silent.peer.events, ["terminate"]);
    const late = open();
    wait(late.connection, 10);
    late.connection.secured();
    wait(late.connection, 15);
    assert.deepEqual(late.peer.events, []);
    wait(late.connection, 1);
    assert.deepEqual(late.peer.events, ["terminate"]);
    const idle = open();
    idle.say(GET);
    wait(idle.connection, 60);
    assert.deepEqual(idle.peer.events, []);
    wait(idle.connection, 1);
    assert.deepEqual(idle.peer.events, ["shutdown"]);
    // What is written still arrives: an end, no cut.
    wait(idle.connection, 5);
    assert.deepEqual(idle.peer.events, ["shutdown"]);
    wait(idle.connection, 1);
    assert.deepEqual(idle.peer.events, ["shutdown", "end"]);
  });
  test("an answer that nobody takes is cut after 30 s, one that is taken in drops is not", () => {
    const stalled = open();
    stalled.peer.room = 10;
    stalled.say(GET);
    wait(stalled.connection, 30);
    assert.deepEqual(stalled.peer.events, []);
    wait(stalled.connection, 1);
    assert.deepEqual(stalled.peer.events, ["terminate"]);
    const dripping = open();
    dripping.peer.room = 10;
    dripping.say(GET);
    for (let i = 0; i < 5; i++) {
      wait(dripping.connection, 29);
      dripping.peer.room = 1;
      dripping.connection.drained();
    }
    assert.deepEqual(dripping.peer.events, []);
    dripping.peer.room = Infinity;
    dripping.connection.drained();
    assert.match(dripping.peer.text, /hello$/);
    assert.deepEqual(dripping.peer.events, []);
  });
  test("an answer may take long; a peer that goes on talking after the last one may not", () => {
    let answer: Answer | undefined;
    const { peer, connection, say } = open((_request, given) => answer = given);
    say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
    wait(connection, 1000);
    assert.deepEqual(peer.events, []);
    answer!.writeHead(200, { "content-length": 0 }).end();
    assert.deepEqual(peer.events, ["shutdown"]);
    for (let i = 0; i < 6; i++) {
      wait(connection, 1);
      say("x");
    }
    assert.deepEqual(peer.events, ["shutdown", "end"]);
  });
});

describe("a peer that takes little", () => {
  test("what is written waits, and nothing is lost or changed", () => {
    let answer: Answer | undefined;
    const { peer, connection, say } = open((_request, given) => answer = given);
    say(GET);
    peer.room = 10;
    let drains = 0;
    let closed = false;
    answer!.once("close", () => closed = true);
    answer!.writeHead(200, { "content-length": 6 });
    const chunk = new TextEncoder().encode("abc");
    assert.equal(answer!.write(chunk), false);
    answer!.once("drain", () => {
      drains++;
      // The memory is ours again.
      chunk.set(new TextEncoder().encode("def"));
      answer!.end(chunk);
    });
    peer.room = 7;
    connection.drained();
    assert.equal(drains, 0);
    peer.room = Infinity;
    connection.drained();
    assert.equal(drains, 1);
    assert.equal(closed, true);
    assert.match(peer.text, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nabcdef$/);
    say(GET);
    assert.equal(peer.events.length, 0);
  });
  test("one that sends requests without end is not read any more", () => {
    const { peer, say } = open(() => {});
    say(GET);
    for (let i = 0; i < 100; i++) say(GET.repeat(100));
    assert.deepEqual(peer.events, ["pause"]);
  });
});

describe("ends", () => {
  test("a peer that has said all gets its answer", () => {
    let answer: Answer | undefined;
    const { peer, connection, say } = open((_request, given) => answer = given);
    say(GET);
    connection.ended();
    assert.deepEqual(peer.events, []);
    hello({} as WebRequest, answer!);
    assert.match(peer.text, /hello$/);
    assert.deepEqual(peer.events, ["shutdown"]);
    connection.ended();
    assert.deepEqual(peer.events, ["shutdown", "end"]);
  });
  test("a peer that is gone ends the answer", () => {
    let answer: Answer | undefined;
    const { connection, say, peer } = open((_request, given) => answer = given);
    say(GET);
    let closed = 0;
    answer!.once("close", () => closed++);
    answer!.once("close", () => closed++);
    connection.closed();
    assert.equal(closed, 2);
    assert.equal(answer!.destroyed, true);
    answer!.writeHead(200, { "content-length": 5 }).end(BODY);
    assert.equal(peer.text, "");
  });
  test("retiring closes what is idle, and what is not after its answer", () => {
    const idle = open();
    idle.say(GET);
    idle.connection.retire();
    assert.deepEqual(idle.peer.events, ["shutdown"]);
    let answer: Answer | undefined;
    const busy = open((_request, given) => answer = given);
    busy.say(GET);
    busy.connection.retire();
    assert.deepEqual(busy.peer.events, []);
    hello({} as WebRequest, answer!);
    assert.deepEqual(busy.peer.events, ["shutdown"]);
  });
});
