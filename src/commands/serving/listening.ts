/**
 * The step for which a server may need root: listening on a port below 1024.
 *
 * @module
 */

import { type HttpRedirect, startHttpRedirect } from "../../server/http_redirect.ts";
import type { OwnHosts } from "../../server/own_hosts.ts";
import type { SecureServer } from "../../server/secure_server.ts";
import type { CommandContext } from "../context.ts";

/** What listens, beside the server itself. */
export interface Listening {
  readonly addresses: readonly string[];
  /** Port of a plain HTTP server that redirects. */
  readonly httpRedirect?: number | undefined;
  readonly hosts: OwnHosts;
}

/** What listens now. */
export interface Listeners {
  readonly server: SecureServer;
  readonly redirect: HttpRedirect | undefined;
}

/**
 * Lets the server listen, and then gives root's rights up for good: for the user that this process works for, or says why
 * not. Throws NETWORK.
 */
export async function startListening(
  { host, report }: CommandContext,
  { addresses, httpRedirect, hosts }: Listening,
  start: () => Promise<SecureServer>,
): Promise<Listeners> {
  const listeners = await host.holdingRoot(async () => {
    const server = await start();
    const redirect = httpRedirect === undefined
      ? undefined
      : await startHttpRedirect({ addresses, port: httpRedirect, httpsPort: server.port, hosts });
    return { server, redirect };
  });
  if (host.isRoot && !await host.giveUpRoot()) {
    report({
      type: "progress",
      message: "serving as root: start it with sudo, and it serves as the user who did",
    });
  }
  return listeners;
}
