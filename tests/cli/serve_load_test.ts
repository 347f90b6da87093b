/** `localtls serve` and `localtls proxy` under load: many clients that do nothing, some that read slowly, many requests. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { waitFor } from "../support/processes.ts";
import { makeScratch } from "../support/scratch.ts";
import { type Serving, startServing } from "../support/serving.ts";

const SLOW = { timeout: 180_000 };
const IDLE = 1_000;
const READERS = 200;
const FILE_OCTETS = 10_000_000;
/** Megabytes: for the slow readers alone it would be 2,000 if their files were kept for them. */
const MOST_MB = 700;
/** Milliseconds for a request of somebody else meanwhile. */
const ANSWER_MS = 2_000;
/**
 * Megabytes that 20,000 requests more may not add twice in a row: a kilobyte kept of each would be 20. Once is no news, a
 * heap finds its size.
 */
const GROWTH_MB = 15;

const scratch = makeScratch();
let serve: Serving;
let proxy: Serving;

before(async () => {
  writeFileSync(join(scratch.work, "big.bin"), new Uint8Array(FILE_OCTETS).fill(7));
  writeFileSync(join(scratch.work, "small.txt"), "a".repeat(1_000));
  const common = ["--port=0", "--host=127.0.0.1", "--quiet"];
  serve = await startServing(scratch, ["serve", ".", ...common]);
  const target = `https://127.0.0.1:${serve.port}`;
  proxy = await startServing(scratch, ["proxy", target, ...common]);
}, SLOW);

after(async () => {
  await Promise.all([serve?.process.stop(), proxy?.process.stop()]);
});

function request(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

/** A connection over TLS whose errors are no news. */
function open(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", rejectUnauthorized: false };
    const socket = connect(options, () => resolve(socket));
    socket.on("error", reject);
  });
}

/** Opens many, some at once. */
async function openMany(port: number, count: number): Promise<TLSSocket[]> {
  const sockets: TLSSocket[] = [];
  while (sockets.length < count) {
    const some = Math.min(50, count - sockets.length);
    sockets.push(...await Promise.all(Array.from({ length: some }, () => open(port))));
  }
  return sockets;
}

/** Asks for a small file on a connection of its own. @returns Milliseconds until it was there. */
async function ask(port: number): Promise<number> {
  const start = performance.now();
  const socket = await open(port);
  let text = "";
  socket.on("data", (data) => text += data.toString("latin1"));
  socket.write(request("/small.txt"));
  await waitFor("an answer", () => text.endsWith("a".repeat(1_000)), 30_000);
  socket.destroy();
  return performance.now() - start;
}

function memory({ process }: Serving, what: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${process.pid}/status`, "utf8");
  return Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1_000;
}

const SERVERS = [["serve", () => serve], ["proxy", () => proxy]] as const;

for (const [kind, server] of SERVERS) {
  describe(kind, () => {
    test("memory stays the same however many requests there were", SLOW, async () => {
      const memories: number[] = [];
      for (let i = 0; i < 3; i++) {
        await requests(server().port, 20_000);
        memories.push(await restingMemory(server()));
      }
      const [early = 0, middle = 0, late = 0] = memories;
      const grows = middle - early > GROWTH_MB && late - middle > GROWTH_MB;
      assert.ok(!grows && late - early < 4 * GROWTH_MB, `${memories} MB`);
    });

    test(`${IDLE} idle connections and ${READERS} slow readers hold up nobody`, SLOW, async () => {
      const { port } = server();
      const idle = await openMany(port, IDLE);
      const readers = await openMany(port, READERS);
      try {
        for (const reader of readers) {
          reader.once("readable", () => {});
          reader.write(request("/big.bin"));
        }
        const begun = () => readers.every((reader) => reader.readableLength > 0);
        await waitFor("the readers' answers", begun, 60_000);
        const times: number[] = [];
        for (let i = 0; i < 5; i++) times.push(await ask(port));
        const [, , median = Infinity] = times.sort((a, b) => a - b);
        assert.ok(median < ANSWER_MS, `${times} ms`);
        assert.ok(memory(server(), "VmHWM") < MOST_MB, `${memory(server(), "VmHWM")} MB`);
        assert.equal(idle.filter(({ destroyed }) => destroyed).length, 0);
      } finally {
        for (const socket of [...idle, ...readers]) socket.destroy();
      }
    });
  });
}

/** Asks for a small file again and again, over a few connections. */
async function requests(port: number, count: number): Promise<void> {
  const sockets = await openMany(port, 16);
  const words = request("/small.txt");
  let left = count;
  const one = (socket: TLSSocket) =>
    new Promise<void>((resolve, reject) => {
      let text = "";
      socket.on("close", () => reject(new Error("The connection was closed")));
      socket.on("data", (data) => {
        text += data.toString("latin1");
        if (!text.endsWith("aaaa") || text.length < 1_000) return;
        if (!text.startsWith("HTTP/1.1 200 ")) return reject(new Error(text.slice(0, 40)));
        text = "";
        if (left-- > 0) socket.write(words);
        else resolve();
      });
      socket.write(words);
    });
  await Promise.all(sockets.map(one));
  for (const socket of sockets) socket.destroy();
}

/** The least of some seconds: between two collections of garbage, memory goes up and down. */
async function restingMemory(server: Serving): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    least = Math.min(least, memory(server, "VmRSS"));
  }
  return least;
}
