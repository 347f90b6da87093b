/** The certificate changes while a server runs: in the listener that is open, so that the port is nobody else's for a moment. */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import type { WebRequest, WebResponse } from "../../src/server/exchange.ts";
import { send } from "../../src/server/exchange.ts";
import { startHttp1Server } from "../../src/server/http1/http1_server.ts";
import { type KeyPair, startSecureServer } from "../../src/server/secure_server.ts";
import { makeIdentity } from "../support/identity.ts";
import { start, waitFor } from "../support/processes.ts";
import { requireSandbox } from "../support/sandbox.ts";
import { makeScratch } from "../support/scratch.ts";

const SLOW = { timeout: 120_000 };
const CHANGES = 300;
/** An unprivileged user. */
const OTHER_USER = "1500";

/** Wants the port again and again, and says so when it has it. */
const THIEF = `
const net = require("node:net");
const [port, tries] = [Number(process.argv.at(-1)), { count: 0 }];
setInterval(() => console.log("tries", tries.count), 200);
const again = () => {
  tries.count++;
  const server = net.createServer().on("error", () => setImmediate(again));
  server.listen(port, "127.0.0.1", () => console.log("STOLEN"));
};
again();`;

async function keyPair(directory: string): Promise<KeyPair> {
  mkdirSync(directory, { recursive: true });
  const { keyFile, leafFile } = await makeIdentity(directory, "p256");
  return { cert: readFileSync(leafFile, "utf8"), key: readFileSync(keyFile, "utf8") };
}

function open(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", rejectUnauthorized: false };
    const socket = connect(options, () => resolve(socket));
    socket.on("error", reject);
  });
}

async function ask(socket: TLSSocket): Promise<void> {
  let text = "";
  const hear = (data: Uint8Array) => text += new TextDecoder().decode(data);
  socket.on("data", hear);
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await waitFor("an answer", () => text.endsWith("fine") || socket.destroyed, 10_000);
  socket.removeListener("data", hear);
  assert.match(text, /^HTTP\/1\.1 200 [^]*fine$/);
}

const SERVERS = {
  serve: async (pair: KeyPair) => {
    const handler = (request: WebRequest, response: WebResponse) =>
      send(request, response, 200, {}, "fine");
    const site = { addresses: ["127.0.0.1"], port: 0, keyPair: pair, handler };
    return startHttp1Server(site) ?? await startSecureServer(site);
  },
  proxy: (pair: KeyPair) =>
    startSecureServer({
      addresses: ["127.0.0.1"],
      port: 0,
      keyPair: pair,
      http2: true,
      handler: (request, response) => send(request, response, 200, {}, "fine"),
    }),
};

for (const [kind, startServer] of Object.entries(SERVERS)) {
  describe(kind, () => {
    test(`another user never gets the port in ${CHANGES} changes`, SLOW, async () => {
      requireSandbox();
      const { work } = makeScratch();
      const [a, b] = [await keyPair(join(work, "a")), await keyPair(join(work, "b"))];
      const server = await startServer(a);
      const kept = await open(server.port);
      const as = ["setpriv", `--reuid=${OTHER_USER}`, `--regid=${OTHER_USER}`, "--clear-groups"];
      const words = [...as, process.execPath, "-e", THIEF, "--", `${server.port}`];
      const thief = start(words, { cwd: "/", env: { HOME: "/" } });
      try {
        await waitFor("the thief", () => /tries [1-9]/.test(thief.output()), 20_000);
        const before = await presented(server.port);
        for (let i = 0; i < CHANGES; i++) {
          await server.replaceKeyPair(i % 2 === 0 ? b : a);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        assert.doesNotMatch(thief.output(), /STOLEN/);
        assert.equal(await presented(server.port), before);
        await server.replaceKeyPair(b);
        assert.notEqual(await presented(server.port), before);
        // Who was there before stays.
        await ask(kept);
        assert.equal(server.isListening, true);
      } finally {
        await thief.stop();
        kept.destroy();
        await server.close(0);
      }
    });

    test("a pair that is none is refused, and the one in use stays", SLOW, async () => {
      const { work } = makeScratch();
      const [a, b] = [await keyPair(join(work, "a")), await keyPair(join(work, "b"))];
      const server = await startServer(a);
      try {
        const before = await presented(server.port);
        for (const bad of [{ cert: a.cert, key: b.key }, { cert: "", key: "" }]) {
          await assert.rejects(server.replaceKeyPair(bad), /^LocalTlsError: Cannot use the cert/);
        }
        assert.equal(await presented(server.port), before);
      } finally {
        await server.close(0);
      }
    });
  });
}

/** The fingerprint that a new connection sees. */
async function presented(port: number): Promise<string> {
  const socket = await open(port);
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
