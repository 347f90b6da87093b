/**
 * Kestrel, the server of .NET: appsettings.json.
 *
 * @module
 */

import { jsonString } from "./quoting.ts";
import type { RecipeInput, RecipeOutput } from "./recipe.ts";
import { siteOf, siteOutput, when } from "./site.ts";
import { PROFILE } from "./tls_profile.ts";

/** The recipe, for .NET 5 and later, which read PEM. Throws USAGE. */
export function kestrel(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  const url = `https://${site.address === undefined ? "*" : site.literal}:${site.port}`;
  const output = siteOutput(site, [
    "// Into appsettings.json, where comments are allowed.",
    `// ${PROFILE};`,
    "// the cipher suites of TLS 1.2 are those of the system.",
    "{",
    '  "Kestrel": {',
    '    "Endpoints": {',
    '      "Https": {',
    `        "Url": ${jsonString(url)},`,
    `        "Protocols": ${jsonString(site.http2 ? "Http1AndHttp2" : "Http1")},`,
    '        "SslProtocols": ["Tls12", "Tls13"],',
    ...when(site.clientCa, () => ['        "ClientCertificateMode": "RequireCertificate",']),
    '        "Certificate": {',
    `          "Path": ${jsonString(site.cert)},`,
    `          "KeyPath": ${jsonString(site.key)}`,
    "        }",
    "      }",
    "    }",
    "  }",
    "}",
  ]);
  if (site.clientCa === undefined) return output;
  const message =
    "Kestrel takes client certificates of every CA that the system trusts; to take only those of this one, " +
    "check them in ClientCertificateValidation";
  return {
    ...output,
    warnings: [...output.warnings ?? [], { code: "CLIENT_CA_OF_SYSTEM", message }],
  };
}
