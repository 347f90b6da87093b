/**
 * A command's context on a fake machine, with what the command said.
 *
 * @module
 */

import type { CommandContext, GlobalOptions, ReportEvent } from "../../src/commands/context.ts";
import type { FakeHost } from "./fake_host.ts";

/** A context, and all that came through it. */
export interface FakeContext {
  readonly context: CommandContext;
  readonly events: ReportEvent[];
  /** "CODE: message". */
  readonly warnings: string[];
}

/** Makes a context. */
export function makeContext(host: FakeHost, options: Partial<GlobalOptions> = {}): FakeContext {
  const events: ReportEvent[] = [];
  const warnings: string[] = [];
  const context: CommandContext = {
    host,
    options: { json: false, quiet: true, yes: false, dryRun: false, ...options },
    program: "localtls",
    report: (event) => {
      events.push(event);
      if (event.type === "warning") warnings.push(`${event.code}: ${event.message}`);
    },
  };
  return { context, events, warnings };
}
