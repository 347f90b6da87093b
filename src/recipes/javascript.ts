/**
 * Node, Deno and Bun: a whole server of a few lines, whose handler is the user's.
 *
 * @module
 */

import { jsonString } from "./quoting.ts";
import type { RecipeInput, RecipeOutput } from "./recipe.ts";
import { CORS_METHODS, type Site, siteOf, siteOutput, when } from "./site.ts";
import { CIPHER_LIST, PROFILE, PROFILE_BY_ITSELF, TLS13_CIPHERS } from "./tls_profile.ts";

/** Node has one list for both versions of the protocol. */
const NODE_CIPHERS = [...TLS13_CIPHERS, CIPHER_LIST].join(":");

/** Node; with HTTP/2 for clients that know it. Throws USAGE. */
export function node(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  const create = site.http2 ? "createSecureServer" : "createServer";
  return siteOutput(site, [
    "// server.mjs, run with: node server.mjs",
    'import { readFileSync } from "node:fs";',
    `import { ${create} } from "node:${site.http2 ? "http2" : "https"}";`,
    "",
    `const server = ${create}({`,
    ...nodeTlsOptions(site).map((line) => `  ${line}`),
    ...when(site.http2, () => ["  allowHTTP1: true,"]),
    "}, (request, response) => {",
    ...when(site.origin, (origin) => nodeCors(origin).map((line) => `  ${line}`)),
    "  // Yours:",
    '  response.end("hello over TLS\\n");',
    "});",
    `server.listen(${listenArguments(site)});`,
  ]);
}

/** Properties of Node's TLS options, which its dev servers take as well. */
export function nodeTlsOptions(site: Site): string[] {
  return [
    `cert: readFileSync(${jsonString(site.cert)}),`,
    `key: readFileSync(${jsonString(site.key)}),`,
    ...when(site.clientCa, (file) => [
      `ca: readFileSync(${jsonString(file)}),`,
      "requestCert: true,",
      "rejectUnauthorized: true,",
    ]),
    `// ${PROFILE}`,
    'minVersion: "TLSv1.2",',
    `ciphers: ${jsonString(NODE_CIPHERS)},`,
  ];
}

/** Statements of a handler of Node's; they return from it after a preflight. */
export function nodeCors(origin: string): string[] {
  return [
    'response.setHeader("Vary", "Origin");',
    `if (request.headers.origin === ${jsonString(origin)}) {`,
    `  response.setHeader("Access-Control-Allow-Origin", ${jsonString(origin)});`,
    `  response.setHeader("Access-Control-Allow-Methods", "${CORS_METHODS}");`,
    '  const asked = request.headers["access-control-request-headers"];',
    '  if (asked) response.setHeader("Access-Control-Allow-Headers", asked);',
    "}",
    'if (request.method === "OPTIONS" && request.headers["access-control-request-method"]) {',
    "  response.statusCode = 204;",
    "  response.end();",
    "  return;",
    "}",
  ];
}

/** Deno. HTTP/2 is there without being asked for. Throws USAGE. */
export function deno(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  return siteOutput(site, [
    "// server.ts, run with: deno run --allow-net --allow-read server.ts",
    `// ${PROFILE_BY_ITSELF}`,
    "Deno.serve({",
    `  port: ${site.port},`,
    ...when(site.address, (address) => [`  hostname: ${jsonString(address)},`]),
    `  cert: Deno.readTextFileSync(${jsonString(site.cert)}),`,
    `  key: Deno.readTextFileSync(${jsonString(site.key)}),`,
    "}, handle);",
    ...fetchHandler(site),
  ]);
}

/** Bun. Throws USAGE. */
export function bun(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  return siteOutput(site, [
    "// server.ts, run with: bun server.ts",
    "Bun.serve({",
    `  port: ${site.port},`,
    ...when(site.address, (address) => [`  hostname: ${jsonString(address)},`]),
    "  tls: {",
    `    cert: Bun.file(${jsonString(site.cert)}),`,
    `    key: Bun.file(${jsonString(site.key)}),`,
    ...when(site.clientCa, (file) => [
      `    ca: Bun.file(${jsonString(file)}),`,
      "    requestCert: true,",
      "    rejectUnauthorized: true,",
    ]),
    `    // ${PROFILE}`,
    `    ciphers: ${jsonString(CIPHER_LIST)},`,
    "  },",
    ...when(site.http2, () => ["  // Bun 1.4 and later:", "  http2: true,"]),
    "  fetch: handle,",
    "});",
    ...fetchHandler(site),
  ]);
}

/** `handle`, for servers that take a function from Request to Response. */
function fetchHandler({ origin }: Site): string[] {
  if (origin === undefined) {
    return [
      "",
      "// Yours:",
      "function handle(_request: Request): Response {",
      '  return new Response("hello over TLS\\n");',
      "}",
    ];
  }
  return [
    "",
    "async function handle(request: Request): Promise<Response> {",
    '  const headers = new Headers({ "Vary": "Origin" });',
    `  if (request.headers.get("Origin") === ${jsonString(origin)}) {`,
    `    headers.set("Access-Control-Allow-Origin", ${jsonString(origin)});`,
    `    headers.set("Access-Control-Allow-Methods", "${CORS_METHODS}");`,
    '    const asked = request.headers.get("Access-Control-Request-Headers");',
    '    if (asked) headers.set("Access-Control-Allow-Headers", asked);',
    "  }",
    '  if (request.method === "OPTIONS" && request.headers.has("Access-Control-Request-Method")) {',
    "    return new Response(null, { status: 204, headers });",
    "  }",
    "  const response = await answer(request);",
    "  for (const [name, value] of headers) response.headers.set(name, value);",
    "  return response;",
    "}",
    "",
    "// Yours:",
    "async function answer(_request: Request): Promise<Response> {",
    '  return new Response("hello over TLS\\n");',
    "}",
  ];
}

function listenArguments({ port, address }: Site): string {
  return address === undefined ? String(port) : `${port}, ${jsonString(address)}`;
}
