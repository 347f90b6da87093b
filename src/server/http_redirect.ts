/**
 * Plain HTTP that only says where HTTPS is.
 *
 * @module
 */

import { createServer, type Server } from "node:http";
import { requestHost, type WebRequest, type WebResponse } from "./exchange.ts";
import { startHttp1Server } from "./http1/http1_server.ts";
import { fitting, LIMITS, type Limits } from "./limits.ts";
import { hostOf, type OwnHosts, refuseHost } from "./own_hosts.ts";
import { sendError } from "./page.ts";
import { listenError } from "./secure_server.ts";
import { Sweep } from "./sweep.ts";

/** A redirecting server. */
export interface HttpRedirect {
  readonly port: number;
  close(): void;
}

/** A tenth of the places of the server that it leads to: who asks here is there a moment later. */
const PLACES = Math.floor(LIMITS.connections / 10);

/** There is nothing to wait for here: the answer is a line. */
const QUICK: Limits = { ...LIMITS, connections: PLACES, idleMs: LIMITS.headMs };

/** Where it listens and sends to. */
export interface HttpRedirectOptions {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly httpsPort: number;
  /** Nobody is sent to another host. */
  readonly hosts: OwnHosts;
}

/** Starts it. Throws NETWORK. */
export async function startHttpRedirect(options: HttpRedirectOptions): Promise<HttpRedirect> {
  const { addresses, port, httpsPort, hosts } = options;
  const handler = (request: WebRequest, response: WebResponse) =>
    redirect(request, response, httpsPort, hosts);
  const server = startHttp1Server({ addresses, port, handler, limits: QUICK });
  if (server === undefined) return await startNodeRedirect(options, handler);
  return { port: server.port, close: () => void server.close(0) };
}

function redirect(
  request: WebRequest,
  response: WebResponse,
  httpsPort: number,
  hosts: OwnHosts,
): void {
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
}

/** Where the runtime has no bare connections. */
async function startNodeRedirect(
  { addresses, port }: HttpRedirectOptions,
  handler: (request: WebRequest, response: WebResponse) => void,
): Promise<HttpRedirect> {
  const servers: Server[] = [];
  const sweep = new Sweep(fitting(QUICK), true);
  const times = {
    headersTimeout: QUICK.headMs,
    requestTimeout: QUICK.headMs,
    keepAliveTimeout: QUICK.idleMs,
  };
  let chosen = port;
  for (const address of addresses) {
    const server = createServer(times, (request, response) => {
      sweep.answering(request, response);
      handler(request, response);
    });
    server.maxConnections = QUICK.connections;
    server.on("connection", (socket) => {
      socket.on("error", () => {});
      sweep.came(socket);
    });
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
      sweep.stop();
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}
