/**
 * A body in memory, at the pace of whoever reads it.
 *
 * @module
 */

import type { ServerResponse } from "node:http";

/** Bytes handed over at once. An answer that is handed over whole is copied for every client that reads slowly. */
const SLICE = 64 << 10;

/**
 * Sends it and ends the answer. A client that takes nothing for a while is let go: with the connection, since an
 * answer that stops short must not look complete.
 *
 * @param stallMs Milliseconds in which a slice has to be taken.
 */
export async function sendPaced(
  response: ServerResponse,
  body: Uint8Array,
  stallMs: number,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => response.destroy(), stallMs);
  };
  const closed = new Promise<void>((resolve) => {
    response.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  watch();
  for (let at = 0; at < body.length && !response.destroyed; at += SLICE) {
    if (response.write(body.subarray(at, at + SLICE))) continue;
    await Promise.race([
      new Promise<void>((resolve) => response.once("drain", resolve)),
      closed,
    ]);
    if (!response.destroyed) watch();
  }
  if (!response.destroyed) response.end();
}
