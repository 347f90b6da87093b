/** `localtls proxy`: targets that break off, lie about lengths or speak no HTTP. A clear answer or a cut one, never a whole. */

import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { after, before, describe, test } from "node:test";
import { run } from "../support/processes.ts";
import { makeScratch } from "../support/scratch.ts";
import { type Serving, startServing } from "../support/serving.ts";

const SLOW = { timeout: 120_000 };

/** What a target says to a request, before it hangs up; and what may come of it. */
interface Answer {
  readonly bytes: string;
  /** "refused": 502. "cut": begun, and seen to be incomplete. "whole": all is well. */
  readonly outcome: "refused" | "cut" | "whole";
  /** Waits for the body of the request, or answers without. */
  readonly after?: "head" | "body";
  readonly body?: string;
}

const OK = "HTTP/1.1 200 OK\r\n";
const ANSWERS: Readonly<Record<string, Answer>> = {
  // The twin of all the others.
  "a good answer": { bytes: `${OK}Content-Length: 3\r\n\r\nabc`, outcome: "whole", body: "abc" },
  "until the end of the connection": {
    bytes: `${OK}Connection: close\r\n\r\nabc`,
    outcome: "whole",
    body: "abc",
  },
  "a good answer after 100": {
    bytes: `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 3\r\n\r\nabc`,
    outcome: "whole",
    body: "abc",
  },
  "early hints": {
    bytes: `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${OK}Content-Length: 3\r\n\r\nabc`,
    outcome: "whole",
    body: "abc",
  },
  "nothing": { bytes: "", outcome: "refused" },
  "nothing after the body": { bytes: "", outcome: "refused", after: "body" },
  "nothing after 100": { bytes: "HTTP/1.1 100 Continue\r\n\r\n", outcome: "refused" },
  "half a status line": { bytes: "HTTP/1.1 20", outcome: "refused" },
  "half a head": { bytes: `${OK}Content-Le`, outcome: "refused" },
  "a head without its end": { bytes: `${OK}Content-Length: 3\r\n`, outcome: "refused" },
  "a head that is too large": {
    bytes: `${OK}A: ${"a".repeat(200_000)}\r\n\r\n`,
    outcome: "refused",
  },
  "no HTTP": { bytes: "SSH-2.0-OpenSSH_9.2\r\n", outcome: "refused" },
  "a status that is none": { bytes: "HTTP/1.1 abc\r\n\r\n", outcome: "refused" },
  "another protocol, unasked": {
    bytes: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nabc",
    outcome: "refused",
  },
  "two lengths": {
    bytes: `${OK}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
    outcome: "refused",
  },
  "a length and chunks": {
    bytes: `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    outcome: "refused",
  },
  "half a body": { bytes: `${OK}Content-Length: 1000\r\n\r\nabc`, outcome: "cut", body: "abc" },
  "half the chunks": {
    bytes: `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`,
    outcome: "cut",
    body: "abc",
  },
  "half a chunk": {
    bytes: `${OK}Transfer-Encoding: chunked\r\n\r\n9\r\nabc`,
    outcome: "cut",
    body: "abc",
  },
  "a bad chunk": {
    bytes: `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\nabc\r\n0\r\n\r\n`,
    outcome: "cut",
    body: "abc",
  },
};

const scratch = makeScratch();
let target: Server;
let proxy: Serving;

before(async () => {
  target = createServer((socket) => {
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (data) => {
      const seen = text;
      text += data.toString("latin1");
      const name = decodeURIComponent(/^\S+ \/(\S*)/.exec(text)?.[1] ?? "");
      const { bytes, after } = ANSWERS[name] ?? ANSWERS["a good answer"]!;
      const mark = after === "body" ? "the body" : "\r\n\r\n";
      if (!text.includes(mark) || seen.includes(mark)) return;
      socket.end(bytes, "latin1");
    });
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const { port } = target.address() as { port: number };
  proxy = await startServing(scratch, ["proxy", String(port), "--port=0", "--timeout=5"]);
}, SLOW);

after(async () => {
  await proxy?.process.stop();
  target?.close();
});

async function ask(name: string, version: string, words: readonly string[] = []) {
  const url = `https://127.0.0.1:${proxy.port}/${encodeURIComponent(name)}`;
  const curl = ["curl", "-sSk", "--max-time", "20", version, "-w", "\n%{http_code}", ...words];
  const { code, stdout } = await run([...curl, url]);
  const [, body = "", status = ""] = /^([^]*)\n(\d+)$/.exec(stdout) ?? [];
  return { code, body, status: Number(status) };
}

for (const version of ["--http1.1", "--http2"]) {
  describe(`over ${version}`, () => {
    for (const [name, { outcome, body, after }] of Object.entries(ANSWERS)) {
      test(`${name}: ${outcome}`, SLOW, async () => {
        const words = after === "body" ? ["--data-binary", "the body"] : [];
        const answer = await ask(name, version, words);
        if (outcome === "refused") {
          assert.equal(answer.status, 502, answer.body);
          assert.match(answer.body, /<h1>502 Bad gateway<\/h1>/);
          assert.equal(answer.code, 0);
        } else if (outcome === "cut") {
          assert.ok(body?.startsWith(answer.body), answer.body);
          assert.notEqual(answer.code, 0, "it looked complete");
        } else {
          assert.equal(answer.body, body);
          assert.equal(answer.code, 0);
        }
        const next = await ask("a good answer", version);
        assert.deepEqual([next.status, next.body], [200, "abc"]);
      });
    }
  });
}

describe("a kept connection that the target closes when it is used again", () => {
  let target: Server;
  let proxy: Serving;
  let connections = 0;
  before(async () => {
    // As a server whose time for idle connections ends just then.
    target = createServer((socket) => {
      connections++;
      let requests = 0;
      socket.on("error", () => {});
      socket.on("data", () => {
        if (++requests > 1) socket.destroy();
        else socket.write(`${OK}Content-Length: 3\r\n\r\nabc`);
      });
    });
    await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
    const { port } = target.address() as { port: number };
    proxy = await startServing(makeScratch(), ["proxy", String(port), "--port=0", "--timeout=5"]);
  }, SLOW);

  after(async () => {
    await proxy?.process.stop();
    target?.close();
  });

  const ask = async (words: readonly string[]) => {
    const curl = ["curl", "-sSk", "--max-time", "20", "-o", "/dev/null", "-w", "%{http_code}"];
    return (await run([...curl, ...words, `https://127.0.0.1:${proxy.port}/`])).stdout;
  };

  test("what may be sent twice is asked again over a fresh one", SLOW, async () => {
    for (let time = 0; time < 4; time++) assert.equal(await ask([]), "200");
    assert.ok(connections >= 2);
  });

  test("what may not is refused: nobody knows whether it was done", SLOW, async () => {
    assert.equal(await ask([]), "200");
    assert.equal(await ask(["--data-binary", "order"]), "502");
  });
});
