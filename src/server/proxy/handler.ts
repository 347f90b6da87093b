/**
 * One origin in front of several servers and directories.
 *
 * @module
 */

import type { Duplex } from "node:stream";
import { hasBody, hold } from "../body.ts";
import { answerPreflight, corsFields, isPreflight } from "../cors.ts";
import {
  type NodeRequest,
  type NodeResponse,
  originForm,
  send,
  type StreamHandler,
} from "../exchange.ts";
import { foreignHost, type OwnHosts, refuseHost } from "../own_hosts.ts";
import { sendError } from "../page.ts";
import { openServedDirectory } from "../web_handler.ts";
import { serveDirectory } from "../static/handler.ts";
import type { ServedDirectory } from "../static/served_directory.ts";
import type { ClientCertificates } from "../client_certificates.ts";
import { forward, type ForwardOptions, forwardUpgrade, refuseUpgrade } from "./forward.ts";
import { faultOf, upgradeFaultOf } from "./request_rules.ts";
import { belowRoute, findRoute, isOfOneRoute, isPlainTarget, type Route } from "./routes.ts";
import { admitsOrigin } from "./upgrade_guard.ts";

/** How requests are answered. */
export interface ProxyOptions extends ForwardOptions {
  /** The longest path first. */
  readonly routes: readonly Route[];
  /** Directories are served with /index.html where a page is missing. */
  readonly spa?: boolean | undefined;
  /** Opens the directories of routes, and knows what is kept back of them. */
  readonly open?: ((directory: string) => Promise<ServedDirectory>) | undefined;
  /** What requests have to be meant for. Default: anything. */
  readonly hosts?: OwnHosts | undefined;
  /** Decides which clients get an answer at all. */
  readonly clients?: ClientCertificates | undefined;
}

/** The two ways in which a request arrives. */
export interface ProxyHandler {
  readonly handler: StreamHandler;
  readonly onUpgrade: (request: NodeRequest, socket: Duplex, head: Uint8Array) => void;
}

/** Makes the handler. Throws FILE_* for a directory that cannot be served. */
export async function makeProxyHandler(options: ProxyOptions): Promise<ProxyHandler> {
  const { routes, spa, cors, clients, hosts, open = openServedDirectory } = options;
  const directories = new Map<Route, ReturnType<typeof serveDirectory>>();
  for (const route of routes) {
    if (route.target.kind !== "directory") continue;
    const directory = await open(route.target.directory);
    directories.set(route, serveDirectory({ directory, spa }));
  }
  const answer = (request: NodeRequest, response: NodeResponse): void | Promise<void> => {
    const target = originForm(request);
    const fault = faultOf(request, hasBody(request)) ?? targetFaultOf(routes, target);
    if (fault !== undefined) return sendError(request, response, 400, fault);
    if (hosts?.isMeant(request) === false) return refuseHost(request, response);
    if (cors !== undefined && isPreflight(request)) {
      return answerPreflight(request, response, cors);
    }
    const extra = cors === undefined ? {} : corsFields(request, cors);
    const route = findRoute(routes, target);
    if (route === undefined) {
      return sendError(request, response, 404, "There is nothing at this address.", extra);
    }
    if (route.target.kind === "upstream") {
      return forward(request, response, { route, target, url: route.target.url }, options);
    }
    const query = target.slice(route.path.length);
    if (route.path !== "/" && (query === "" || query.startsWith("?"))) {
      // Links in the page of a directory are relative to its slash.
      const location = `${route.path}/${query}`;
      return send(request, response, 301, { location, "cache-control": "no-cache", ...extra });
    }
    return directories.get(route)!(request, response, extra, {
      target: belowRoute(route, target),
      base: route.path === "/" ? "" : route.path,
    });
  };
  if (clients === undefined) {
    return {
      handler: answer,
      onUpgrade: (request, socket, head) => upgrade(options, request, socket, head),
    };
  }
  return {
    async handler(request, response) {
      // Until it is known who sends them, nothing keeps what they send.
      const release = hasBody(request) ? hold(request) : undefined;
      const refusal = await clients.judge(request);
      const answering = refusal === undefined
        ? answer(request, response)
        : sendError(request, response, 403, refusal);
      release?.();
      await answering;
    },
    onUpgrade(request, socket, head) {
      clients.judge(request).then((refusal) => {
        if (refusal === undefined) upgrade(options, request, socket, head);
        else refuseUpgrade(socket, 403);
      }, () => refuseUpgrade(socket, 500));
    },
  };
}

function upgrade(
  options: ProxyOptions,
  request: NodeRequest,
  socket: Duplex,
  head: Uint8Array,
): void {
  const target = originForm(request);
  const fault = upgradeFaultOf(request) ?? targetFaultOf(options.routes, target);
  if (fault !== undefined) return refuseUpgrade(socket, 400, fault);
  if (options.hosts?.isMeant(request) === false) {
    return refuseUpgrade(socket, 421, foreignHost(request));
  }
  if (!admitsOrigin(request, options.cors)) {
    const explanation =
      "Pages of this origin may not open WebSockets here. --cors ORIGIN lets them.";
    return refuseUpgrade(socket, 403, explanation);
  }
  const route = findRoute(options.routes, target);
  const isWebSocket = String(request.headers["upgrade"]).toLowerCase() === "websocket";
  if (route?.target.kind !== "upstream" || !isWebSocket) return refuseUpgrade(socket, 404);
  forwardUpgrade(request, socket, head, { route, target, url: route.target.url }, options);
}

function targetFaultOf(routes: readonly Route[], target: string): string | undefined {
  const isClear = isPlainTarget(target) && isOfOneRoute(routes, target);
  return isClear ? undefined : "This address cannot be read.";
}
