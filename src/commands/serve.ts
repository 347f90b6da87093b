/**
 * `serve [DIR]`: an HTTPS server for files, in place of `python -m http.server`.
 *
 * @module
 */

import { logged } from "../server/access_log.ts";
import { startHttp1Server } from "../server/http1/http1_server.ts";
import { ANY_HOST, guarded, ownHosts } from "../server/own_hosts.ts";
import { startSecureServer } from "../server/secure_server.ts";
import { makeWebHandler } from "../server/web_handler.ts";
import type { CommandContext } from "./context.ts";
import { type CommandResult, EXIT } from "./documents.ts";
import { resolvePath } from "./output_files.ts";
import { listenAddresses, namedAddresses, serverUrls } from "./serving/addresses.ts";
import type { ServingDocument } from "./serving/documents.ts";
import { type KeyFlags, openKeySource } from "./serving/key_source.ts";
import { startListening } from "./serving/listening.ts";
import { parseAllowedOrigins } from "./serving/origins.ts";
import { openPublishing } from "./serving/publishing.ts";
import { runSession } from "./serving/session.ts";

/** What both servers take. */
export interface ListenFlags extends KeyFlags {
  /** Addresses to listen on. Default: all. */
  readonly host?: readonly string[] | undefined;
  readonly port: number;
  /** Origins, "" or "*" for all of them. */
  readonly cors?: string | undefined;
  /** Answers whatever host is asked for. */
  readonly anyHost?: boolean | undefined;
  /** Port of a plain HTTP server that redirects. */
  readonly httpRedirect?: number | undefined;
}

/** What the user asked for. */
export interface ServeFlags extends ListenFlags {
  readonly directory: string;
  readonly spa?: boolean | undefined;
}

/** Runs `serve`. Throws FILE_*, NETWORK, USAGE, NAME_*, and what opening the CA throws. */
export async function serve(
  context: CommandContext,
  flags: ServeFlags,
): Promise<CommandResult<ServingDocument>> {
  const { host, options } = context;
  const directory = resolvePath(host, flags.directory);
  const addresses = listenAddresses(flags.host);
  const cors = parseAllowedOrigins(flags.cors);
  const publishing = await openPublishing(context);
  const files = await publishing.open(directory);
  const plain = makeWebHandler({ directory: files, spa: flags.spa, cors });
  if (options.dryRun) {
    const document = { command: "serve", ok: true, urls: [], port: flags.port, directory } as const;
    return { document: { ...document, planned: [] }, exitCode: EXIT.done };
  }
  const source = await openKeySource(context, flags, namedAddresses(addresses));
  publishing.keepBack(source.first.certificate.key);
  const withheld = await publishing.tell();
  // From here on a signal ends it in order.
  host.stopSignal();
  const hosts = flags.anyHost ? ANY_HOST : ownHosts(source.first.certificate.names);
  const guardedFiles = guarded(plain, hosts);
  const handler = options.quiet
    ? guardedFiles
    : logged(guardedFiles, (line) => context.report({ type: "log", line }));
  const keyPair = source.first;
  const serving = { addresses, port: flags.port, keyPair, handler };
  const { httpRedirect } = flags;
  const { server, redirect } = await startListening(
    context,
    { addresses, httpRedirect, hosts },
    async () => startHttp1Server(serving) ?? await startSecureServer(serving),
  );
  const { certificate } = source.first;
  const urls = await serverUrls(host, addresses, server.port, certificate.names);
  return {
    document: {
      command: "serve",
      ok: true,
      urls: urls.all,
      ...(urls.lan === undefined ? {} : { lanUrl: urls.lan }),
      port: server.port,
      directory,
      ...(withheld === undefined ? {} : { withheld }),
      certificate,
      ...(source.ca === undefined ? {} : { ca: source.ca }),
      ...(redirect === undefined ? {} : { redirectPort: redirect.port }),
    },
    exitCode: EXIT.done,
    stay: () => runSession(context, { server, source, hosts, close: () => redirect?.close() }),
  };
}
