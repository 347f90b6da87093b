/**
 * Hosts on a network of their own: a network namespace each, joined by a bridge, with real addresses and
 * no way out. What runs in them shares files with the test.
 *
 * @module
 */

import {
  mustRun,
  type ProcessOptions,
  type ProcessResult,
  run,
  type RunningProcess,
  start,
  waitFor,
} from "./processes.ts";
import { requireSandbox } from "./sandbox.ts";

/** A host on the test's network. */
export interface NetworkHost {
  /** Name of the namespace, unique to this test. */
  readonly name: string;
  readonly address: string;
  /** The words to put before a command. */
  readonly prefix: readonly string[];
  /** Runs a program on this host to its end. */
  exec(argv: readonly string[], options?: ProcessOptions): Promise<ProcessResult>;
  /** Starts a program on this host; the network's close() stops it if nobody has. */
  spawn(
    argv: readonly string[],
    options?: ProcessOptions & { readonly pipes?: boolean },
  ): RunningProcess;
  /** Waits until somebody listens on the TCP port of this host. */
  listening(port: number, address?: string): Promise<void>;
}

/** The hosts, by the names they were asked for with. */
export interface TestNetwork<Name extends string> {
  readonly hosts: Readonly<Record<Name, NetworkHost>>;
  /** Stops what runs on the hosts and takes the namespaces down. */
  close(): Promise<void>;
}

let networks = 0;

/**
 * Makes hosts with addresses in one network.
 * @param addresses IPv4 addresses by host name; the network is that address's /24.
 */
export async function createNetwork<Name extends string>(
  addresses: Readonly<Record<Name, string>>,
): Promise<TestNetwork<Name>> {
  requireSandbox();
  const id = `lt${process.pid}x${networks++}`;
  const bridge = `${id}-net`;
  const started: RunningProcess[] = [];
  const names: string[] = [];
  // The bridge lives in a namespace too: nothing shows among the machine's own interfaces.
  const close = async () => {
    await Promise.all(started.map((one) => one.stop()));
    for (const name of names.reverse()) await run(["ip", "netns", "delete", name]);
  };
  try {
    await mustRun(["ip", "netns", "add", bridge]);
    names.push(bridge);
    await mustRun(["ip", "-n", bridge, "link", "add", "br0", "type", "bridge"]);
    await mustRun(["ip", "-n", bridge, "link", "set", "br0", "up"]);
    const hosts = {} as Record<Name, NetworkHost>;
    for (const [label, address] of Object.entries<string>(addresses)) {
      const name = `${id}-${label}`;
      await mustRun(["ip", "netns", "add", name]);
      names.push(name);
      const port = `port${names.length}`;
      const peer = ["peer", "name", port, "netns", bridge];
      await mustRun(["ip", "link", "add", "eth0", "netns", name, "type", "veth", ...peer]);
      await mustRun(["ip", "-n", bridge, "link", "set", port, "master", "br0", "up"]);
      await mustRun(["ip", "-n", name, "address", "add", `${address}/24`, "dev", "eth0"]);
      // No link-local address, which would come up only after a second and look like another network to a browser.
      await mustRun(["ip", "-n", name, "link", "set", "eth0", "addrgenmode", "none", "up"]);
      await mustRun(["ip", "-n", name, "link", "set", "lo", "up"]);
      hosts[label as Name] = networkHost(name, address, started);
    }
    for (const { name } of Object.values<NetworkHost>(hosts)) await isUp(name);
    return { hosts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Waits for what the kernel tells of a new link's state a moment later: to a browser it is a change of the network. */
async function isUp(name: string): Promise<void> {
  await waitFor(`the link of ${name}`, async () => {
    const shown = await mustRun(["ip", "-n", name, "-o", "link", "show", "eth0"]);
    return / state UP /.test(shown);
  });
}

function networkHost(name: string, address: string, started: RunningProcess[]): NetworkHost {
  // Not "ip netns exec": that makes a mount namespace as well, which would not see later mounts.
  const prefix = ["nsenter", `--net=/run/netns/${name}`, "--"];
  return {
    name,
    address,
    prefix,
    exec: (argv, options) => run([...prefix, ...argv], options),
    spawn(argv, options) {
      const running = start([...prefix, ...argv], options);
      started.push(running);
      return running;
    },
    async listening(port, at = address) {
      const probe = `exec 3<>/dev/tcp/${at}/${port}`;
      await waitFor(`a listener on ${at}:${port} of ${name}`, async () => {
        const { code } = await run([...prefix, "bash", "-c", probe], { timeoutMs: 2_000 });
        return code === 0;
      });
    },
  };
}
