/**
 * The least that a server in this runtime can do: the same octets for whatever comes over TLS, nothing read, nothing
 * looked up. `fixed_answer PORT CERT KEY`.
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { CIPHER_LIST } from "../../../src/recipes/tls_profile.ts";

interface Socket {
  write(bytes: Uint8Array, offset: number, length: number): number;
}

interface Runtime {
  readonly Bun: { listen(options: Record<string, unknown>): unknown };
}

/** Octets of a head as `serve` writes it, and of the small file. */
const [HEAD, BODY] = [300, 1_000];

const [port, cert, key] = process.argv.slice(2);
const start = `HTTP/1.1 200 OK\r\ncontent-length: ${BODY}\r\nx-filler: `;
const answer = new TextEncoder().encode(
  `${start.padEnd(HEAD - 4, "a")}\r\n\r\n${"a".repeat(BODY)}`,
);

(globalThis as unknown as Runtime).Bun.listen({
  hostname: "127.0.0.1",
  port: Number(port),
  tls: {
    cert: readFileSync(cert!, "utf8"),
    key: readFileSync(key!, "utf8"),
    ciphers: CIPHER_LIST,
  },
  socket: {
    data(socket: Socket) {
      socket.write(answer, 0, answer.length);
    },
  },
});
