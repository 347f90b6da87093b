/**
 * `version`: which localtls this is.
 *
 * @module
 */

import { VERSION } from "../version.ts";
import type { CommandContext } from "./context.ts";
import { type CommandResult, EXIT, type TextDocument } from "./documents.ts";

/** Runs `version`. */
export function version(_context: CommandContext): Promise<CommandResult<TextDocument>> {
  return Promise.resolve({
    document: {
      command: "version",
      ok: true,
      localtls: VERSION,
      text: VERSION,
    },
    exitCode: EXIT.done,
  });
}
