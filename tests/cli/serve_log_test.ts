/** The access log on a disk that is full, and in a pipe whose reader is slow or gone: the server goes on, and so does the log. */

import assert from "node:assert/strict";
import {
  closeSync,
  constants,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mustRun, type ProcessOptions, run, start, waitFor } from "../support/processes.ts";
import { exchange } from "../support/raw_https.ts";
import { makeScratch } from "../support/scratch.ts";
import { type Serving, startServing } from "../support/serving.ts";
import { withTmpfs } from "../support/tmpfs.ts";

const SLOW = { timeout: 180_000 };
const GET = "GET /k.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LAST = GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
/** A server whose log failed kept 500 octets of each: 150 MB. */
const REQUESTS = 100_000;
const MOST_GROWTH_MB = 30;

const scratch = makeScratch();
writeFileSync(join(scratch.work, "k.txt"), "k");

/** Starts a server whose stderr is the file. */
function startLogging(file: string): Promise<Serving> {
  const spawn = (argv: readonly string[], options: ProcessOptions) =>
    start(["sh", "-c", `exec "$@" 2>>"$LOG"`, "sh", ...argv], {
      ...options,
      env: { ...options.env, LOG: file },
    });
  return startServing(scratch, ["serve", ".", "--port=0", "--host=127.0.0.1"], {
    spawn: (argv, options = {}) => spawn(argv, options),
  });
}

async function askOften(port: number, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 2_000) {
    const { text } = await exchange(port, GET.repeat(1_999) + LAST);
    assert.equal(text.match(/HTTP\/1\.1 200 OK\r\n/g)?.length, 2_000);
  }
}

const askFor = (port: number, path: string) =>
  run(["curl", "-sSk", "-m", "5", "-o", "/dev/null", `https://127.0.0.1:${port}${path}`]);

function memory({ process: { pid } }: Serving): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_000;
}

test("a full disk: nothing is kept, one warning, and the log goes on", SLOW, async () => {
  await withTmpfs("1m", async (directory) => {
    const log = join(directory, "log");
    const server = await startLogging(log);
    try {
      await askFor(server.port, "/first");
      await waitFor("the log", () => readFileSync(log, "utf8").includes("/first"));
      // It fills what is left.
      await askOften(server.port, 40_000);
      const before = memory(server);
      await askOften(server.port, REQUESTS);
      const grown = memory(server) - before;
      assert.ok(grown < MOST_GROWTH_MB, `${grown} MB more`);
      writeFileSync(log, "");
      const isBack = async () => {
        await askFor(server.port, "/back");
        return readFileSync(log, "utf8").includes(" /back ");
      };
      await waitFor("the log's return", isBack, 20_000);
      await new Promise((resolve) => setTimeout(resolve, 500));
      const text = readFileSync(log, "utf8").replaceAll("\0", "");
      assert.equal(
        text.match(/lines of the log are missing here: No space left/g)?.length,
        1,
        text,
      );
    } finally {
      await server.process.stop();
    }
  });
});

/** A pipe with a name, and its end that is read, which waits for nobody. */
async function makePipe(name: string): Promise<{ path: string; reader: number }> {
  const path = join(scratch.work, name);
  await mustRun(["mkfifo", path]);
  return { path, reader: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK) };
}

function readAll(descriptor: number): string {
  const bytes = new Uint8Array(1 << 16);
  let text = "";
  try {
    for (let count = 1; count > 0;) {
      count = readSync(descriptor, bytes);
      text += new TextDecoder().decode(bytes.subarray(0, count));
    }
  } catch {
    // EAGAIN: that was all.
  }
  return text;
}

test("a reader that has stopped holds up neither the answers nor the end", SLOW, async () => {
  const { path, reader } = await makePipe("stopped");
  const server = await startLogging(path);
  try {
    await askOften(server.port, 10_000);
    assert.equal((await askFor(server.port, "/k.txt")).code, 0);
    // It reads again.
    let text = "";
    const isBack = async () => {
      await askFor(server.port, "/back");
      return (text += readAll(reader)).includes(" /back ");
    };
    await waitFor("the log's return", isBack, 20_000);
    for (const line of text.trim().split("\n").slice(0, -1)) {
      assert.match(line, /^\d\d:\d\d:\d\dZ 127\.0\.0\.1 GET |^localtls: warning: /);
    }
    // It stops again, for good.
    await askOften(server.port, 10_000);
    const began = performance.now();
    server.process.child.kill("SIGTERM");
    assert.equal((await server.process.ended).code, 0);
    assert.ok(performance.now() - began < 10_000);
  } finally {
    closeSync(reader);
    await server.process.stop();
    rmSync(path);
  }
});

test("a reader that has gone takes nobody with it; another one hears more", SLOW, async () => {
  const { path, reader } = await makePipe("gone");
  const server = await startLogging(path);
  try {
    await askFor(server.port, "/first");
    await waitFor("the log", () => readAll(reader).includes("/first"));
    closeSync(reader);
    // A heap finds its size.
    await askOften(server.port, 40_000);
    const before = memory(server);
    await askOften(server.port, REQUESTS);
    const grown = memory(server) - before;
    assert.ok(grown < MOST_GROWTH_MB, `${grown} MB more`);
    const next = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const isBack = async () => {
      await askFor(server.port, "/back");
      return readAll(next).includes(" /back ");
    };
    await waitFor("the log's return", isBack, 20_000);
    closeSync(next);
  } finally {
    await server.process.stop();
    rmSync(path);
  }
});
