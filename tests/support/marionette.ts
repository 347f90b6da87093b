/**
 * Marionette, the protocol behind geckodriver: `length:json` over TCP on the loopback of the machine that
 * Firefox runs on. A relay there connects it to pipes of this process.
 *
 * @module
 */

import type { Duplex, Writable } from "node:stream";
import type { NetworkHost } from "./netns.ts";
import { type RunningProcess, start } from "./processes.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

/** An answer that is an error of WebDriver's list: `insecure certificate`, `unknown error`. */
export class MarionetteError extends Error {
  /** WebDriver's error code. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** A connection to Firefox. */
export interface Marionette {
  /** Sends a command and waits for its answer. Throws {@link MarionetteError}. */
  send(command: string, parameters?: object): Promise<Json>;
  close(): Promise<void>;
}

/** Milliseconds for one command; a page load is one. */
const COMMAND_TIMEOUT_MS = 30_000;

/** Connects. Throws where nobody listens yet. */
export async function connectMarionette(port: number, host?: NetworkHost): Promise<Marionette> {
  const script = `exec 5<>/dev/tcp/127.0.0.1/${port} || exit 1; cat <&5 >&4 & cat <&3 >&5`;
  const argv = ["bash", "-c", script];
  const relay = host === undefined
    ? start(argv, { pipes: true })
    : host.spawn(argv, { pipes: true });
  const [input, output] = relay.pipes as [Writable, Duplex];
  const waiting = new Map<number, (answer: Json) => void>();
  let nextId = 1;
  let greeted = () => {};
  const greeting = new Promise<void>((resolve) => greeted = resolve);
  input.on("error", () => {});
  output.on("error", () => {});
  readPackets(output, (packet) => {
    if (!Array.isArray(packet)) greeted();
    else waiting.get(packet[1])?.(packet);
  });
  const refused = relay.ended.then(() => {
    throw new Error(`Nobody listens on Marionette's port ${port}`);
  });
  refused.catch(() => {});
  await Promise.race([greeting, refused]);
  return {
    send: (command, parameters = {}) => exchange(command, parameters, relay),
    async close() {
      await relay.stop();
    },
  };

  function exchange(command: string, parameters: object, via: RunningProcess): Promise<Json> {
    const id = nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`Firefox did not answer ${command}`)),
        COMMAND_TIMEOUT_MS,
      );
      waiting.set(id, ([, , error, result]) => {
        clearTimeout(timer);
        waiting.delete(id);
        if (error === null) resolve(result);
        else reject(new MarionetteError(error.error, error.message));
      });
      via.ended.then(() => reject(new Error(`Firefox ended during ${command}`)));
      const json = JSON.stringify([0, id, command, parameters]);
      input.write(`${Buffer.byteLength(json)}:${json}`);
    });
  }
}

/** Splits a stream of `length:json`; the length counts bytes. */
function readPackets(stream: Duplex, take: (packet: Json) => void): void {
  let pending = Buffer.alloc(0);
  stream.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const colon = pending.indexOf(":");
      if (colon < 0) return;
      const end = colon + 1 + Number(pending.toString("ascii", 0, colon));
      if (pending.length < end) return;
      const packet = pending.toString("utf8", colon + 1, end);
      pending = pending.subarray(end);
      take(JSON.parse(packet));
    }
  });
}
