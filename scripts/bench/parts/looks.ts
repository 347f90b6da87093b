/**
 * Looking: `status`, `doctor`, and `doctor URL` in times of one `curl -k`, for a healthy server of a trusted CA; on
 * loopback, and over a link that takes 2 ms each way, as a network of wireless hosts does.
 */

import { join } from "node:path";
import { createNetwork } from "../../../tests/support/netns.ts";
import { requireSandbox } from "../../../tests/support/sandbox.ts";
import { type Command, measure } from "../measure.ts";
import type { Part, PartRun } from "../part.ts";
import { LOCALTLS, type Place } from "../place.ts";
import { freePort, nginx, startServer } from "../servers.ts";

const ADDRESSES = { client: "10.87.0.1", server: "10.87.0.2" } as const;
/** How much more a look at a server may take than a request to it. */
const LIMIT = { atMost: 3 };

export const looks: Part = {
  title: "Looking",
  budget: 25,
  async measure(run) {
    requireSandbox();
    const place = run.place("looks");
    const names = ["127.0.0.1", ADDRESSES.server];
    const files = ["--out", place.home, "--stores", "system,nss"];
    measure(place.command([LOCALTLS, "setup", ...names, ...files, "--yes"]));
    const port = await freePort();
    const server = nginxHere(place, port);
    const url = `https://127.0.0.1:${port}/`;
    const { running } = await startServer("nginx", server, { url, path: "" });
    try {
      // doctor alone tells with 1 what it has found on this machine; that is no failure of the run.
      const codes = [0, 1];
      await run.race([
        { name: "localtls version", command: place.command([LOCALTLS, "version"]) },
        { name: "localtls status", command: place.command([LOCALTLS, "status"], { codes }) },
        { name: "localtls doctor", command: place.command([LOCALTLS, "doctor"], { codes }) },
        ...clients(place, url, "", []),
      ], { rounds: 31, share: 0.7 });
    } finally {
      await running.stop();
    }
    run.compare("localtls doctor URL", "curl -k URL", LIMIT);
    run.compare("localtls status", "localtls version");
    run.compare("localtls doctor", "localtls version");
    await measureDelayed(run, place, port, server);
  },
};

function clients(place: Place, url: string, where: string, prefix: readonly string[]) {
  const curl = ["curl", "-sk", "-o", "/dev/null", url];
  return [
    { name: `curl -k URL${where}`, command: place.command([...prefix, ...curl]) },
    {
      name: `localtls doctor URL${where}`,
      command: place.command([...prefix, LOCALTLS, "doctor", url, "--json"]),
    },
  ];
}

/** A server for every address. */
function nginxHere(place: Place, port: number): Command {
  const file = (end: string) => join(place.home, `127.0.0.1+1${end}.pem`);
  return place.command(
    nginx(
      place.home,
      "nginx",
      `server {
    listen 0.0.0.0:${port} ssl;
    ssl_certificate ${file("")};
    ssl_certificate_key ${file("-key")};
    location / { return 200 "answered"; }
  }`,
    ).argv,
  );
}

/** The same between two hosts; told why not where the kernel cannot delay packets. */
async function measureDelayed(
  run: PartRun,
  place: Place,
  port: number,
  { argv, env, cwd }: Command,
): Promise<void> {
  const network = await createNetwork(ADDRESSES);
  try {
    const { client, server } = network.hosts;
    for (const host of [client, server]) {
      const delay = ["tc", "qdisc", "add", "dev", "eth0", "root", "netem", "delay", "2ms"];
      const { code, stderr } = await host.exec(delay);
      if (code === 0) continue;
      run.note(`Not over a link of 2 ms: netem is not available here: ${stderr.trim()}`);
      return;
    }
    server.spawn(argv, { env, cwd });
    await server.listening(port);
    const where = ", 2 ms each way";
    const url = `https://${server.address}:${port}/`;
    await run.race(clients(place, url, where, client.prefix), { rounds: 31 });
    run.compare(`localtls doctor URL${where}`, `curl -k URL${where}`, LIMIT);
  } finally {
    await network.close();
  }
}
