/**
 * The Docker registry ("distribution"): its config.yml.
 *
 * @module
 */

import { quoteArgument } from "../host/shell_words.ts";
import { jsonString } from "./quoting.ts";
import { pastable, type RecipeInput, type RecipeOutput, rootOf } from "./recipe.ts";
import { CORS_METHODS, siteOf, siteOutput, when } from "./site.ts";
import { IANA_CIPHERS, PROFILE, TLS13_CIPHERS } from "./tls_profile.ts";

/** The recipe, for the registry 2.8 and later. Throws USAGE. */
export function registry(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  const from = site.port === 443 ? site.literal : `${site.literal}:${site.port}`;
  const root = quoteArgument(pastable(rootOf(input).path));
  return siteOutput(site, [
    "# config.yml of the registry. In a container the files are mounted where the lines say.",
    "# A Docker that does not look into the system's trust store is told of the CA by",
    `#   sudo install -D -m 0644 ${root} ${quoteArgument(`/etc/docker/certs.d/${from}/ca.crt`)}`,
    'version: "0.1"',
    "storage:",
    "  filesystem:",
    "    rootdirectory: /var/lib/registry",
    "http:",
    `  addr: ${jsonString(`${site.address === undefined ? "" : site.literal}:${site.port}`)}`,
    "  tls:",
    `    certificate: ${jsonString(site.cert)}`,
    `    key: ${jsonString(site.key)}`,
    ...when(site.clientCa, (file) => ["    clientcas:", `      - ${jsonString(file)}`]),
    `    # ${PROFILE}`,
    "    minimumtls: tls1.2",
    "    ciphersuites:",
    ...[...TLS13_CIPHERS, ...IANA_CIPHERS].map((name) => `      - ${name}`),
    ...when(!site.http2, () => ["  http2:", "    disabled: true"]),
    ...when(site.origin, (origin) => [
      "  headers:",
      `    Access-Control-Allow-Origin: [${jsonString(origin)}]`,
      `    Access-Control-Allow-Methods: [${jsonString(CORS_METHODS)}]`,
      '    Access-Control-Allow-Headers: ["*, Authorization"]',
      '    Vary: ["Origin"]',
    ]),
  ]);
}
