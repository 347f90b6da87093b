/**
 * What stricli hands to a command.
 *
 * @module
 */

import type { CommandContext as StricliContext } from "@stricli/core";
import type { GlobalOptions } from "../commands/context.ts";
import type { RunnableCommand } from "./execute.ts";

/** The context of every command function. */
export interface CliContext extends StricliContext {
  /** Runs the command and keeps its exit code. */
  execute(options: GlobalOptions, command: RunnableCommand): Promise<void>;
}
