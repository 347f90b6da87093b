/** `localtls serve` while somebody exchanges what it serves for links that lead out of the directory. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { LARGE_OCTETS, makeInside } from "../support/exchanger.ts";
import { start } from "../support/processes.ts";
import { makeScratch } from "../support/scratch.ts";
import { type Serving, startServing } from "../support/serving.ts";

const SLOW = { timeout: 180_000 };
const SECONDS = 10;
const ATTACKER = fileURLToPath(new URL("../support/exchanger.ts", import.meta.url));
const CLIENTS = 4;
const PATHS = [
  "/file.txt",
  "/dir/file.txt",
  "/large.bin",
  "/dir/large.bin",
  "/dir/",
  "/dir/file.txt?x",
];

/** Asks for one path after another on one connection. @returns How many answers came, and those from outside. */
function ask({ port }: Serving, until: number, number: number) {
  return new Promise<{ answers: number; outside: number; inside: number }>((resolve, reject) => {
    let answers = 0;
    let outside = 0;
    let inside = 0;
    let text = "";
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    const next = () => {
      text = "";
      if (Date.now() > until) {
        socket.end();
        return;
      }
      const path = PATHS[(answers + number) % PATHS.length];
      // A query of its own each time: what is in memory answers for nobody else.
      const query = answers % 2 === 0 ? "" : `?${number}-${answers}`;
      socket.write(`GET ${path}${query} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    };
    socket.on("secureConnect", next);
    socket.on("data", (data) => {
      text += data.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? NaN);
      if (end < 0 || text.length < end + 4 + length) return;
      answers++;
      if (/OUTSIDE|outside|ooooo/.test(text)) outside++;
      if (/\r\n\r\ninside|iiiii|inside\.name/.test(text)) inside++;
      next();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve({ answers, outside, inside }));
  });
}

for (const command of [["serve", "site"], ["proxy", "--route", "/=./site"]]) {
  test(`${command[0]}: nothing from outside of the directory under attack`, SLOW, async (t) => {
    const scratch = makeScratch();
    const site = join(scratch.work, "site");
    const outside = join(scratch.work, "elsewhere");
    makeInside(site);
    mkdirSync(join(outside, "dir"), { recursive: true });
    for (const directory of [outside, join(outside, "dir")]) {
      writeFileSync(join(directory, "file.txt"), "OUTSIDE");
      writeFileSync(join(directory, "large.bin"), "o".repeat(LARGE_OCTETS));
      writeFileSync(join(directory, "outside.name"), "OUTSIDE");
    }
    const server = await startServing(scratch, [
      ...command,
      "--port",
      "0",
      "--host",
      "127.0.0.1",
      "--quiet",
    ]);
    const attacker = start([process.execPath, ATTACKER, site, outside, String(SECONDS)]);
    try {
      const until = Date.now() + SECONDS * 1000;
      const clients = Array.from({ length: CLIENTS }, (_, i) => ask(server, until, i));
      const sums = { answers: 0, outside: 0, inside: 0 };
      for (const one of await Promise.all(clients)) {
        sums.answers += one.answers;
        sums.outside += one.outside;
        sums.inside += one.inside;
      }
      const { code, stdout, stderr } = await attacker.ended;
      assert.equal(code, 0, stderr);
      t.diagnostic(`${JSON.stringify(sums)}, ${stdout.trim()} exchanges`);
      // Both had work to do, and what is inside was still to be had.
      assert.ok(sums.answers > 2_000 && Number(stdout) > 500, JSON.stringify(sums) + stdout);
      assert.ok(sums.inside > 200, JSON.stringify(sums));
      const descriptors = readdirSync(`/proc/${server.process.pid}/fd`).length;
      assert.ok(descriptors < 60, `${descriptors} descriptors are open`);
      assert.equal(sums.outside, 0, `${JSON.stringify(sums)}, ${stdout.trim()} exchanges`);
    } finally {
      await attacker.stop();
      await server.process.stop();
    }
  });
}
