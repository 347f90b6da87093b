/**
 * Octets over TLS, as they are: for requests that no client library would send.
 *
 * @module
 */

import { connect } from "node:tls";

/** What came back. */
export interface RawAnswer {
  readonly text: string;
  /** The status of each answer. */
  readonly statuses: readonly number[];
  /** Whether the server closed the connection within the time. */
  readonly closed: boolean;
}

/** Sends, and listens until the server closes or nothing comes for a while. */
export function exchange(port: number, bytes: string, quietMs = 1_500): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let text = "";
    const finish = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      const statuses = [...text.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(([, code]) =>
        Number(code)
      );
      resolve({ text, statuses, closed });
    };
    let timer = setTimeout(() => finish(false), 10_000);
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      socket.write(bytes, "latin1");
      clearTimeout(timer);
      timer = setTimeout(() => finish(false), quietMs);
    });
    socket.on("data", (data) => {
      text += data.toString("latin1");
      clearTimeout(timer);
      timer = setTimeout(() => finish(false), quietMs);
    });
    socket.on("error", () => finish(true));
    socket.on("close", () => finish(true));
  });
}
