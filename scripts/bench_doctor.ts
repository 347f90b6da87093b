/**
 * How long `localtls doctor URL` takes for a healthy server, in times of one `curl -k`. Runs alternate, so that what
 * else the machine does meets both.
 *
 *   bash scripts/sandbox.sh node_modules/.bin/bun scripts/bench_doctor.ts [RUNS]
 *
 * It trusts a CA: only inside the sandbox.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { requireSandbox } from "../tests/support/sandbox.ts";
import { start, waitFor } from "../tests/support/processes.ts";
import { ROOT } from "./toolchain.mjs";

requireSandbox();
const LOCALTLS = join(ROOT, "dist", "localtls");
const runs = Number(process.argv[2] ?? 31);
const home = mkdtempSync(join(tmpdir(), "bench-"));
const env = { ...process.env, HOME: home };

const setup = spawnSync(LOCALTLS, ["setup", "127.0.0.1", "--json"], { cwd: home, env });
const { cert, key } = JSON.parse(setup.stdout.toString()).certificates[0];
const PORT = 18443;
const url = `https://127.0.0.1:${PORT}/`;
const program = `const { readFileSync } = require("node:fs");
const options = { cert: readFileSync(process.argv[1]), key: readFileSync(process.argv[2]) };
require("node:https").createServer(options, (_, response) => response.end("answered"))
  .listen(${PORT}, "127.0.0.1", () => console.log("ready"));`;
const server = start(["node", "-e", program, cert, key]);
await waitFor("the server", () => server.output().includes("ready"));

/** Milliseconds of one run. */
async function measure(argv: readonly string[]): Promise<number> {
  const begun = performance.now();
  const { code, stdout, stderr } = await start(argv, { env, cwd: home }).ended;
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}: ${stdout}${stderr}`);
  return performance.now() - begun;
}

const median = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
const times = { curl: [] as number[], doctor: [] as number[], version: [] as number[] };
for (let i = 0; i < runs; i++) {
  times.curl.push(await measure(["curl", "-sk", "-o", "/dev/null", url]));
  times.doctor.push(await measure([LOCALTLS, "doctor", url, "--json"]));
  times.version.push(await measure([LOCALTLS, "version"]));
}
const [curl, doctor, version] = [times.curl, times.doctor, times.version].map(median) as [
  number,
  number,
  number,
];
console.log(
  `median of ${runs}: curl -k ${curl.toFixed(1)} ms, localtls doctor ${doctor.toFixed(1)} ms`,
);
console.log(`${(doctor / curl).toFixed(2)} times; localtls version alone ${version.toFixed(1)} ms`);
await server.stop();
process.exit(doctor < 3 * curl ? 0 : 1);
