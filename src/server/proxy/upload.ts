/**
 * Bodies of requests, no faster than the target reads them.
 *
 * @module
 */

import type { ClientRequest } from "node:http";
import { hold } from "../body.ts";
import type { NodeRequest, NodeResponse } from "../exchange.ts";
import type { Patience } from "./patience.ts";

const WRONG_LENGTH = "The body has another length than its request says";

/**
 * Passes the body of a request on, and holds the client back while the target does not read.
 *
 * @param patience With the target it runs while that takes nothing, and when it has got everything; with the client
 * while that sends nothing.
 */
export function passUp(
  request: NodeRequest,
  response: NodeResponse,
  outgoing: ClientRequest,
  patience: { readonly target: Patience; readonly client: Patience },
): void {
  const { target, client } = patience;
  const { "content-length": promised } = request.headers;
  let left = promised === undefined ? Infinity : Number(promised);
  let release: (() => void) | undefined;
  const goOn = () => {
    release?.();
    release = undefined;
  };
  request.on("data", (octets: Uint8Array) => {
    client.pause();
    left -= octets.length;
    // What is more than the length would be the next request to the target, what is less would swallow it.
    if (left < 0) return void outgoing.destroy(new Error(WRONG_LENGTH));
    if (outgoing.destroyed || outgoing.write(octets)) return client.start();
    target.start();
    release ??= hold(request);
  });
  request.on("end", () => {
    client.end();
    if (left > 0 && left !== Infinity) return void outgoing.destroy(new Error(WRONG_LENGTH));
    target.start();
    outgoing.end();
  });
  outgoing.on("drain", () => {
    if (!request.readableEnded) {
      target.pause();
      client.start();
    }
    goOn();
  });
  // What comes after an early answer is read and dropped: the connection may be used again.
  outgoing.on("close", goOn);
  response.on("close", goOn);
  client.start();
}
