/**
 * Cases of h2spec that `localtls proxy` does not pass. Reviewed by hand: all of them are of node:http2 in Bun, below the
 * code of this project; none of them lets a client read or change what is another's.
 *
 * @module
 */

import type { Deviations } from "../support/conformance.ts";

const IDLE = "RFC 9113, 5.1: the runtime resets or ignores the stream and keeps the connection";
const CLOSED = "RFC 9113, 5.1: the runtime ignores frames of a stream that it has forgotten";
const PRIORITY = "RFC 9113, 5.3.2 has taken priorities out of HTTP/2: the runtime ignores them";

/** Why, by case. */
export const HTTP2_DEVIATIONS: Deviations = {
  "http2/5.1 idle: Sends a DATA frame": IDLE,
  "http2/5.1 idle: Sends a WINDOW_UPDATE frame": IDLE,
  "http2/5.1 closed: Sends a DATA frame after sending RST_STREAM frame": CLOSED,
  "http2/5.1 closed: Sends a DATA frame": CLOSED,
  "http2/5.1 closed: Sends a HEADERS frame": CLOSED,
  "http2/5.1.1 Sends stream identifier that is numerically smaller than previous": CLOSED,
  "http2/5.3.1 Sends HEADERS frame that depend on itself": PRIORITY,
  "http2/5.3.1 Sends PRIORITY frame that depend on itself": PRIORITY,
  "http2/6.7 Sends a PING frame with ACK":
    "RFC 9113, 6.7 does not say what follows an answer to no question: the runtime closes the " +
    "connection, as Node.js does",
  "http2/6.9.2 Sends a SETTINGS frame for window size to be negative":
    "RFC 9113, 6.9.2: the runtime sends as much as the new window holds, and does not count what " +
    "it has sent before",
};
