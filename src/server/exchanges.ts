/**
 * What a server has under way.
 *
 * @module
 */

import type { Duplex } from "node:stream";
import { abort, type Handler, type WebRequest, type WebResponse } from "./exchange.ts";
import { sendError } from "./page.ts";

/** The requests that are under way, and the connections. */
export class Exchanges<Request extends WebRequest, Response extends WebResponse> {
  readonly #handler: Handler<Request, Response>;
  readonly #sockets = new Set<Duplex>();
  #underway = 0;
  #whenIdle: (() => void) | undefined;

  constructor(handler: Handler<Request, Response>) {
    this.#handler = handler;
  }

  run(request: Request, response: Response): void {
    this.#underway++;
    response.once("close", () => this.#ended());
    try {
      const answer = this.#handler(request, response);
      if (answer instanceof Promise) answer.catch(() => answerFailure(request, response));
    } catch {
      answerFailure(request, response);
    }
  }

  addSocket(socket: Duplex): void {
    if (this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
  }

  /** @returns Whether nothing is under way any more. */
  async finish(graceMs: number): Promise<boolean> {
    if (this.#underway === 0) return true;
    return await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), graceMs);
      this.#whenIdle = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #ended(): void {
    this.#underway--;
    if (this.#underway === 0) this.#whenIdle?.();
  }
}

function answerFailure(request: WebRequest, response: WebResponse): void {
  if (response.headersSent) abort(response);
  else sendError(request, response, 500, "This server made a mistake.");
}
