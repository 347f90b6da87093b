/**
 * Ends what is held for clients that do not take it.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { abort, type NodeRequest, type NodeResponse } from "./exchange.ts";

/** Something that is written to. */
interface Writer extends EventEmitter {
  readonly writableLength?: number;
  destroy(): unknown;
}

interface Watched {
  /** What is held, and what has gone: a change is progress. */
  state(): { readonly held: number; readonly gone: number };
  giveUp(): void;
  held: number;
  gone: number;
  since: number;
}

/** What a server writes. */
export class Stalls {
  readonly #stallMs: number;
  readonly #watched = new Map<EventEmitter, Watched>();

  /** @param stallMs Milliseconds in which a client has to take something, where something is held for it. */
  constructor(stallMs: number) {
    this.#stallMs = stallMs;
  }

  /** An answer, until it is gone. Over HTTP/2 its stream alone is ended. */
  answer(request: NodeRequest, response: NodeResponse): void {
    const { stream } = response as { stream?: Writer };
    const { socket } = request;
    this.#watch(response, stream ?? response, stream ?? socket, () => abort(response));
  }

  /** A connection that speaks another protocol. */
  socket(socket: Writer): void {
    this.#watch(socket, socket, socket, () => socket.destroy());
  }

  /** Ends what has stalled. @param now Milliseconds. */
  look(now: number): void {
    for (const watched of [...this.#watched.values()]) {
      const { held, gone } = watched.state();
      if (held === 0 || held !== watched.held || gone !== watched.gone) {
        watched.held = held;
        watched.gone = gone;
        watched.since = now;
      } else if (now - watched.since > this.#stallMs) watched.giveUp();
    }
  }

  #watch(key: EventEmitter, writer: Writer, below: unknown, giveUp: () => void): void {
    let drained = 0;
    writer.on("drain", () => drained++);
    const state = () => ({
      held: Math.max(writer.writableLength ?? 0, (below as Writer).writableLength ?? 0),
      gone: drained + ((below as Partial<Socket>).bytesWritten ?? 0),
    });
    this.#watched.set(key, { state, giveUp, held: 0, gone: 0, since: performance.now() });
    key.once("close", () => this.#watched.delete(key));
  }
}
