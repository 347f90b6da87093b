/**
 * Bodies of requests, no faster than the target reads them.
 *
 * @module
 */

import type { ClientRequest } from "node:http";
import { hold } from "../body.ts";
import type { NodeRequest, NodeResponse } from "../exchange.ts";
import type { Patience } from "./patience.ts";

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
  let release: (() => void) | undefined;
  const goOn = () => {
    release?.();
    release = undefined;
  };
  request.on("data", (octets: Uint8Array) => {
    client.pause();
    if (outgoing.destroyed || outgoing.write(octets)) return client.start();
    target.start();
    release ??= hold(request);
  });
  request.on("end", () => {
    client.end();
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
