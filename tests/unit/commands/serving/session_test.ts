import assert from "node:assert/strict";
import { test } from "node:test";
import type { KeySource } from "../../../../src/commands/serving/key_source.ts";
import { runSession } from "../../../../src/commands/serving/session.ts";
import { LocalTlsError } from "../../../../src/errors.ts";
import { ANY_HOST } from "../../../../src/server/own_hosts.ts";
import type { SecureServer } from "../../../../src/server/secure_server.ts";
import { makeContext } from "../../../support/fake_context.ts";
import { createFakeHost } from "../../../support/fake_host.ts";

/** A server that has lost its port, and gets it back after so many tries. */
function losing(tries: number) {
  const host = createFakeHost();
  const stop = new AbortController();
  host.stopSignal = () => stop.signal;
  const { context, warnings, events } = makeContext(host);
  const calls: string[] = [];
  let isListening = false;
  const server: SecureServer = {
    port: 8443,
    get isListening() {
      return isListening;
    },
    listenAgain() {
      calls.push("listen");
      if (calls.length < tries) {
        return Promise.reject(new LocalTlsError("NETWORK", `Cannot listen on "[::]:8443": taken`));
      }
      isListening = true;
      return Promise.resolve();
    },
    replaceKeyPair: () => Promise.resolve(),
    close() {
      calls.push("close");
      return Promise.resolve(true);
    },
  };
  const source = {
    next() {
      stop.abort();
      return Promise.resolve(undefined);
    },
  } as unknown as KeySource;
  const session = { server, source, hosts: ANY_HOST, close: () => void calls.push("redirect") };
  return { run: () => runSession(context, session), calls, warnings, events };
}

test("a server that cannot listen any more tries again, with one warning, and goes on", async () => {
  const { run, calls, warnings, events } = losing(5);
  assert.equal(await run(), 0);
  assert.deepEqual(calls, [...Array(5).fill("listen"), "redirect", "close"]);
  assert.deepEqual(warnings, [
    'NETWORK: new connections are not taken, which is tried again: Cannot listen on "[::]:8443": taken',
  ]);
  assert.ok(JSON.stringify(events).includes("it listens on port 8443 again"));
});

test("after half a minute it ends with the error", async () => {
  const { run, calls, warnings } = losing(1_000);
  await assert.rejects(run(), /^LocalTlsError: Cannot listen on "\[::\]:8443": taken/);
  assert.deepEqual(calls, [...Array(30).fill("listen"), "redirect", "close"]);
  assert.equal(warnings.length, 1);
});
