/**
 * Spring Boot: application.properties.
 *
 * @module
 */

import { quoteArgument } from "../host/shell_words.ts";
import { fileUrl } from "./quoting.ts";
import { pastable, type RecipeInput, type RecipeOutput } from "./recipe.ts";
import { siteOf, siteOutput, when } from "./site.ts";
import { IANA_CIPHERS, PROFILE, TLS13_CIPHERS } from "./tls_profile.ts";

/** The recipe, for Spring Boot 2.7 and later, which read PEM. Throws USAGE. */
export function spring(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  const again = quoteArgument(site.name);
  return siteOutput(site, [
    "# Into application.properties. Spring Boot 2.7 and later read the files as they are. Java without Spring, and",
    "# Spring Boot before 2.7, want a key store: PKCS#12, made with a password by",
    `#   ${input.program} cert ${again} --pkcs12 --password-file FILE`,
    "# and named by server.ssl.key-store, server.ssl.key-store-type=PKCS12 and server.ssl.key-store-password.",
    "# Escapes are those of a URL:",
    `#   ${pastable(site.cert)}`,
    `server.port=${site.port}`,
    ...when(site.address, (address) => [`server.address=${address}`]),
    `server.ssl.certificate=${fileUrl(site.cert)}`,
    `server.ssl.certificate-private-key=${fileUrl(site.key)}`,
    ...when(site.clientCa, (file) => [
      `server.ssl.trust-certificate=${fileUrl(file)}`,
      "server.ssl.client-auth=need",
    ]),
    ...when(site.http2, () => ["server.http2.enabled=true"]),
    `# ${PROFILE}`,
    "server.ssl.enabled-protocols=TLSv1.2,TLSv1.3",
    `server.ssl.ciphers=${[...TLS13_CIPHERS, ...IANA_CIPHERS].join(",")}`,
  ]);
}
