/**
 * A real PostgreSQL that speaks TLS alone, on a test's network.
 *
 * @module
 */

import { appendFileSync, chmodSync, copyFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { NetworkHost } from "./netns.ts";
import type { CertificateFiles } from "./openssl.ts";
import { findProgram, mustRun } from "./processes.ts";
import { requireSandbox, scratchDirectory } from "./sandbox.ts";

/** Where Debian has the programs of each version. */
const VERSIONS = "/usr/lib/postgresql";

/** It refuses to run as root. */
const USER = "nobody";
const AS_USER = ["setpriv", `--reuid=${USER}`, "--regid=nogroup", "--clear-groups"];

/** Directory of initdb and postgres; undefined where there is none. */
function programs(): string | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : [];
  return versions.map((version) => join(VERSIONS, version, "bin"))
    .find((directory) => existsSync(join(directory, "initdb")));
}

/** The reason to skip, where server or client is missing. */
export function missingPostgres(): string | false {
  return (programs() === undefined || findProgram("psql") === undefined) &&
    "PostgreSQL is not installed";
}

/** Starts a server whose cluster_name is the word, and waits until it listens. */
export async function startPostgres(
  host: NetworkHost,
  port: number,
  { cert, key }: CertificateFiles,
  word: string,
): Promise<void> {
  requireSandbox();
  const bin = programs() ?? "";
  const directory = scratchDirectory("postgres");
  await mustRun(["chown", `${USER}:nogroup`, directory]);
  const data = join(directory, "data");
  const init = [join(bin, "initdb"), "-D", data, "-U", "postgres", "--no-sync", "-A", "trust"];
  await mustRun([...AS_USER, ...init], { cwd: "/", timeoutMs: 60_000 });
  for (const [from, to] of [[cert, "server.crt"], [key, "server.key"]] as const) {
    copyFileSync(from, join(data, to));
    chmodSync(join(data, to), 0o600);
    await mustRun(["chown", `${USER}:nogroup`, join(data, to)]);
  }
  appendFileSync(join(data, "pg_hba.conf"), "hostssl all all 0.0.0.0/0 trust\n");
  const settings = {
    ssl: "on",
    listen_addresses: host.address,
    port,
    unix_socket_directories: directory,
    cluster_name: word,
    fsync: "off",
  };
  const words = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  host.spawn([...AS_USER, join(bin, "postgres"), "-D", data, ...words], { cwd: "/" });
  await host.listening(port);
}
