/**
 * The lines to paste into nginx: one `server` block, with CORS for one origin when asked.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { RecipeInput, RecipeOutput } from "./recipe.ts";

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
}

/** The recipe. Throws USAGE. */
export function nginx({ names, certificate, port, upstream, cors }: RecipeInput): RecipeOutput {
  const [name] = names;
  if (name === undefined || certificate === undefined) {
    throw new LocalTlsError("USAGE", "Cannot write a server block without a name");
  }
  const { cert, key } = certificate;
  return {
    text: nginxServer({
      name: name.value,
      isIp: name.isIp,
      cert,
      key,
      port,
      upstream: parseUpstream(upstream),
      corsOrigin: cors === undefined ? undefined : parseOrigin(cors),
    }),
  };
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
  // For an address nginx listens on just that address; for a name on every one.
  const listen = options.isIp
    ? [`listen ${literal}:${port} ssl;`]
    : [`listen ${port} ssl;`, `listen [::]:${port} ssl;`];
  const suffix = `${name}_${port}`.replaceAll(/[^a-z0-9]/gi, "_");
  const origin = `$localtls_origin_${suffix}`;
  const preflight = `$localtls_preflight_${suffix}`;
  const lines = [
    ...(corsOrigin === undefined ? [] : corsMaps(corsOrigin, origin, preflight)),
    "server {",
    ...listen.map((line) => `    ${line}`),
    `    server_name ${literal};`,
    "",
    `    ssl_certificate     ${quote(options.cert)};`,
    `    ssl_certificate_key ${quote(options.key)};`,
    "    ssl_protocols       TLSv1.2 TLSv1.3;",
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
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (/[$\x00-\x1f]/.test(path)) {
    throw new LocalTlsError(
      "USAGE",
      `Cannot write "${path}" into an nginx configuration: move the file`,
    );
  }
  return /^[\w./@+:,-]+$/.test(path) ? path : `"${path.replaceAll(/["\\]/g, "\\$&")}"`;
}

/**
 * Checks an origin as a browser sends it in the Origin header (RFC 6454, 7): scheme, host and port,
 * nothing else.
 *
 * @returns The origin in its canonical spelling.
 * Throws USAGE.
 */
export function parseOrigin(text: string): string {
  const url = parseHttpUrl(text, "an origin", "http://172.16.99.40:8000");
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw new LocalTlsError("USAGE", `Cannot use "${text}" as an origin: it has a path`, {
      hints: [`--cors ${url.origin}`],
    });
  }
  return url.origin;
}

/** Checks the address of a back end. Throws USAGE. */
export function parseUpstream(text: string): string {
  const url = parseHttpUrl(text, "a back end", "http://127.0.0.1:8080");
  if (url.search !== "" || url.hash !== "") {
    throw new LocalTlsError(
      "USAGE",
      `Cannot use "${text}" as a back end: it has a query or fragment`,
    );
  }
  return url.pathname === "/" && !text.endsWith("/") ? url.origin : url.href;
}

function parseHttpUrl(text: string, what: string, example: string): URL {
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  // Nothing that could end the quoted string or start a variable in the configuration.
  if (
    url === undefined || url.username !== "" || url.password !== "" || /["'$;{}\\\s]/.test(url.href)
  ) {
    throw new LocalTlsError("USAGE", `Cannot use "${text}" as ${what}: write it like ${example}`);
  }
  return url;
}
