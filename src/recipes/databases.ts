/**
 * PostgreSQL, MySQL and MariaDB, Redis.
 *
 * @module
 */

import { escapedString, optionFileString, postgresqlString } from "./quoting.ts";
import type { RecipeInput, RecipeOutput } from "./recipe.ts";
import { serviceCopies } from "./service_copies.ts";
import { siteOf, siteOutput, when } from "./site.ts";
import { CIPHER_LIST, PROFILE } from "./tls_profile.ts";

/** PostgreSQL 12 and later. Throws USAGE. */
export function postgresql(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  return siteOutput(site, [
    "# Into postgresql.conf:",
    ...serviceCopies(site, "PostgreSQL", "postgres", "/etc/postgresql/localtls"),
    `# Clients check with sslmode=verify-full; refused without TLS: "hostssl" for "host" in pg_hba.conf.`,
    `port = ${site.port}`,
    `listen_addresses = '${site.address ?? "*"}'`,
    "ssl = on",
    `ssl_cert_file = ${postgresqlString(site.cert)}`,
    `ssl_key_file = ${postgresqlString(site.key)}`,
    ...when(site.clientCa, (file) => [
      "# With this at the end of the lines of pg_hba.conf that begin with hostssl: clientcert=verify-ca",
      `ssl_ca_file = ${postgresqlString(file)}`,
    ]),
    `# ${PROFILE}`,
    "ssl_min_protocol_version = 'TLSv1.2'",
    `ssl_ciphers = '${CIPHER_LIST}'`,
    "ssl_prefer_server_ciphers = off",
  ]);
}

/** MySQL 8 or MariaDB 10.5, and later. Throws USAGE. */
export function mysql(product: "MySQL" | "MariaDB"): (input: RecipeInput) => RecipeOutput {
  return (input) => {
    const site = siteOf(input);
    const directory = `/etc/mysql/localtls`;
    return siteOutput(site, [
      `# Into an option file of ${product}:`,
      ...serviceCopies(site, product, "mysql", directory),
      "[mysqld]",
      `port = ${site.port}`,
      `bind-address = ${site.address ?? "*"}`,
      `ssl-cert = ${optionFileString(site.cert)}`,
      `ssl-key = ${optionFileString(site.key)}`,
      "# Nobody comes in over TCP without TLS:",
      "require-secure-transport = ON",
      ...when(site.clientCa, (file) => [
        `# Who has to show a certificate is said of each account: ALTER USER 'name'@'%' REQUIRE X509;`,
        `ssl-ca = ${optionFileString(file)}`,
      ]),
      `# ${PROFILE}`,
      "tls-version = TLSv1.2,TLSv1.3",
      `ssl-cipher = ${CIPHER_LIST}`,
    ]);
  };
}

/** Redis 6 and later, and Valkey. Throws USAGE. */
export function redis(input: RecipeInput): RecipeOutput {
  const site = siteOf(input);
  return siteOutput(site, [
    "# Into redis.conf; no port without TLS stays open:",
    ...serviceCopies(site, "Redis", "redis", "/etc/redis/localtls"),
    "port 0",
    `tls-port ${site.port}`,
    `bind ${site.address ?? "* -::*"}`,
    `tls-cert-file ${escapedString(site.cert)}`,
    `tls-key-file ${escapedString(site.key)}`,
    ...(site.clientCa === undefined
      ? [
        "tls-auth-clients no",
        "# Without a password Redis answers this machine alone:",
        "# requirepass SECRET",
      ]
      : [
        `tls-ca-cert-file ${escapedString(site.clientCa)}`,
        "tls-auth-clients yes",
        "# Whoever has no certificate does not get in; with this, other machines do without a password.",
        "protected-mode no",
      ]),
    `# ${PROFILE}`,
    'tls-protocols "TLSv1.2 TLSv1.3"',
    `tls-ciphers ${CIPHER_LIST}`,
    "tls-prefer-server-ciphers no",
  ]);
}
