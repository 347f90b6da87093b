/**
 * HAProxy: a frontend and its backend.
 *
 * @module
 */

import { quoteArgument } from "../host/shell_words.ts";
import { plainUpstream } from "./http_addresses.ts";
import { haproxyString } from "./quoting.ts";
import { pastable, type RecipeInput, type RecipeOutput } from "./recipe.ts";
import { CORS_METHODS, siteOf, siteOutput, when } from "./site.ts";
import { CIPHER_LIST, PROFILE } from "./tls_profile.ts";

/** The recipe. Throws USAGE. */
export function haproxy(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  const { host, port } = plainUpstream(input.upstream, "HAProxy");
  // Up to 2.9 certificate and key are one file, or the key's name is the certificate's with ".key" added.
  const both = `${site.cert.replace(/\.pem$/, "")}-haproxy.pem`;
  const [cert, key, out] = [site.cert, site.key, both].map((path) => quoteArgument(pastable(path)));
  const tls = [
    `ssl crt ${haproxyString(both)}`,
    "ssl-min-ver TLSv1.2",
    `ciphers ${CIPHER_LIST}`,
    ...when(site.http2, () => ["alpn h2,http/1.1"]),
    ...when(site.clientCa, (file) => [`ca-file ${haproxyString(file)} verify required`]),
  ].join(" ");
  const listen = site.address === undefined
    ? [`    bind :::${site.port} v4v6 ${tls}`]
    // HAProxy takes the last colon for the one before the port: IPv6 goes without brackets.
    : [`    bind ${site.address}:${site.port} ${tls}`];
  return siteOutput(site, [
    "# HAProxy wants certificate and key in one file. First, and again after each renewal:",
    `#   install -m 0600 /dev/null ${out} && cat ${cert} ${key} > ${out}`,
    `# ${PROFILE}`,
    `frontend localtls_${site.suffix}`,
    "    mode http",
    "    timeout client 60s",
    ...listen,
    "    http-request set-header X-Forwarded-Proto https",
    ...when(site.origin, corsLines),
    `    default_backend localtls_${site.suffix}`,
    "",
    `backend localtls_${site.suffix}`,
    "    mode http",
    "    timeout connect 5s",
    "    timeout server 60s",
    "    option forwardfor",
    `    server app ${host}:${port}`,
  ]);
}

/** After-response rules hold for HAProxy's own answers too, errors among them. */
function corsLines(origin: string): string[] {
  const allowed = `if { var(txn.localtls_origin) -m str ${origin} }`;
  const set = (name: string, value: string) =>
    `    http-after-response set-header ${name} ${value} ${allowed}`;
  return [
    "    http-request set-var(txn.localtls_origin) req.fhdr(Origin)",
    "    http-request set-var(txn.localtls_headers) req.fhdr(Access-Control-Request-Headers)",
    "    http-request return status 204 if METH_OPTIONS { req.fhdr(Access-Control-Request-Method) -m found }",
    "    # Two values of this header make a browser refuse the answer.",
    "    http-after-response del-header Access-Control-Allow-Origin",
    set("Access-Control-Allow-Origin", origin),
    set("Access-Control-Allow-Methods", `"${CORS_METHODS}"`),
    set("Access-Control-Allow-Headers", '"%[var(txn.localtls_headers)]"'),
    "    http-after-response add-header Vary Origin",
    "    # Only if the page sends cookies or passwords:",
    "    # http-after-response set-header Access-Control-Allow-Credentials true",
  ];
}
