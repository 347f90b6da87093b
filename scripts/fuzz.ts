/**
 * Fuzzing of every reader of foreign input (tests/support/fuzz/targets.ts):
 *
 *   node_modules/.bin/bun scripts/fuzz.ts [--inputs N] [--seed N] [--minutes N]
 *
 * Ends with 1 where something else than a LocalTlsError came out, an input took longer than 5 s, or memory
 * grew. The inputs run in a worker, so that one that never ends is noticed, and named.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { fuzz, type FuzzReport } from "../tests/support/fuzz/run.ts";

interface Order {
  readonly seed: number;
  readonly inputs: number;
  readonly totalLimitMs: number;
  /** Number of the current input, seen from both sides. */
  readonly current: SharedArrayBuffer;
}

const INPUT_LIMIT_MS = 5_000;
/** No sign of life for so long means that an input does not end. */
const HANG_MS = 30_000;
const POLL_MS = 1_000;
/** Bytes. The runtime with the whole corpus takes a quarter of it. */
const MEMORY_LIMIT = 1024 * 1024 * 1024;
/** Bytes more than in the first fifth. A leak of one certificate an input is more. */
const MEMORY_GROWTH = 150 * 1024 * 1024;

if (isMainThread) await supervise();
else await work(workerData as Order);

async function work({ seed, inputs, totalLimitMs, current }: Order): Promise<void> {
  const counter = new Int32Array(current);
  const report = await fuzz({
    seed,
    inputs,
    totalLimitMs,
    inputLimitMs: INPUT_LIMIT_MS,
    onInput: (index) => Atomics.store(counter, 0, index),
  });
  parentPort?.postMessage(report);
}

async function supervise(): Promise<void> {
  const { values } = parseArgs({
    options: {
      inputs: { type: "string", default: "100000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      minutes: { type: "string", default: "10" },
    },
  });
  const [inputs, seed, minutes] = [values.inputs, values.seed, values.minutes].map(Number);
  if (![inputs, seed, minutes].every((value) => Number.isSafeInteger(value))) {
    console.error("fuzz: --inputs, --seed and --minutes take whole numbers");
    process.exit(2);
  }
  const current = new SharedArrayBuffer(4);
  const counter = new Int32Array(current);
  const order: Order = { seed: seed!, inputs: inputs!, totalLimitMs: minutes! * 60_000, current };
  console.log(`seed ${seed}, ${inputs} inputs`);
  const worker = new Worker(new URL(import.meta.url), { workerData: order });

  let last = -1;
  let lastMoved = Date.now();
  let early = 0;
  let peak = 0;
  const timer = setInterval(() => {
    const index = Atomics.load(counter, 0);
    if (index !== last) [last, lastMoved] = [index, Date.now()];
    if (Date.now() - lastMoved > HANG_MS) fail(`input ${index} of seed ${seed} does not end`);
    const { rss } = process.memoryUsage();
    peak = Math.max(peak, rss);
    if (index < inputs! / 5) early = Math.max(early, rss);
    const grown = index > inputs! / 5 && early > 0 && rss > early + MEMORY_GROWTH;
    if (rss > MEMORY_LIMIT || grown) {
      fail(`${megabytes(rss)} of memory at input ${index} of seed ${seed}`);
    }
  }, POLL_MS);

  const report = await new Promise<FuzzReport>((resolve) => {
    worker.on("message", resolve);
    worker.on("error", (error) => fail(`the worker ended: ${error}`));
  });
  clearInterval(timer);
  for (const [name, { tried, accepted }] of report.targets) {
    console.log(`${String(tried).padStart(8)}  ${name}, ${accepted} accepted`);
  }
  for (const failure of report.failures) console.log(`FAILED: ${failure}`);
  const { tried, seconds, slowest } = report;
  const rate = Math.round(tried / seconds);
  console.log(`${tried} inputs in ${seconds.toFixed(1)} s, ${rate} inputs/s, seed ${seed}`);
  console.log(`slowest: ${Math.round(slowest.milliseconds)} ms, ${slowest.target}`);
  console.log(`memory: ${megabytes(early)} in the first fifth, ${megabytes(peak)} at most`);
  console.log(`${report.failures.length} failures`);
  process.exit(report.failures.length > 0 || tried < inputs! ? 1 : 0);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}

function fail(what: string): never {
  console.error(`fuzz: ${what}`);
  process.exit(1);
}
