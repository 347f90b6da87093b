/**
 * Plain HTTP that only says where HTTPS is.
 *
 * @module
 */

import { createServer, type Server } from "node:http";
import { requestHost } from "./exchange.ts";
import { LIMITS } from "./limits.ts";
import { hostOf, type OwnHosts, refuseHost } from "./own_hosts.ts";
import { sendError } from "./page.ts";
import { listenError } from "./secure_server.ts";

/** A redirecting server. */
export interface HttpRedirect {
  readonly port: number;
  close(): void;
}

/** There is nothing to wait for here: the answer is a line. */
const TIMES = {
  headersTimeout: LIMITS.headMs,
  requestTimeout: LIMITS.headMs,
  keepAliveTimeout: LIMITS.headMs,
};

/** Where it listens and sends to. */
export interface HttpRedirectOptions {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly httpsPort: number;
  /** Nobody is sent to another host. */
  readonly hosts: OwnHosts;
}

/** Starts it. Throws NETWORK. */
export async function startHttpRedirect(
  { addresses, port, httpsPort, hosts }: HttpRedirectOptions,
): Promise<HttpRedirect> {
  const servers: Server[] = [];
  let chosen = port;
  for (const address of addresses) {
    const server = createServer(TIMES, (request, response) => {
      const host = hostOf(requestHost(request) ?? "");
      const target = request.url ?? "/";
      if (host === undefined || !target.startsWith("/")) {
        return sendError(request, response, 400, "This address cannot be read.");
      }
      if (!hosts.isMeant(request)) return refuseHost(request, response);
      const port = httpsPort === 443 ? "" : `:${httpsPort}`;
      // 307 keeps method and body, and is not remembered: the port belongs to a server that comes and goes.
      const place = `${host.includes(":") ? `[${host}]` : host}${port}`;
      response.writeHead(307, { location: `https://${place}${target}`, "content-length": 0 });
      response.end();
    });
    server.maxConnections = LIMITS.connections;
    server.on("clientError", (_error, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => reject(listenError(error, address, port)));
      server.listen({ host: address, port: chosen }, resolve);
    });
    const bound = server.address();
    if (typeof bound === "object" && bound !== null) chosen = bound.port;
    servers.push(server);
  }
  return {
    port: chosen,
    close: () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}
