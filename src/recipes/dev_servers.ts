/**
 * Development servers of front ends: Vite, webpack, Next.js.
 *
 * @module
 */

import { quoteArgument } from "../host/shell_words.ts";
import { nodeCors, nodeTlsOptions } from "./javascript.ts";
import { jsonString } from "./quoting.ts";
import { pastable, type RecipeInput, type RecipeOutput } from "./recipe.ts";
import { type Site, siteOf, siteOutput, when } from "./site.ts";

/** Vite. HTTP/2 is there without being asked for. Throws USAGE. */
export function vite(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  return siteOutput(site, [
    "// Into vite.config.js (or .mjs, .ts):",
    'import { readFileSync } from "node:fs";',
    'import { defineConfig } from "vite";',
    "",
    "export default defineConfig({",
    "  server: {",
    `    host: ${site.address === undefined ? "true" : jsonString(site.address)},`,
    `    port: ${site.port},`,
    "    strictPort: true,",
    ...when(!site.isIp, () => [`    allowedHosts: [${jsonString(allowedHost(site))}],`]),
    "    https: {",
    ...nodeTlsOptions(site).map((line) => `      ${line}`),
    "    },",
    ...when(site.origin, (origin) => [`    cors: { origin: [${jsonString(origin)}] },`]),
    "  },",
    "});",
  ]);
}

/** webpack-dev-server 5 and later. Throws USAGE. */
export function webpack(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  return siteOutput(site, [
    "// Into webpack.config.mjs:",
    'import { readFileSync } from "node:fs";',
    "",
    "export default {",
    "  devServer: {",
    `    host: ${jsonString(site.address ?? "0.0.0.0")},`,
    `    port: ${site.port},`,
    ...when(!site.isIp, () => [`    allowedHosts: [${jsonString(allowedHost(site))}],`]),
    "    server: {",
    '      type: "https",',
    "      options: {",
    ...nodeTlsOptions(site).map((line) => `        ${line}`),
    "      },",
    "    },",
    ...when(site.origin, (origin) => [
      "    setupMiddlewares(middlewares) {",
      "      middlewares.unshift({",
      '        name: "localtls-cors",',
      "        middleware(request, response, next) {",
      ...nodeCors(origin).map((line) => `          ${line}`),
      "          next();",
      "        },",
      "      });",
      "      return middlewares;",
      "    },",
    ]),
    "  },",
    "};",
  ]);
}

/** Next.js: a command line. Throws USAGE. */
export function next(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  return siteOutput(site, [
    "# A command, for development; in production a server stands in front of Next.js.",
    "# next dev has no TLS settings: they are the defaults of Node.js, TLS 1.2 and 1.3.",
    "npx next dev \\",
    `  --hostname ${site.address ?? "0.0.0.0"} \\`,
    `  --port ${site.port} \\`,
    "  --experimental-https \\",
    `  --experimental-https-cert ${quoteArgument(pastable(site.cert))} \\`,
    `  --experimental-https-key ${quoteArgument(pastable(site.key))}`,
  ]);
}

/** A leading dot is every host below, for Vite and webpack. */
function allowedHost({ name }: Site): string {
  return name.replace(/^\*\./, ".");
}
