/**
 * `localtls serve` and `localtls proxy` while they run.
 *
 * @module
 */

import { LOCALTLS } from "./localtls.ts";
import { type RunningProcess, start, waitFor } from "./processes.ts";
import type { NetworkHost } from "./netns.ts";
import type { Scratch } from "./scratch.ts";

/** A server of the built program. */
export interface Serving {
  readonly process: RunningProcess;
  readonly port: number;
  /** The document that it printed. */
  // deno-lint-ignore no-explicit-any
  readonly document: any;
}

/** Starts it with --json and waits until it listens; throws with all it wrote if it ends before. */
export async function startServing(
  scratch: Pick<Scratch, "home" | "work">,
  args: readonly string[],
  ns?: Pick<NetworkHost, "spawn">,
): Promise<Serving> {
  const argv = [LOCALTLS, ...args, "--json"];
  const options = { cwd: scratch.work, env: { HOME: scratch.home } };
  const process = ns === undefined ? start(argv, options) : ns.spawn(argv, options);
  let hasEnded = false;
  process.ended.then(() => hasEnded = true);
  const line = await waitFor(`localtls ${args.join(" ")}`, () => {
    const first = process.output().split("\n").find((text) => text.startsWith("{"));
    if (hasEnded && first === undefined) return process.output() || "ended";
    return first !== undefined && process.output().includes(`${first}\n`) ? first : undefined;
  }, 30_000);
  if (hasEnded || !line.startsWith("{")) throw new Error(process.output());
  const document = JSON.parse(line);
  return { process, port: document.port, document };
}
