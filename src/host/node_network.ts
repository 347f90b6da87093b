/**
 * {@link Network} on node:os and node:tls, each loaded on first use.
 *
 * @module
 */

import process from "node:process";
import { type Bytes, toBytes } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import type { Network } from "./host.ts";
import { describeSystemError } from "./system_error.ts";

/**
 * Interfaces that exist for containers and virtual machines on this machine: Docker, Podman, libvirt,
 * LXC/LXD and Kubernetes networks. No other machine reaches their addresses, and they come and go,
 * so a certificate should not name them unasked.
 */
const CONTAINER_INTERFACE =
  /^(?:docker|br-|veth|virbr|vnet|lxc|lxdbr|cni|podman|flannel|cali|kube-|nerdctl)/;
/** 127/8, 169.254/16, ::1, fe80::/10. */
const LOCAL_ONLY = /^(?:127\.|169\.254\.|::1$|fe[89ab][0-9a-f]:)/i;
/** A chain of more is a loop or an attack. */
const MAX_CHAIN = 16;

/** This machine's networks. */
export function createNodeNetwork(): Network {
  return {
    // Not `await import`: the interface asks for an answer at once.
    hostName: () => process.getBuiltinModule("node:os").hostname(),
    addresses: async () => selectAddresses((await import("node:os")).networkInterfaces()),
    peerCertificates,
    fetchPlain: async (request) => await (await import("./plain_http.ts")).fetchPlain(request),
  };
}

/** What node:os tells of an interface, as far as it is needed. */
export type Interfaces = Readonly<
  Record<
    string,
    readonly { readonly address: string; readonly internal: boolean }[] | undefined
  >
>;

/** The addresses by which other machines may know this one, IPv4 first. Unicast addresses of any scope: the caller judges. */
export function selectAddresses(interfaces: Interfaces): string[] {
  const found = new Set<string>();
  for (const [name, addresses] of Object.entries(interfaces)) {
    if (CONTAINER_INTERFACE.test(name)) continue;
    for (const { address, internal } of addresses ?? []) {
      // Some runtimes append the zone to a link-local address.
      if (!internal && !LOCAL_ONLY.test(address)) found.add(address.split("%", 1)[0] ?? address);
    }
  }
  const all = [...found];
  return [
    ...all.filter((address) => !address.includes(":")),
    ...all.filter((address) => address.includes(":")),
  ];
}

async function peerCertificates(
  target: { readonly host: string; readonly port: number; readonly timeoutMs: number },
): Promise<Bytes[]> {
  const { connect } = await import("node:tls");
  const { host, port } = target;
  const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const fail = (state: string, cause?: unknown) =>
    new LocalTlsError("NETWORK", `Cannot get the certificate of "${where}": ${state}`, { cause });
  const isAddress = host.includes(":") || /^\d+(?:\.\d+){3}$/.test(host);
  return await new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      // The certificate is what is asked for; nothing is sent, and nobody's word is taken.
      rejectUnauthorized: false,
      // No roots: otherwise the runtime completes the chain with certificates that were not sent.
      ca: [],
      // RFC 6066, 3: server_name carries DNS names, never addresses.
      ...(isAddress ? {} : { servername: host }),
    }, () => {
      const chain = readChain(socket.getPeerCertificate(true));
      finish(() => chain.length > 0 ? resolve(chain) : reject(fail("It presented none")));
    });
    const timer = setTimeout(
      () => finish(() => reject(fail(`No answer within ${target.timeoutMs / 1000} seconds`))),
      target.timeoutMs,
    );
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      settle();
      socket.destroy();
    };
    socket.on("error", (error) => finish(() => reject(fail(describeSystemError(error), error))));
    socket.on("close", () => finish(() => reject(fail("It closed the connection"))));
  });
}

/** A certificate as node:tls gives it: linked to its issuer, the last one to itself. */
interface LinkedCertificate {
  readonly raw?: Uint8Array;
  readonly issuerCertificate?: LinkedCertificate;
}

function readChain(leaf: LinkedCertificate | null | undefined): Bytes[] {
  const chain: Bytes[] = [];
  const seen = new Set<string>();
  let next = leaf;
  while (next?.raw !== undefined && chain.length < MAX_CHAIN) {
    const identity = String.fromCharCode(...next.raw.subarray(0, 4096));
    if (seen.has(identity)) break;
    seen.add(identity);
    chain.push(toBytes(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
}
