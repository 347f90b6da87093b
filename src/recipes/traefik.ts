/**
 * Traefik: the entry point, and the file of its file provider.
 *
 * @module
 */

import { parseUpstream } from "./http_addresses.ts";
import { jsonString, traefikString } from "./quoting.ts";
import type { RecipeInput, RecipeOutput } from "./recipe.ts";
import { CORS_METHODS, type Site, siteOf, siteOutput, when } from "./site.ts";
import { IANA_CIPHERS, PROFILE } from "./tls_profile.ts";

/** The recipe, for Traefik 3. HTTP/2 is there without being asked for. Throws USAGE. */
export function traefik(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  const upstream = parseUpstream(input.upstream);
  return siteOutput(site, [
    "# Into traefik.yml, the static configuration:",
    "entryPoints:",
    "  localtls:",
    `    address: ${jsonString(`${site.address === undefined ? "" : site.literal}:${site.port}`)}`,
    "providers:",
    "  file:",
    "    filename: /etc/traefik/localtls.yml",
    "---",
    "# Into /etc/traefik/localtls.yml:",
    `# ${PROFILE}`,
    "tls:",
    "  stores:",
    "    default:",
    "      # Clients of an address name no server, so that Traefik has no other way to choose.",
    "      defaultCertificate:",
    `        certFile: ${traefikString(site.cert)}`,
    `        keyFile: ${traefikString(site.key)}`,
    "  options:",
    "    default:",
    "      minVersion: VersionTLS12",
    "      cipherSuites:",
    ...IANA_CIPHERS.map((name) => `        - ${name}`),
    ...when(site.clientCa, (file) => [
      "      clientAuth:",
      "        clientAuthType: RequireAndVerifyClientCert",
      "        caFiles:",
      `          - ${traefikString(file)}`,
    ]),
    "http:",
    "  routers:",
    "    localtls:",
    "      entryPoints: [localtls]",
    `      rule: ${jsonString(rule(site))}`,
    "      service: localtls",
    ...when(site.origin, () => ["      middlewares: [localtls-cors]"]),
    "      tls: {}",
    ...when(site.origin, corsLines),
    "  services:",
    "    localtls:",
    "      loadBalancer:",
    "        servers:",
    `          - url: ${jsonString(upstream)}`,
  ]);
}

function rule({ name, literal }: Site): string {
  if (!name.startsWith("*.")) return `Host(\`${literal}\`)`;
  return `HostRegexp(\`^[^.]+\\.${name.slice(2).replaceAll(".", "\\.")}$\`)`;
}

/** Traefik answers preflights itself, and takes the back end's own headers away. */
function corsLines(origin: string): string[] {
  return [
    "  middlewares:",
    "    localtls-cors:",
    "      headers:",
    `        accessControlAllowOriginList: [${jsonString(origin)}]`,
    `        accessControlAllowMethods: [${CORS_METHODS}]`,
    '        accessControlAllowHeaders: ["*", Authorization]',
    "        addVaryHeader: true",
  ];
}
