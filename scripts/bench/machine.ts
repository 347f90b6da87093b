/**
 * The machine, as far as it matters for numbers: no names, no paths.
 *
 * @module
 */

import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import process from "node:process";

/** What numbers were measured on. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memory: string;
  readonly kernel: string;
}

export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() || process.arch,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `${process.platform} ${release()} ${process.arch}`,
  };
}

/** Programs that ran or waited to run in the last minute, on the average. */
export function load(): number {
  return loadavg()[0]!;
}
