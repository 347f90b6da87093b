/**
 * Python: the file server of its library, uvicorn and gunicorn.
 *
 * @module
 */

import { quoteArgument } from "../host/shell_words.ts";
import { jsonString } from "./quoting.ts";
import { pastable, type RecipeInput, type RecipeOutput } from "./recipe.ts";
import { CORS_METHODS, type Site, siteOf, siteOutput, when } from "./site.ts";
import { CIPHER_LIST, PROFILE } from "./tls_profile.ts";

/** In place of `python -m http.server`, for Python 3.7 and later. Throws USAGE. */
export function python(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  const ipv6 = site.address?.includes(":");
  const server = ipv6 ? "Server" : "http.server.ThreadingHTTPServer";
  return siteOutput(site, [
    "# server.py, run in the directory to be served: python3 server.py",
    "import http.server",
    ...when(ipv6, () => ["import socket"]),
    "import ssl",
    "",
    "",
    ...(site.origin === undefined
      ? []
      : ["class Handler(http.server.SimpleHTTPRequestHandler):", ...corsMethods(site.origin)]),
    ...when(ipv6, () => [
      "class Server(http.server.ThreadingHTTPServer):",
      "    address_family = socket.AF_INET6",
      "",
      "",
    ]),
    `# ${PROFILE}`,
    "context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)",
    "context.minimum_version = ssl.TLSVersion.TLSv1_2",
    `context.set_ciphers("${CIPHER_LIST}")`,
    `context.load_cert_chain(${jsonString(site.cert)}, ${jsonString(site.key)})`,
    ...when(site.clientCa, (file) => [
      `context.load_verify_locations(${jsonString(file)})`,
      "context.verify_mode = ssl.CERT_REQUIRED",
    ]),
    "",
    `server = ${server}(("${site.address ?? ""}", ${site.port}), ${
      site.origin === undefined ? "http.server.SimpleHTTPRequestHandler" : "Handler"
    })`,
    "# The handshake belongs to the thread of the connection: one slow client would hold up all others.",
    "server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)",
    "server.serve_forever()",
  ]);
}

function corsMethods(origin: string): string[] {
  return [
    "    def end_headers(self):",
    '        self.send_header("Vary", "Origin")',
    `        if self.headers.get("Origin") == ${jsonString(origin)}:`,
    `            self.send_header("Access-Control-Allow-Origin", ${jsonString(origin)})`,
    `            self.send_header("Access-Control-Allow-Methods", "${CORS_METHODS}")`,
    '            asked = self.headers.get("Access-Control-Request-Headers")',
    "            if asked:",
    '                self.send_header("Access-Control-Allow-Headers", asked)',
    "        super().end_headers()",
    "",
    "    def do_OPTIONS(self):",
    "        self.send_response(204)",
    "        self.end_headers()",
    "",
    "",
  ];
}

/** A command line; uvicorn itself holds to TLS 1.2 and later. Throws USAGE. */
export function uvicorn(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  const words = [
    `--host ${hostOf(site)}`,
    `--port ${site.port}`,
    `--ssl-certfile ${quoteArgument(pastable(site.cert))}`,
    `--ssl-keyfile ${quoteArgument(pastable(site.key))}`,
    `--ssl-ciphers ${CIPHER_LIST}`,
    ...when(site.clientCa, (file) => [
      `--ssl-ca-certs ${quoteArgument(pastable(file))}`,
      // ssl.CERT_REQUIRED
      "--ssl-cert-reqs 2",
    ]),
  ];
  return siteOutput(site, [
    '# A command; "main:app" stands for the application that is yours.',
    `# ${PROFILE}`,
    "uvicorn main:app \\",
    ...words.map((word, i) => `  ${word}${i === words.length - 1 ? "" : " \\"}`),
  ]);
}

/** gunicorn.conf.py, which gunicorn reads in the directory where it is started. Throws USAGE. */
export function gunicorn(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  const host = site.address === undefined ? "[::]" : site.literal;
  return siteOutput(site, [
    "# gunicorn.conf.py of gunicorn 21 and later, read in the directory where gunicorn is started: gunicorn main:app",
    "import ssl",
    "",
    `bind = ${jsonString(`${host}:${site.port}`)}`,
    `certfile = ${jsonString(site.cert)}`,
    `keyfile = ${jsonString(site.key)}`,
    `# ${PROFILE}`,
    `ciphers = "${CIPHER_LIST}"`,
    ...when(site.clientCa, (file) => [
      `ca_certs = ${jsonString(file)}`,
      "cert_reqs = ssl.CERT_REQUIRED",
    ]),
    "",
    "",
    "def ssl_context(config, default_ssl_context_factory):",
    "    context = default_ssl_context_factory()",
    "    context.minimum_version = ssl.TLSVersion.TLSv1_2",
    "    return context",
  ]);
}

function hostOf({ address }: Site): string {
  return address ?? "0.0.0.0";
}
