/**
 * Servers that speak no HTTP, each with the lines of `localtls config` and with its own client.
 *
 * @module
 */

import { join } from "node:path";
import { AS_NOBODY, type ConfiguredServer, file } from "./config_servers.ts";
import { ADDRESS, type Person, type RunningServer } from "./config_site.ts";
import { mustRun } from "./processes.ts";

/** PostgreSQL, MariaDB, Redis, Mosquitto. */
export const DATABASES: readonly ConfiguredServer[] = [
  {
    id: "postgresql",
    title: "PostgreSQL (Debian)",
    needs: "/usr/lib/postgresql/15/bin/postgres",
    mtls: true,
    nobody: true,
    async prepare(text, directory) {
      const bin = "/usr/lib/postgresql/15/bin";
      const data = join(directory, "data");
      await mustRun([
        ...AS_NOBODY,
        ...[`${bin}/initdb`, "-D", data, "-U", "ann", "-A", "trust", "--no-sync"],
      ]);
      const clientcert = text.includes("ssl_ca_file") ? " clientcert=verify-ca" : "";
      file(data, "postgresql.conf", text);
      file(data, "pg_hba.conf", `hostssl all all all trust${clientcert}\n`);
      return {
        argv: [...AS_NOBODY, `${bin}/postgres`, "-D", data, "-c", "unix_socket_directories="],
      };
    },
  },
  {
    id: "mariadb",
    title: "MariaDB (Debian)",
    needs: "/usr/sbin/mariadbd",
    mtls: true,
    nobody: true,
    directoryName: "it's a hard näme; # \\ %41",
    async prepare(text, directory) {
      const data = join(directory, "data");
      const basics = [
        "--no-defaults",
        `--datadir=${data}`,
        "--auth-root-authentication-method=normal",
      ];
      await mustRun(
        [...AS_NOBODY, "mariadb-install-db", ...basics, "--skip-name-resolve", "--skip-test-db"],
        { cwd: directory, timeoutMs: 60_000 },
      );
      const accounts = `CREATE USER 'ann'@'%'${text.includes("ssl-ca") ? " REQUIRE X509" : ""};\n`;
      file(directory, "init.sql", accounts);
      file(directory, "my.cnf", text);
      return {
        argv: [
          ...AS_NOBODY,
          "/usr/sbin/mariadbd",
          `--defaults-file=${join(directory, "my.cnf")}`,
          `--datadir=${data}`,
          `--socket=${join(data, "s")}`,
          `--pid-file=${join(data, "p")}`,
          `--init-file=${join(directory, "init.sql")}`,
        ],
      };
    },
  },
  {
    id: "redis",
    title: "Redis (Debian)",
    needs: "/usr/bin/redis-server",
    mtls: true,
    nobody: true,
    prepare(text, directory) {
      return {
        argv: [...AS_NOBODY, "/usr/bin/redis-server", file(directory, "redis.conf", text)],
      };
    },
  },
  {
    id: "mosquitto",
    title: "Mosquitto (Debian)",
    needs: "/usr/sbin/mosquitto",
    mtls: true,
    nobody: true,
    prepare(text, directory) {
      const lines = text.replace("# allow_anonymous", "allow_anonymous");
      return {
        argv: [
          ...AS_NOBODY,
          "/usr/sbin/mosquitto",
          "-c",
          file(directory, "mosquitto.conf", lines),
        ],
      };
    },
  },
];

/** A client of the server's own protocol: its command for a root, and for a client certificate. */
export interface NativeClient {
  argv(at: RunningServer, root: string, client?: Person["client"]): readonly string[];
  env?(
    at: RunningServer,
    root: string,
    client?: Person["client"],
  ): Readonly<Record<string, string>>;
  readonly greets: RegExp;
  /** What openssl s_client calls the protocol, where TLS is asked for in it. */
  readonly starttls?: string;
}

/** By the server's word. */
export const NATIVE_CLIENTS: Readonly<Record<string, NativeClient>> = {
  postgresql: {
    argv: () => ["psql", "-At", "-c", "select 'hello over ' || version from pg_stat_ssl where ssl"],
    env: (at, root, client) => ({
      PGHOST: new URL(at.url).hostname,
      PGPORT: String(at.port),
      PGUSER: "ann",
      PGDATABASE: "postgres",
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: root,
      ...(client === undefined ? {} : { PGSSLCERT: client.cert, PGSSLKEY: client.key }),
    }),
    greets: /hello over TLSv1\.3/,
    starttls: "postgres",
  },
  mariadb: {
    argv: ({ port, url }, root, client) => [
      ...["mariadb", "--no-defaults", "--protocol=tcp", "-h", new URL(url).hostname],
      ...["-P", String(port), "-u", "ann", `--ssl-ca=${root}`, "--ssl-verify-server-cert"],
      ...(client === undefined ? [] : [`--ssl-cert=${client.cert}`, `--ssl-key=${client.key}`]),
      ...["-e", "show status like 'Ssl_version'"],
    ],
    greets: /TLSv1\.3/,
    starttls: "mysql",
  },
  redis: {
    argv: ({ port, url }, root, client) => [
      ...["redis-cli", "--tls", "--cacert", root, "-h", new URL(url).hostname, "-p", String(port)],
      ...(client === undefined ? [] : ["--cert", client.cert, "--key", client.key]),
      "ping",
    ],
    greets: /PONG/,
  },
  mosquitto: {
    argv: ({ port, url }, root, client) => [
      ...["mosquitto_pub", "-d", "--cafile", root, "-h", new URL(url).hostname],
      ...["-p", String(port), "-t", "test", "-m", "hello", "-q", "1"],
      ...(client === undefined ? [] : ["--cert", client.cert, "--key", client.key]),
    ],
    greets: /received PUBACK/,
  },
};

/** MariaDB's client compares a host name and no address; Redis without a password answers this machine alone. */
export const NAMES: Readonly<Record<string, readonly [string, string]>> = {
  mariadb: ["localhost", "localhost"],
  redis: ["localhost", ADDRESS],
};
