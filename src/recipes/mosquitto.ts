/**
 * Mosquitto: a listener for MQTT over TLS.
 *
 * @module
 */

import { restOfLine } from "./quoting.ts";
import type { RecipeInput, RecipeOutput } from "./recipe.ts";
import { serviceCopies } from "./service_copies.ts";
import { siteOf, siteOutput, when } from "./site.ts";
import { CIPHER_LIST, PROFILE } from "./tls_profile.ts";

/** The recipe, for Mosquitto 2. Throws USAGE. */
export function mosquitto(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  return siteOutput(site, [
    "# Into mosquitto.conf or a file of conf.d/:",
    ...serviceCopies(site, "Mosquitto", "mosquitto", "/etc/mosquitto/localtls"),
    `listener ${site.port}${site.address === undefined ? "" : ` ${site.address}`}`,
    `certfile ${restOfLine(site.cert)}`,
    `keyfile ${restOfLine(site.key)}`,
    ...when(site.clientCa, (file) => [`cafile ${restOfLine(file)}`, "require_certificate true"]),
    `# ${PROFILE}`,
    "# The lowest version:",
    "tls_version tlsv1.2",
    `ciphers ${CIPHER_LIST}`,
    "# Who may come in is said by password_file, or (everybody):",
    "# allow_anonymous true",
  ]);
}
