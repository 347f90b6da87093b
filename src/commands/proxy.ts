/**
 * `proxy TARGET`: HTTPS in front of servers that do not speak it, or whose certificate nobody trusts.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { logged } from "../server/access_log.ts";
import { ANY_HOST, ownHosts } from "../server/own_hosts.ts";
import { judgeClients } from "../server/client_certificates.ts";
import { makeProxyHandler } from "../server/proxy/handler.ts";
import { orderRoutes, parseRoute, parseUpstream, type Route } from "../server/proxy/routes.ts";
import { openUpstream } from "../server/proxy/upstream.ts";
import { startSecureServer } from "../server/secure_server.ts";
import { type CommandContext, openWorkplace } from "./context.ts";
import { type CommandResult, EXIT } from "./documents.ts";
import { resolvePath } from "./output_files.ts";
import type { ListenFlags } from "./serve.ts";
import { listenAddresses, namedAddresses, serverUrls } from "./serving/addresses.ts";
import type { ServingDocument } from "./serving/documents.ts";
import { readClientRoots } from "./serving/client_roots.ts";
import { openKeySource, readPair, type ServingKey } from "./serving/key_source.ts";
import { startListening } from "./serving/listening.ts";
import { parseAllowedOrigins } from "./serving/origins.ts";
import { openPublishing } from "./serving/publishing.ts";
import { runSession } from "./serving/session.ts";

/** What the user asked for. */
export interface ProxyFlags extends ListenFlags {
  /** What answers "/"; none where routes say it all. */
  readonly target?: string | undefined;
  /** PATH=TARGET. */
  readonly route?: readonly string[] | undefined;
  readonly spa?: boolean | undefined;
  /** Takes any certificate of an upstream. */
  readonly upstreamInsecure?: boolean | undefined;
  /** "keep", "target", or a name. Default: "target" for HTTPS, "keep" otherwise. */
  readonly upstreamHost?: string | undefined;
  /** Shown to the upstream. */
  readonly clientCert?: string | undefined;
  readonly clientKey?: string | undefined;
  /** A file of roots, or "" for our own. */
  readonly requireClientCert?: string | undefined;
  /** Seconds until the head of an answer; 0 for as long as it takes. */
  readonly timeout: number;
}

/** Runs `proxy`. Throws USAGE, FILE_*, NETWORK, NAME_*, and what opening the CA throws. */
export async function proxy(
  context: CommandContext,
  flags: ProxyFlags,
): Promise<CommandResult<ServingDocument>> {
  const { host, options } = context;
  const routes = readRoutes(context, flags);
  const addresses = listenAddresses(flags.host);
  const cors = parseAllowedOrigins(flags.cors);
  const { clientCert, clientKey, upstreamInsecure: insecure = false } = flags;
  const clientKeyPair = await readClientKeyPair(context, clientCert, clientKey);
  const described = routes.map(({ path, target }) => ({
    path,
    target: target.kind === "upstream" ? target.url.href : target.directory,
  }));
  const basics = { command: "proxy", ok: true, routes: described } as const;
  if (options.dryRun) {
    const document = { ...basics, urls: [], port: flags.port, planned: [] };
    return { document, exitCode: EXIT.done };
  }
  if (insecure) {
    context.report({
      type: "warning",
      code: "UPSTREAM_UNVERIFIED",
      message: "whoever is between this machine and the target can read and change everything: " +
        `${context.program} trust makes its certificate known instead`,
    });
  }
  const source = await openKeySource(context, flags, namedAddresses(addresses));
  const roots = await ownRoots(context);
  const client = await readClientRoots(context, flags.requireClientCert);
  host.stopSignal();
  const timeoutMs = flags.timeout * 1000;
  const upstream = openUpstream({ roots, insecure, clientKeyPair, timeoutMs });
  const hosts = flags.anyHost ? ANY_HOST : ownHosts(source.first.certificate.names);
  const publishing = await openPublishing(context);
  publishing.keepBack(source.first.certificate.key);
  publishing.keepBack(clientKeyPair?.certificate.key);
  const { handler, onUpgrade } = await makeProxyHandler({
    routes,
    open: publishing.open,
    spa: flags.spa,
    cors,
    upstream,
    hosts,
    host: readUpstreamHost(flags.upstreamHost),
    passCertificate: client !== undefined,
    clients: client === undefined ? undefined : judgeClients(client.judge),
    timeoutMs,
  });
  const withheld = await publishing.tell();
  const { httpRedirect } = flags;
  const { server, redirect } = await startListening(
    context,
    { addresses, httpRedirect, hosts },
    () =>
      startSecureServer({
        addresses,
        port: flags.port,
        keyPair: source.first,
        http2: true,
        clientRoots: client?.roots,
        handler: options.quiet
          ? handler
          : logged(handler, (line) => context.report({ type: "log", line })),
        onUpgrade,
      }),
  );
  const { certificate } = source.first;
  const urls = await serverUrls(host, addresses, server.port, certificate.names);
  const close = () => {
    redirect?.close();
  };
  return {
    document: {
      ...basics,
      urls: urls.all,
      ...(urls.lan === undefined ? {} : { lanUrl: urls.lan }),
      port: server.port,
      ...(withheld === undefined ? {} : { withheld }),
      certificate,
      ...(source.ca === undefined ? {} : { ca: source.ca }),
      ...(redirect === undefined ? {} : { redirectPort: redirect.port }),
    },
    exitCode: EXIT.done,
    stay: async () => {
      const code = await runSession(context, { server, source, hosts, close });
      upstream.close();
      return code;
    },
  };
}

function readRoutes(context: CommandContext, { target, route = [] }: ProxyFlags): Route[] {
  const routes = route.map(parseRoute);
  if (target !== undefined) {
    routes.push({ path: "/", target: { kind: "upstream", url: parseUpstream(target) } });
  }
  if (routes.length === 0) {
    throw new LocalTlsError("USAGE", "Cannot run the command: TARGET is missing", {
      hints: [
        `${context.program} proxy http://127.0.0.1:3000`,
        `${context.program} proxy --route /api=http://127.0.0.1:3000 --route /=./dist`,
      ],
    });
  }
  return orderRoutes(routes).map((one): Route =>
    one.target.kind === "upstream" ? one : {
      ...one,
      target: { kind: "directory", directory: resolvePath(context.host, one.target.directory) },
    }
  );
}

async function readClientKeyPair(
  context: CommandContext,
  cert: string | undefined,
  key: string | undefined,
): Promise<ServingKey | undefined> {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined) {
    throw new LocalTlsError("USAGE", "Cannot use --client-key without --client-cert");
  }
  // The names that `cert --client` gives: x-client.pem and x-client-key.pem.
  const beside = key ?? cert.replace(/(?:\.pem)?$/, "-key.pem");
  return await readPair(context, {
    cert: resolvePath(context.host, cert),
    key: resolvePath(context.host, beside),
  });
}

/** Our root, where there is one: a proxy with somebody else's certificate needs none. */
async function ownRoots(context: CommandContext): Promise<string[]> {
  const { state } = await openWorkplace(context);
  const root = await context.host.files.read(state.rootFile, 1 << 20);
  return root === undefined ? [] : [new TextDecoder().decode(root)];
}

function readUpstreamHost(
  text: string | undefined,
): "keep" | "target" | { readonly name: string } | undefined {
  if (text === undefined || text === "keep" || text === "target") return text;
  if (/^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(text)) return { name: text };
  throw new LocalTlsError("USAGE", `Cannot use "${text}" as a host`, {
    hints: ["--upstream-host keep", "--upstream-host target"],
  });
}
