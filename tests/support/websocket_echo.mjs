/** A WebSocket server that sends back what it gets: `node websocket_echo.mjs WS_PACKAGE`. Prints its port. */

import { createRequire } from "node:module";
import process from "node:process";

const { WebSocketServer } = createRequire(import.meta.url)(process.argv[2]);

/** The largest message of Autobahn's suite has 16 MiB, and others come in 65,536 fragments. */
const limits = { maxPayload: 32 * 1024 * 1024, maxFragments: 0 };

const server = new WebSocketServer(
  { port: 0, host: "127.0.0.1", perMessageDeflate: true, ...limits },
  () => console.log(`port ${server.address().port}`),
);
server.on("connection", (connection) => {
  // What a case does wrong is an error here; the connection's end is the answer to it.
  connection.on("error", () => {});
  connection.on("message", (message, isBinary) => connection.send(message, { binary: isBinary }));
});
