/**
 * The lines to paste into nginx: one `server` block, with CORS for one origin when asked.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { parseUpstream } from "./http_addresses.ts";
import { pastable, type RecipeInput, type RecipeOutput } from "./recipe.ts";
import { siteOf, siteOutput } from "./site.ts";
import { CIPHER_LIST, PROFILE } from "./tls_profile.ts";

/** What the nginx lines are made of. */
export interface NginxOptions {
  /** A dNSName (maybe with a wildcard) or an IP literal, canonical. */
  readonly name: string;
  readonly isIp: boolean;
  /** Absolute path of the full chain. */
  readonly cert: string;
  /** Absolute path of the key. */
  readonly key: string;
  /** TCP port, 1 to 65535. */
  readonly port: number;
  /** What nginx stands in front of, for example "http://127.0.0.1:8080". */
  readonly upstream: string;
  /** The origin of the page that calls this server, as a browser sends it. */
  readonly corsOrigin?: string | undefined;
  /** The CA of the certificates that clients have to show. */
  readonly clientCa?: string | undefined;
  readonly http2?: boolean | undefined;
}

/** The recipe. Throws USAGE. */
export function nginx(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  const { name, isIp, cert, key, port, origin, clientCa, http2 } = site;
  const upstream = parseUpstream(input.upstream);
  const options = { name, isIp, cert, key, port, upstream, corsOrigin: origin, clientCa, http2 };
  return siteOutput(site, [nginxServer(options).trimEnd()]);
}

/**
 * Writes the lines. They belong into the `http` block, where the files of `conf.d/` and
 * `sites-enabled/` are included.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const lines = nginxServer({
 *   name: "172.16.99.32", isIp: true, port: 1043, upstream: "http://127.0.0.1:8080",
 *   cert: "/srv/172.16.99.32.pem", key: "/srv/172.16.99.32-key.pem",
 * });
 * assert.match(lines, /listen 172\.16\.99\.32:1043 ssl;/);
 * ```
 */
export function nginxServer(options: NginxOptions): string {
  const { name, port, corsOrigin } = options;
  const literal = name.includes(":") ? `[${name}]` : name;
  // "http2 on;" is unknown before nginx 1.25.1; the word on this line is known to all.
  const ssl = options.http2 ? "ssl http2" : "ssl";
  // For an address nginx listens on just that address; for a name on every one.
  const listen = options.isIp
    ? [`listen ${literal}:${port} ${ssl};`]
    : [`listen ${port} ${ssl};`, `listen [::]:${port} ${ssl};`];
  const suffix = `${name}_${port}`.replaceAll(/[^a-z0-9]/gi, "_");
  const origin = `$localtls_origin_${suffix}`;
  const preflight = `$localtls_preflight_${suffix}`;
  const lines = [
    ...(corsOrigin === undefined ? [] : corsMaps(corsOrigin, origin, preflight)),
    "server {",
    ...(options.http2
      ? ["    # nginx 1.25.1 and later warns, and wants http2 on a line of its own: http2 on;"]
      : []),
    ...listen.map((line) => `    ${line}`),
    `    server_name ${literal};`,
    "",
    `    ssl_certificate     ${quote(options.cert)};`,
    `    ssl_certificate_key ${quote(options.key)};`,
    `    # ${PROFILE}`,
    "    ssl_protocols       TLSv1.2 TLSv1.3;",
    `    ssl_ciphers         ${CIPHER_LIST};`,
    "    ssl_prefer_server_ciphers off;",
    ...(options.clientCa === undefined ? [] : [
      `    ssl_client_certificate ${quote(options.clientCa)};`,
      "    ssl_verify_client   on;",
      "    ssl_verify_depth    2;",
    ]),
    "",
    "    location / {",
    ...(corsOrigin === undefined ? [] : corsHeaders(origin, preflight)),
    `        proxy_pass ${options.upstream};`,
    "        proxy_set_header Host $http_host;",
    "        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
    "        proxy_set_header X-Forwarded-Proto $scheme;",
    "    }",
    "}",
    "",
  ];
  return lines.join("\n");
}

/**
 * `map` and not `if`: an `if` that holds add_header drops the other headers of its location. An empty
 * value makes nginx send no header at all, so another origin gets no CORS header.
 */
function corsMaps(allowed: string, origin: string, preflight: string): string[] {
  return [
    `map $http_origin ${origin} {`,
    '    default "";',
    `    "${allowed}" $http_origin;`,
    "}",
    `map $request_method:$http_access_control_request_method ${preflight} {`,
    "    default 0;",
    '    "~^OPTIONS:." 1;',
    "}",
  ];
}

function corsHeaders(origin: string, preflight: string): string[] {
  return [
    // "always": an error answer without the header reaches the page as a network error, without its status.
    `        add_header Access-Control-Allow-Origin ${origin} always;`,
    '        add_header Access-Control-Allow-Methods "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" always;',
    "        add_header Access-Control-Allow-Headers $http_access_control_request_headers always;",
    "        add_header Vary Origin always;",
    "        # Only if the page sends cookies or passwords:",
    "        # add_header Access-Control-Allow-Credentials true always;",
    `        if (${preflight}) { return 204; }`,
    // Two values of this header make a browser refuse the answer.
    "        proxy_hide_header Access-Control-Allow-Origin;",
    "",
  ];
}

/** A path as an nginx parameter. Throws USAGE for what nginx cannot take literally. */
function quote(path: string): string {
  // nginx expands variables in ssl_certificate, and knows no way to write a literal dollar sign.
  if (pastable(path).includes("$")) {
    throw new LocalTlsError(
      "USAGE",
      `Cannot write "${path}" into an nginx configuration: move the file`,
    );
  }
  return /^[\w./@+:,-]+$/.test(path) ? path : `"${path.replaceAll(/["\\]/g, "\\$&")}"`;
}
