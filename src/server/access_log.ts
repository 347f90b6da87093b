/**
 * A line for every request.
 *
 * @module
 */

import type { Handler, WebRequest, WebResponse } from "./exchange.ts";

/** Milliseconds that lines are collected for: a write for each would cost more than the answers. */
const FLUSH_MS = 100;

/** Longer targets are cut: a log is for people. */
const MAX_TARGET = 200;

/** What lines say besides, by the answers that they are for. */
const notes = new WeakMap<object, string>();

/** Says more in the line of an answer: what is for who runs the server, and not for its clients. @param text One line. */
export function noteForLog(response: object, text: string): void {
  notes.set(response, text);
}

/**
 * Adds the log to a handler.
 *
 * @param write Takes one or several lines.
 */
export function logged<Request extends WebRequest, Response extends WebResponse>(
  handler: Handler<Request, Response>,
  write: (lines: string) => void,
): Handler<Request, Response> {
  let lines: string[] = [];
  const flush = () => {
    // First of all: whatever happens to these, the next ones are collected anew.
    const text = lines.join("\n");
    lines = [];
    write(text);
  };
  return (request, response) => {
    const start = performance.now();
    // Asked now: a connection that has ended knows of no address any more.
    const from = (request.socket?.remoteAddress ?? "-").replace(/^::ffff:/, "");
    response.once("close", () => {
      const took = Math.round(performance.now() - start);
      // An answer that was cut short has an end all the same; the line says so.
      const status = response.writableEnded ? response.statusCode : `${response.statusCode}-`;
      const note = notes.get(response);
      const text = line(request, from, status, took) + (note === undefined ? "" : `: ${note}`);
      if (lines.push(text) === 1) setTimeout(flush, FLUSH_MS);
    });
    return handler(request, response);
  };
}

function line(request: WebRequest, from: string, status: number | string, took: number): string {
  const time = new Date().toISOString().slice(11, 19);
  const target = request.url ?? "/";
  const shown = target.length > MAX_TARGET ? `${target.slice(0, MAX_TARGET)}...` : target;
  return `${time}Z ${from} ${request.method} ${shown} ${status} ${took} ms`;
}
