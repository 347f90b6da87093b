/**
 * Routes of the servers.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { GLOBAL_ALIASES, GLOBAL_FLAGS, type GlobalFlags, port, text } from "../flags.ts";
import { define } from "./define.ts";

const toggle = (brief: string) =>
  ({ kind: "boolean", optional: true, withNegated: false, brief }) as const;

const value = (brief: string, placeholder: string) =>
  ({ kind: "parsed", parse: text, optional: true, brief, placeholder }) as const;

const values = (brief: string, placeholder: string) =>
  ({ ...value(brief, placeholder), variadic: true }) as const;

/** A port, or 0 for any that is free. */
function anyPort(input: string): number {
  return input === "0" ? 0 : port(input);
}

type ListenFlags = GlobalFlags & {
  readonly host?: readonly string[] | undefined;
  readonly port: number;
  readonly name?: readonly string[] | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly out?: string | undefined;
  readonly cors?: string | undefined;
  readonly anyHost?: boolean | undefined;
  readonly httpRedirect?: number | undefined;
};

const LISTEN_FLAGS = {
  ...GLOBAL_FLAGS,
  host: values("Listen on this address alone; may be repeated (default: all)", "ADDRESS"),
  port: {
    kind: "parsed",
    parse: anyPort,
    default: "8443",
    brief: "Port to listen on; 0 for any",
    placeholder: "PORT",
  },
  name: values("A name for the certificate, besides those of this machine", "NAME"),
  certFile: value("Use this certificate, or keep the one that is issued there", "FILE"),
  keyFile: value("The same for its key", "FILE"),
  out: value("Keep the certificate in this directory (default: in memory)", "DIR"),
  cors: {
    kind: "parsed",
    parse: text,
    optional: true,
    inferEmpty: true,
    brief: "Let pages of these origins read the answers (no origin: of all)",
    placeholder: "ORIGIN,...",
  },
  anyHost: toggle("Answer whatever host is asked for, not only those of the certificate"),
  httpRedirect: {
    kind: "parsed",
    parse: anyPort,
    optional: true,
    brief: "Also listen there for plain HTTP, and redirect to HTTPS",
    placeholder: "PORT",
  },
} as const;

const ALIASES = { ...GLOBAL_ALIASES, p: "port" } as const;

/** Seconds. Throws USAGE. */
function seconds(input: string): number {
  const value = /^\d{1,6}$/.test(input) ? Number(input) : -1;
  if (value >= 0) return value;
  throw new LocalTlsError("USAGE", `Cannot use "${input}" as a time: give seconds`);
}

type ServeFlags = ListenFlags & { readonly spa?: boolean | undefined };

export const serve = define<ServeFlags, readonly [string | undefined]>({
  name: "serve",
  usage: "[OPTIONS] [DIR]",
  brief: "Serve the files of a directory over HTTPS",
  description:
    "Serves DIR (default: the working directory) until Ctrl-C, on every address of this machine, with\n" +
    "a certificate for all of them that is renewed while it runs. Hidden files, and what symlinks lead\n" +
    "out of DIR to, are not served. Neither are the state directory, keys and PKCS#12 files that localtls\n" +
    "made, and any other file that contains a private key and that other users of this machine cannot\n" +
    "read. Requests for a host that is not in the certificate are refused: a page\n" +
    "of another domain could have been pointed here (DNS rebinding). With --json the document is printed\n" +
    "on one line when it listens.",
  examples: [
    { input: "./dist --spa", brief: "a program that routes in the browser" },
    { input: "--port 443 --http-redirect 80", brief: "on the usual ports" },
    {
      input: "--host 127.0.0.1 --cors http://localhost:3000",
      brief: "for one page on this machine",
    },
  ],
  parameters: {
    flags: {
      ...LISTEN_FLAGS,
      spa: toggle("Answer with /index.html where a page is missing"),
    },
    aliases: ALIASES,
    positional: {
      kind: "tuple",
      parameters: [{ brief: "Directory", parse: text, placeholder: "DIR", optional: true }],
    },
  },
  run: async (context, flags, [directory = "."]) => {
    if (/^https?:\/\//i.test(directory)) {
      throw new LocalTlsError("USAGE", `Cannot serve "${directory}": it is a server`, {
        hints: [`${context.program} proxy ${directory}`],
      });
    }
    return await (await import("../../commands/serve.ts")).serve(context, { ...flags, directory });
  },
  screen: () => import("../screens/serving.ts").then((module) => module.servingScreen),
});

type ProxyFlags = ListenFlags & {
  readonly route?: readonly string[] | undefined;
  readonly spa?: boolean | undefined;
  readonly upstreamInsecure?: boolean | undefined;
  readonly upstreamHost?: string | undefined;
  readonly clientCert?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly requireClientCert?: string | undefined;
  readonly timeout: number;
};

export const proxy = define<ProxyFlags, readonly [string | undefined]>({
  name: "proxy",
  usage: "[OPTIONS] [TARGET]",
  brief: "Put HTTPS in front of another server",
  description:
    "Passes requests on to TARGET until Ctrl-C: HTTP/1.1, HTTP/2, WebSocket and server-sent events. With\n" +
    "--route several servers and directories share one origin, so that no CORS is needed; what of a\n" +
    "directory is not served is the same as for serve. The target\n" +
    "is told the client's address and host (X-Forwarded-*, Forwarded), which clients cannot forge.\n" +
    "Requests for a host that is not in the certificate are refused (DNS rebinding), and so are WebSockets\n" +
    "of pages from elsewhere, unless --cors names their origin.",
  examples: [
    { input: "http://127.0.0.1:3000", brief: "a server on this machine" },
    {
      input: "--route /api=https://172.16.99.32:1043 --route /=./dist",
      brief: "a page and its API in one origin",
    },
    { input: "3000 --require-client-cert", brief: "only for who has a certificate of our CA" },
  ],
  parameters: {
    flags: {
      ...LISTEN_FLAGS,
      route: values("Paths below PATH go to this URL or directory", "PATH=TARGET"),
      spa: toggle("Directories: answer with /index.html where a page is missing"),
      upstreamInsecure: toggle("Take any certificate of the target: it may be anybody's"),
      upstreamHost: value("Host that the target is asked for: keep, target, or a name", "HOST"),
      clientCert: value("Certificate to show to the target", "FILE"),
      clientKey: value("Its key (default: the file beside it, -key.pem)", "FILE"),
      requireClientCert: {
        kind: "parsed",
        parse: text,
        optional: true,
        inferEmpty: true,
        brief: "Answer only who has a certificate below these roots (no file: our CA's)",
        placeholder: "FILE",
      },
      timeout: {
        kind: "parsed",
        parse: seconds,
        default: "60",
        brief: "Seconds that the target may keep a request waiting; 0 for ever",
        placeholder: "SECONDS",
      },
    },
    aliases: ALIASES,
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "URL, host:port or port",
        parse: text,
        placeholder: "TARGET",
        optional: true,
      }],
    },
  },
  run: async (context, flags, [target]) =>
    await (await import("../../commands/proxy.ts")).proxy(context, { ...flags, target }),
  screen: () => import("../screens/serving.ts").then((module) => module.servingScreen),
});
