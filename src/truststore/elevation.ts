/**
 * Becoming root late, for one step, and only where somebody can be asked.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";

/** A way to do single steps as root. */
export interface Elevation {
  /** The words to put before a command: [] for root, ["sudo", "--"] and the like, undefined for no way. */
  prefix(): Promise<readonly string[] | undefined>;
  /**
   * Runs commands as root, in order, stopping at the first that fails.
   * @param steps Argument arrays, without the prefix.
   * @param purpose Completes "root is needed to ..." in messages.
   * Throws NEEDS_ROOT with the exact commands as hints, TOOL_FAILED, TOOL_TIMEOUT or TOOL_MISSING.
   */
  run(steps: readonly (readonly string[])[], purpose: string): Promise<void>;
}
