/**
 * Running a store's own tool: with a time limit, and with an error that says which tool did not do it.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { redact } from "../input_text.ts";
import type { Host, RunOptions, RunResult } from "../host/host.ts";
import { baseName } from "../host/path_text.ts";
import { quoteCommand } from "../host/shell_words.ts";

/** Milliseconds. update-ca-certificates with Java's hook and keytool take seconds; a minute is a hang. */
export const TOOL_TIMEOUT_MS = 60_000;

/** Characters of a tool's own complaint that are repeated: the end, where the reason stands. */
const MAX_COMPLAINT = 300;

/** What a tool is run for. */
export interface ToolPurpose {
  /** Completes "Cannot ..." in messages. */
  readonly purpose: string;
  /** What the user can do instead, to paste. */
  readonly hints?: readonly string[];
}

/**
 * Runs a tool that must end with exit code 0. What 0 is worth is for the caller to find out.
 * Throws TOOL_MISSING, TOOL_TIMEOUT, TOOL_FAILED.
 */
export async function runTool(
  host: Host,
  argv: readonly string[],
  options: RunOptions & ToolPurpose,
): Promise<RunResult> {
  const { purpose, hints, ...run } = options;
  const result = await host.commands.run(argv, run);
  if (result.outcome === "exited" && result.code === 0) return result;
  throw toolError(argv, result, { purpose, ...(hints === undefined ? {} : { hints }) }, run);
}

/** The error for a tool that did not end well. */
export function toolError(
  argv: readonly string[],
  result: RunResult,
  { purpose, hints = [quoteCommand(argv)] }: ToolPurpose,
  { timeoutMs }: Pick<RunOptions, "timeoutMs">,
): LocalTlsError {
  const tool = `"${baseName(argv[0] ?? "")}"`;
  switch (result.outcome) {
    case "missing":
      return new LocalTlsError("TOOL_MISSING", `Cannot ${purpose}: ${tool} is not installed`, {
        hints,
      });
    case "not-started":
      return new LocalTlsError(
        "TOOL_FAILED",
        `Cannot ${purpose}: ${tool} does not start${complaint(result)}`,
        { hints },
      );
    case "timed-out":
      return new LocalTlsError(
        "TOOL_TIMEOUT",
        `Cannot ${purpose}: ${tool} did not end within ${Math.round(timeoutMs / 1000)} s`,
        { hints },
      );
    case "exited": {
      const how = result.code === -1 ? "was killed" : `ended with exit code ${result.code}`;
      return new LocalTlsError(
        "TOOL_FAILED",
        `Cannot ${purpose}: ${tool} ${how}${complaint(result)}`,
        { hints },
      );
    }
  }
}

/** What the tool said, on one line, without control characters: it goes to the user's terminal. */
function complaint({ stderr, stdout }: RunResult): string {
  // keytool complains on stdout.
  const said = [stderr, new TextDecoder().decode(stdout)].map(linesOf).find((text) => text !== "");
  if (said === undefined) return "";
  return `: ${redact(said, MAX_COMPLAINT, "last")}`;
}

function linesOf(text: string): string {
  return text.split(/\r?\n/)
    // The JVM says this of its environment before anything else.
    .filter((line) => !line.startsWith("Picked up "))
    .join("\n").trim();
}
