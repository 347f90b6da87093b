/**
 * The Chrome DevTools protocol over a pair of pipes (`--remote-debugging-pipe`): JSON messages, each ended
 * by a zero byte. Pipes work across network namespaces and need no port.
 *
 * @module
 */

import type { Duplex, Writable } from "node:stream";

// deno-lint-ignore no-explicit-any
type Json = any;

/** An event of the browser. */
export interface DevtoolsEvent {
  readonly method: string;
  readonly params: Json;
  readonly sessionId?: string;
}

/** A connection to a browser. */
export interface Devtools {
  /** Sends a command and waits for its answer; throws with the protocol's own message. */
  send(method: string, params?: object, sessionId?: string): Promise<Json>;
  /** Calls back for every event until the returned function is called. */
  listen(listener: (event: DevtoolsEvent) => void): () => void;
}

/** Milliseconds for one command. Starting a browser on a busy machine takes several seconds. */
const COMMAND_TIMEOUT_MS = 30_000;

/** Speaks DevTools on file descriptors 3 (to the browser) and 4 (from it). */
export function connectDevtools(pipes: readonly (Writable | Duplex)[]): Devtools {
  const [input, output] = pipes as [Writable, Duplex];
  const waiting = new Map<number, (answer: Json) => void>();
  const listeners = new Set<(event: DevtoolsEvent) => void>();
  let nextId = 1;
  let rest = "";
  // What is written to a browser that has ended is lost; its command then runs into its time limit.
  input.on("error", () => {});
  output.setEncoding("utf8").on("data", (text: string) => {
    const messages = (rest + text).split("\0");
    rest = messages.pop() ?? "";
    for (const message of messages) {
      const parsed = JSON.parse(message);
      if (parsed.id === undefined) {
        for (const listener of [...listeners]) listener(parsed);
      } else {
        waiting.get(parsed.id)?.(parsed);
        waiting.delete(parsed.id);
      }
    }
  });
  output.on("error", () => {});
  return {
    send(method, params = {}, sessionId) {
      const id = nextId++;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(new Error(`Chromium did not answer ${method}`));
        }, COMMAND_TIMEOUT_MS);
        waiting.set(id, (answer) => {
          clearTimeout(timer);
          if (answer.error === undefined) resolve(answer.result);
          else reject(new Error(`${method}: ${answer.error.message}`));
        });
        input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      });
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
