/**
 * Caddy: a site of a Caddyfile that stands in front of a back end.
 *
 * @module
 */

import { parseUpstream } from "./http_addresses.ts";
import { LocalTlsError } from "../errors.ts";
import { caddyString } from "./quoting.ts";
import type { RecipeInput, RecipeOutput } from "./recipe.ts";
import { CORS_METHODS, type Site, siteOf, siteOutput, when } from "./site.ts";
import { IANA_CIPHERS, PROFILE } from "./tls_profile.ts";

/** The recipe. HTTP/2 is there without being asked for. Throws USAGE. */
export function caddy(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  const upstream = originOnly(parseUpstream(input.upstream));
  return siteOutput(site, [
    "# Into the Caddyfile. Caddy redirects from port 80 as well, but for auto_https disable_redirects in the global",
    "# options, the block without a name that is first in the file.",
    ...when(site.isIp && site.clientCa !== undefined, () => globalOptions(site)),
    `# ${PROFILE}`,
    // Caddy finds the settings of TLS by the server name, which clients of an address do not send: with the address as
    // the site's name, theirs would be the defaults.
    `https://${site.isIp ? "" : site.literal}:${site.port} {`,
    ...when(site.address, (address) => [`\tbind ${address}`]),
    `\ttls ${caddyString(site.cert)} ${caddyString(site.key)} {`,
    "\t\tprotocols tls1.2 tls1.3",
    `\t\tciphers ${IANA_CIPHERS.join(" ")}`,
    ...when(site.clientCa, (file) => [
      "\t\tclient_auth {",
      "\t\t\tmode require_and_verify",
      "\t\t\t# Caddy 2.8 and later call this deprecated: trust_pool file PATH",
      `\t\t\ttrusted_ca_cert_file ${caddyString(file)}`,
      "\t\t}",
    ]),
    "\t}",
    ...when(site.origin, corsLines),
    ...(site.origin === undefined ? [`\treverse_proxy ${upstream}`] : [
      `\treverse_proxy ${upstream} {`,
      "\t\t# Two values of this header make a browser refuse the answer.",
      "\t\theader_down -Access-Control-Allow-Origin",
      "\t}",
    ]),
    "}",
  ]);
}

/**
 * Where client certificates are asked for, Caddy refuses (421) requests whose server name is not their host: on a listener
 * with sites of different settings one could be used for another. Clients of an address send no server name, and this
 * listener has no other site.
 */
function globalOptions({ literal, port }: Site): string[] {
  return [
    "# Global options: first in the file, or into the block that is there. Clients of an address send no server name;",
    "# with this, no other site may stand on the same port.",
    "{",
    `\tservers ${literal}:${port} {`,
    "\t\tstrict_sni_host insecure_off",
    "\t}",
    "}",
    "",
  ];
}

function corsLines(origin: string): string[] {
  return [
    `\t@localtls_origin header Origin ${origin}`,
    "\theader @localtls_origin {",
    `\t\tAccess-Control-Allow-Origin ${origin}`,
    `\t\tAccess-Control-Allow-Methods "${CORS_METHODS}"`,
    "\t\tAccess-Control-Allow-Headers {http.request.header.Access-Control-Request-Headers}",
    "\t\t# Only if the page sends cookies or passwords:",
    "\t\t# Access-Control-Allow-Credentials true",
    "\t}",
    "\theader +Vary Origin",
    "\t@localtls_preflight {",
    "\t\tmethod OPTIONS",
    "\t\theader Access-Control-Request-Method *",
    "\t}",
    "\trespond @localtls_preflight 204",
  ];
}

function originOnly(upstream: string): string {
  const url = new URL(upstream);
  if (url.pathname === "/") return url.origin;
  throw new LocalTlsError(
    "USAGE",
    `Cannot use "${upstream}" with Caddy: it takes a back end without a path`,
    {
      hints: [`--upstream ${url.origin}`],
    },
  );
}
