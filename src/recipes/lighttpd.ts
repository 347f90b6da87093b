/**
 * lighttpd: a socket that stands in front of a back end.
 *
 * @module
 */

import { plainUpstream } from "./http_addresses.ts";
import { lighttpdString } from "./quoting.ts";
import type { RecipeInput, RecipeOutput } from "./recipe.ts";
import { CORS_METHODS, siteOf, siteOutput, when } from "./site.ts";
import { CIPHER_LIST, PROFILE } from "./tls_profile.ts";

/** The recipe, for lighttpd 1.4.56 and later. Throws USAGE. */
export function lighttpd(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  const { host, port } = plainUpstream(input.upstream, "lighttpd");
  const modules = [
    "mod_openssl",
    ...when(site.origin, () => ["mod_setenv", "mod_redirect"]),
    "mod_proxy",
  ];
  const socket = (address: string) => [
    `$SERVER["socket"] == "${address}:${site.port}" {`,
    '    ssl.engine = "enable"',
    `    ssl.pemfile = ${lighttpdString(site.cert)}`,
    `    ssl.privkey = ${lighttpdString(site.key)}`,
    "    ssl.openssl.ssl-conf-cmd = (",
    '        "MinProtocol" => "TLSv1.2",',
    `        "CipherString" => "${CIPHER_LIST}",`,
    '        "Options" => "-ServerPreference,-SessionTicket",',
    "    )",
    ...when(site.clientCa, (file) => [
      `    ssl.verifyclient.ca-file = ${lighttpdString(file)}`,
      '    ssl.verifyclient.activate = "enable"',
      '    ssl.verifyclient.enforce = "enable"',
      "    ssl.verifyclient.depth = 2",
    ]),
    `    proxy.server = ( "" => (( "host" => "${host}", "port" => ${port} )) )`,
    '    proxy.forwarded = ( "for" => 1, "proto" => 1 )',
    ...when(site.origin, corsLines),
    "}",
  ];
  return siteOutput(site, [
    "# lighttpd 1.4.56 or later; on Debian with the package lighttpd-mod-openssl.",
    `# ${PROFILE}`,
    `server.modules += ( ${modules.map((name) => `"${name}"`).join(", ")} )`,
    ...when(site.http2, () => ['server.feature-flags += ( "server.h2proto" => "enable" )']),
    ...(site.address === undefined
      ? [...socket("0.0.0.0"), ...socket("[::]")]
      : socket(site.literal)),
  ]);
}

/**
 * A redirection is the one answer that lighttpd gives without a file or a script; with status 204 it is none to a browser.
 * What a request asked for cannot be repeated.
 */
function corsLines(origin: string): string[] {
  return [
    '    $REQUEST_HEADER["Access-Control-Request-Method"] != "" {',
    '        $HTTP["request-method"] == "OPTIONS" {',
    '            url.redirect = ( "" => "/" )',
    "            url.redirect-code = 204",
    "        }",
    "    }",
    `    $REQUEST_HEADER["Origin"] == "${origin}" {`,
    "        setenv.set-response-header = (",
    `            "Access-Control-Allow-Origin" => "${origin}",`,
    `            "Access-Control-Allow-Methods" => "${CORS_METHODS}",`,
    '            "Access-Control-Allow-Headers" => "*, Authorization",',
    '            "Vary" => "Origin",',
    "        )",
    "    }",
    `    else $REQUEST_HEADER["Origin"] != "" {`,
    '        setenv.set-response-header = ( "Access-Control-Allow-Origin" => "", "Vary" => "Origin" )',
    "    }",
  ];
}
