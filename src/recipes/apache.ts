/**
 * Apache: a virtual host that stands in front of a back end.
 *
 * @module
 */

import { parseUpstream } from "./http_addresses.ts";
import { apacheString } from "./quoting.ts";
import type { RecipeInput, RecipeOutput } from "./recipe.ts";
import { CORS_METHODS, type Site, siteOf, siteOutput, when } from "./site.ts";
import { CIPHER_LIST, PROFILE } from "./tls_profile.ts";

/** The recipe. Throws USAGE. */
export function apache(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  const upstream = parseUpstream(input.upstream);
  const target = upstream.endsWith("/") ? upstream : `${upstream}/`;
  const listen = `Listen ${site.address === undefined ? "" : `${site.literal}:`}${site.port}`;
  const modules = [
    ...["ssl", "headers", "proxy", "proxy_http"],
    ...when(site.origin, () => ["rewrite"]),
    ...when(site.http2, () => ["http2"]),
  ];
  return siteOutput(site, [
    `# Modules; on Debian: sudo a2enmod ${modules.join(" ")}`,
    `# ${PROFILE}`,
    ...(site.port === 443
      ? ["# Once in all files; Debian's ports.conf has it for port 443 already:", `#${listen}`]
      : [listen]),
    `<VirtualHost ${site.address === undefined ? "*" : site.literal}:${site.port}>`,
    ...serverName(site),
    "",
    "    SSLEngine on",
    `    SSLCertificateFile ${apacheString(site.cert)}`,
    `    SSLCertificateKeyFile ${apacheString(site.key)}`,
    "    SSLProtocol -all +TLSv1.2 +TLSv1.3",
    `    SSLCipherSuite ${CIPHER_LIST}`,
    "    SSLHonorCipherOrder off",
    "    SSLSessionTickets off",
    ...when(site.clientCa, (file) => [
      `    SSLCACertificateFile ${apacheString(file)}`,
      "    SSLVerifyClient require",
      "    SSLVerifyDepth 2",
    ]),
    ...when(site.http2, () => ["    Protocols h2 http/1.1"]),
    ...when(site.origin, corsLines),
    "",
    ...when(upstream.startsWith("https:"), () => ["    SSLProxyEngine on"]),
    "    ProxyPreserveHost On",
    '    RequestHeader set X-Forwarded-Proto "https"',
    `    ProxyPass "/" "${target}"`,
    `    ProxyPassReverse "/" "${target}"`,
    "</VirtualHost>",
  ]);
}

function serverName({ name, literal }: Site): string[] {
  if (!name.startsWith("*.")) return [`    ServerName ${literal}`];
  return [`    ServerName ${name.slice(2)}`, `    ServerAlias ${name}`];
}

/**
 * "always": an error answer without the header reaches the page as a network error, without its status. The condition
 * makes Apache send nothing at all to other origins.
 */
function corsLines(origin: string): string[] {
  const condition = `"expr=%{req:Origin} == '${origin}'"`;
  const set = (name: string, value: string) =>
    `    Header always set ${name} ${value} ${condition}`;
  return [
    "",
    "    RewriteEngine On",
    "    RewriteCond %{REQUEST_METHOD} =OPTIONS",
    "    RewriteCond %{HTTP:Access-Control-Request-Method} .",
    "    RewriteRule ^ - [R=204,L]",
    "    # Two values of this header make a browser refuse the answer.",
    "    Header unset Access-Control-Allow-Origin",
    set("Access-Control-Allow-Origin", `"${origin}"`),
    set("Access-Control-Allow-Methods", `"${CORS_METHODS}"`),
    set("Access-Control-Allow-Headers", '"expr=%{req:Access-Control-Request-Headers}"'),
    "    Header always merge Vary Origin",
    "    # Only if the page sends cookies or passwords:",
    "    # Header always set Access-Control-Allow-Credentials true",
  ];
}
