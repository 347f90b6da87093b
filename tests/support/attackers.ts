/**
 * Clients that take places of a server and give nothing, by kinds, in a process of their own: `bun attackers.ts PORT KIND COUNT
 * FROM TLS-PORTION`. Prints how many connections are open every half second until its end.
 *
 * @module
 */

import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { connect as connectTls } from "node:tls";

const [port = 0, count = 0] = [Number(process.argv[2]), Number(process.argv[4])];
const [kind = "", from = "127.0.0.1"] = [process.argv[3], process.argv[5]];
/** Connections that are begun at once: more only waits for the server's processor. */
const BATCH = 100;
/** Streams of each connection of HTTP/2. */
const STREAMS = 100;

const GET = "GET /big.bin HTTP/1.1\r\nHost: localhost\r\n";
const options = { port, host: "127.0.0.1", localAddress: from, rejectUnauthorized: false };
let open = 0;

/** The beginning of a record of TLS that promises 512 octets, and of a ClientHello in it (RFC 8446, 4.1.2). */
const HALF_HELLO = Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3);

function count1(socket: Socket): void {
  open++;
  socket.on("close", () => open--);
}

function over(socket: Socket, event: string, then: () => void): Promise<void> {
  return new Promise((resolve) => {
    socket.on("error", () => {}).on("close", () => resolve());
    socket.once(event, () => {
      count1(socket);
      then();
      resolve();
    });
  });
}

const KINDS: Readonly<Record<string, () => Promise<void>>> = {
  "bare TCP": () => {
    const socket = connect(options);
    return over(socket, "connect", () => {});
  },
  "half a ClientHello": () => {
    const socket = connect(options);
    return over(socket, "connect", () => socket.write(HALF_HELLO));
  },
  "idle after TLS": () => {
    const socket = connectTls(options);
    return over(socket, "secureConnect", () => {});
  },
  "half a head": () => {
    const socket = connectTls(options);
    return over(socket, "secureConnect", () => socket.write(GET));
  },
  "nothing read, HTTP/1.1": () => {
    const socket = connectTls(options);
    return over(socket, "secureConnect", () => {
      socket.pause();
      socket.write(`${GET}\r\n`);
    });
  },
  "nothing read, HTTP/2": () =>
    new Promise((resolve) => {
      // A window of nothing: no octet of an answer may be sent (RFC 9113, 6.9).
      const settings = { initialWindowSize: 0 };
      const session = connectHttp2(`https://127.0.0.1:${port}`, { ...options, settings });
      session.on("error", () => {}).on("close", () => resolve());
      session.once("connect", () => {
        open++;
        session.on("close", () => open--);
        for (let i = 0; i < STREAMS; i++) {
          session.request({ ":path": "/big.bin" }).on("error", () => {});
        }
        resolve();
      });
    }),
};

const begin = KINDS[kind]!;
setInterval(() => console.log(open), 500);
for (let i = 0; i < count; i += BATCH) {
  await Promise.all(Array.from({ length: Math.min(BATCH, count - i) }, begin));
}
console.log("all");
