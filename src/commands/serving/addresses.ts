/**
 * Where a server listens, and under which URLs it is reached.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import type { Host } from "../../host/host.ts";
import { parseRequestedName } from "../../pki/requested_name.ts";

/** Stands for every address of the machine, those that it gets later too. */
const EVERY = "::";

/** The addresses of `--host`. Throws USAGE for what is no address: a server listens on those. */
export function listenAddresses(hosts: readonly string[] | undefined): string[] {
  if (hosts === undefined || hosts.length === 0) return [EVERY];
  return [...new Set(hosts.flatMap(addressesOf))];
}

function addressesOf(host: string): string[] {
  if (host === "localhost") return ["127.0.0.1", "::1"];
  if (host === EVERY || host === "0.0.0.0") return [host];
  const text = /^\[(.*)\]$/.exec(host)?.[1] ?? host;
  try {
    const { name } = parseRequestedName(text);
    if (name.type === "ip") return [name.value];
  } catch {
    // Said below.
  }
  throw new LocalTlsError("USAGE", `Cannot listen on "${host}": it is no address`, {
    hints: ["--host 127.0.0.1", "A name for the certificate: --name NAME"],
  });
}

/** Those that a certificate can be for. */
export function namedAddresses(addresses: readonly string[]): string[] {
  return addresses.filter((address) => address !== EVERY && address !== "0.0.0.0");
}

/** The URLs of a server. */
export interface ServerUrls {
  /** The one for this machine first. */
  readonly all: readonly string[];
  /** The first that another machine can use. */
  readonly lan?: string;
}

/** @param names In the certificate: an address that is not would be a warning in the browser. */
export async function serverUrls(
  host: Host,
  addresses: readonly string[],
  port: number,
  names: readonly string[],
): Promise<ServerUrls> {
  const own = await host.network.addresses();
  const every = addresses.some((address) => address === EVERY || address === "0.0.0.0");
  const reachable = every ? [...addresses, "127.0.0.1", ...own] : addresses;
  const isLocal = reachable.some((address) => address === "127.0.0.1" || address === "::1");
  const hosts = [
    ...(isLocal ? ["localhost"] : []),
    ...reachable.filter((address) => address !== "127.0.0.1" && address !== "::1"),
  ].filter((name) => names.includes(name));
  const suffix = port === 443 ? "/" : `:${port}/`;
  const url = (name: string) => `https://${name.includes(":") ? `[${name}]` : name}${suffix}`;
  const lan = hosts.find((name) => own.includes(name));
  const unnamed = isLocal && !hosts.includes("localhost") ? [names[0] ?? "localhost"] : [];
  return {
    all: [...hosts, ...unnamed].map(url),
    ...(lan === undefined ? {} : { lan: url(lan) }),
  };
}
