/**
 * How long `localtls doctor URL` takes for a healthy server, in times of one `curl -k`: on loopback, and over a link
 * that takes 2 ms each way, as a network of wireless hosts does. Runs alternate, so that what else the machine does
 * meets all of them.
 *
 *   bash scripts/sandbox.sh node_modules/.bin/bun scripts/bench_doctor.ts [RUNS]
 *
 * The exit code judges loopback. It trusts a CA: only inside the sandbox.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createNetwork } from "../tests/support/netns.ts";
import { start, waitFor } from "../tests/support/processes.ts";
import { requireSandbox } from "../tests/support/sandbox.ts";
import { ROOT } from "./toolchain.mjs";

requireSandbox();
const LOCALTLS = join(ROOT, "dist", "localtls");
const PORT = 18443;
const ADDRESSES = { client: "10.87.0.1", server: "10.87.0.2" } as const;
/** How much more a look at a server may take than a request to it. */
const MOST_TIMES = 3;

const runs = Number(process.argv[2] ?? 31);
const home = mkdtempSync(join(tmpdir(), "bench-"));
const env = { ...process.env, HOME: home };
const names = ["127.0.0.1", ADDRESSES.server];
const setup = spawnSync(LOCALTLS, ["setup", ...names, "--json"], { cwd: home, env });
const { cert, key } = JSON.parse(setup.stdout.toString()).certificates[0];
const program = `const { readFileSync } = require("node:fs");
const options = { cert: readFileSync(process.argv[1]), key: readFileSync(process.argv[2]) };
require("node:https").createServer(options, (_, response) => response.end("answered"))
  .listen(${PORT}, "0.0.0.0", () => console.log("ready"));`;
const SERVER = ["node", "-e", program, cert, key];

/** Milliseconds of one run. */
async function measure(argv: readonly string[]): Promise<number> {
  const begun = performance.now();
  const { code, stdout, stderr } = await start(argv, { env, cwd: home }).ended;
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}: ${stdout}${stderr}`);
  return performance.now() - begun;
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

/** Prints what was measured. @returns doctor's time in curl's. */
async function compare(where: string, address: string, prefix: readonly string[]): Promise<number> {
  const url = `https://${address}:${PORT}/`;
  const times = { curl: [] as number[], doctor: [] as number[], version: [] as number[] };
  for (let i = 0; i < runs; i++) {
    times.curl.push(await measure([...prefix, "curl", "-sk", "-o", "/dev/null", url]));
    times.doctor.push(await measure([...prefix, LOCALTLS, "doctor", url, "--json"]));
    times.version.push(await measure([...prefix, LOCALTLS, "version"]));
  }
  const [curl, doctor] = [median(times.curl), median(times.doctor)];
  console.log(
    `${where}, median of ${runs}: curl -k ${curl.toFixed(1)} ms, localtls doctor ` +
      `${doctor.toFixed(1)} ms, ${(doctor / curl).toFixed(2)} times; ` +
      `localtls version ${median(times.version).toFixed(1)} ms`,
  );
  return doctor / curl;
}

/** The same between two hosts; skipped where the kernel cannot delay packets. */
async function compareDelayed(): Promise<void> {
  const network = await createNetwork(ADDRESSES);
  try {
    const { client, server } = network.hosts;
    for (const host of [client, server]) {
      const delay = ["tc", "qdisc", "add", "dev", "eth0", "root", "netem", "delay", "2ms"];
      const { code, stderr } = await host.exec(delay).catch((error) => ({
        code: 1,
        stderr: String(error),
      }));
      if (code === 0) continue;
      console.log(`2 ms each way: skipped, netem is not available: ${stderr.trim()}`);
      return;
    }
    server.spawn(SERVER, { env });
    await server.listening(PORT);
    await compare("2 ms each way", server.address, client.prefix);
  } finally {
    await network.close();
  }
}

const server = start(SERVER);
await waitFor("the server", () => server.output().includes("ready"));
const ratio = await compare("loopback", "127.0.0.1", []);
await server.stop();
await compareDelayed();
process.exit(ratio < MOST_TIMES ? 0 : 1);
