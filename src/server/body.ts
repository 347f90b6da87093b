/**
 * Bodies of requests: whether there is one, and holding it back.
 *
 * @module
 */

import { isHttp2, type NodeRequest } from "./exchange.ts";

/**
 * Holds a client back: what it sends stays with it.
 *
 * Over HTTP/2 the windows of a stream see to that. Over HTTP/1.1 a paused request goes on taking what arrives where
 * node:http2 serves it too (allowHTTP1), and keeps all of it in memory: only its connection can be held.
 *
 * @returns What lets it go on.
 */
export function hold(request: NodeRequest): () => void {
  const socket = isHttp2(request) ? undefined : request.socket;
  request.pause();
  socket?.pause();
  return () => {
    socket?.resume();
    request.resume();
  };
}

/** Whether a body follows the head of a request. */
export function hasBody(request: NodeRequest): boolean {
  const { headers, method } = request;
  // HTTP/2 needs no field for it: whether the head ended the stream tells (RFC 9113, 8.1), whatever the method.
  if (isHttp2(request)) {
    return (request as { stream?: { endAfterHeaders?: boolean } }).stream?.endAfterHeaders !== true;
  }
  if (headers["transfer-encoding"] !== undefined) return true;
  const length = headers["content-length"];
  return length !== undefined && (length !== "0" || isSending(method));
}

function isSending(method: string | undefined): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH";
}
