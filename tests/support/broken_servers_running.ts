/**
 * Runs the servers of broken_servers.ts.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ADDRESS, type BrokenServer } from "./broken_servers.ts";
import type { NetworkHost } from "./netns.ts";
import type { RunningProcess } from "./processes.ts";
import { scratchDirectory } from "./sandbox.ts";

/** A server as it runs. */
export interface RunningServer {
  readonly id: string;
  readonly url: string;
  readonly port: number;
}

/** Node runs them: its OpenSSL takes everything at security level 0. */
const PROGRAM = `
const { readFileSync } = require("node:fs");
const net = require("node:net"), tls = require("node:tls"), https = require("node:https");
for (const server of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const { port, host: _, plain, alert, clientCertificate, ...options } = server;
  const listen = (one) => one.on("error", () => {}).listen(port, "0.0.0.0");
  if (alert !== undefined) {
    listen(net.createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, alert])));
    }));
  } else if (plain !== undefined) {
    listen(net.createServer((socket) => {
      socket.on("error", () => {});
      if (plain === "banner") return socket.end("SSH-2.0-OpenSSH_9.2p1\\r\\n");
      if (plain === "close") return socket.once("data", () => socket.end());
      socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\n\\r\\n"));
    }));
  } else {
    if (clientCertificate !== undefined) options.requestCert = true;
    options.dhparam = 'auto';
    options.rejectUnauthorized = clientCertificate === "required";
    listen(https.createServer(options, (request, response) => response.end("answered")));
  }
}
console.log("ready");
`;

/** Above it no port is one that browsers refuse (Fetch, 2.10), save 6000, 6566, 6665 to 6669, 6679, 6697 and 10080. */
const FIRST_PORT = 4201;

/** Starts the servers on a host, each on a port of its own. */
export async function startBrokenServers(
  host: NetworkHost,
  servers: readonly BrokenServer[],
): Promise<{ readonly running: readonly RunningServer[]; readonly program: RunningProcess }> {
  const directory = scratchDirectory("broken");
  const running = servers.map(({ id, host: name = ADDRESS, port = 0 }, i) => {
    const at = port || FIRST_PORT + i;
    return { id, port: at, url: `https://${name}:${at}/` };
  });
  const settings = servers.flatMap(({ id: _, absent, chain, host: _host, ...rest }, i) =>
    absent === true ? [] : [{
      ...rest,
      port: running[i]!.port,
      minVersion: rest.minVersion ?? "TLSv1.2",
      ...(chain !== undefined &&
        { cert: chain.map(({ pem }) => pem).join(""), key: chain[0]!.key.pem }),
    }]
  );
  writeFileSync(join(directory, "settings.json"), JSON.stringify(settings));
  writeFileSync(join(directory, "servers.cjs"), PROGRAM);
  const program = host.spawn([
    "node",
    join(directory, "servers.cjs"),
    join(directory, "settings.json"),
  ]);
  for (const { port } of settings) await host.listening(port);
  return { running, program };
}
