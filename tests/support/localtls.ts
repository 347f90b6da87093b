/**
 * The built program, run as a user runs it.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { NetworkHost } from "./netns.ts";
import { type ProcessOptions, type ProcessResult, run } from "./processes.ts";
import { requireSandbox } from "./sandbox.ts";

/** Options of {@link localtls}. */
export interface LocaltlsOptions extends ProcessOptions {
  /** The host to run it on; without it, the test's own. */
  readonly ns?: NetworkHost | undefined;
  /** Words before the program, for example a setpriv that makes it run as another user. */
  readonly prefix?: readonly string[] | undefined;
  /** Another program than {@link LOCALTLS}. */
  readonly program?: string | undefined;
}

/** How a run ended. */
export interface LocaltlsResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** The JSON document on stdout; throws with all the program wrote if it is none. */
  // deno-lint-ignore no-explicit-any
  json(): any;
}

/** The binary: LOCALTLS_BIN, or that of `npm run build`. */
export const LOCALTLS: string = resolve(
  process.env["LOCALTLS_BIN"] ?? fileURLToPath(new URL("../../dist/localtls", import.meta.url)),
);

/** Runs the built program inside the sandbox. A HOME without one is that of the sandbox. */
export async function localtls(
  args: readonly string[],
  options: LocaltlsOptions = {},
): Promise<LocaltlsResult> {
  requireSandbox();
  const { ns, prefix = [], program = LOCALTLS, ...rest } = options;
  if (!existsSync(program)) {
    throw new Error(`Cannot run ${program}: it is not built; npm run build`);
  }
  return jsonOf(args, await run([...(ns?.prefix ?? []), ...prefix, program, ...args], rest));
}

/** How localtls ended, wherever it ran. */
export function jsonOf(args: readonly string[], result: ProcessResult): LocaltlsResult {
  return {
    ...result,
    json() {
      try {
        return JSON.parse(result.stdout);
      } catch {
        const { code, stdout, stderr } = result;
        throw new Error(`No JSON from localtls ${args.join(" ")} (${code}): ${stdout}${stderr}`);
      }
    },
  };
}
