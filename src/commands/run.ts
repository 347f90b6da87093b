/**
 * `run -- CMD`: a program with the environment of `env`.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { type CommandContext, openWorkplace } from "./context.ts";
import { type CommandResult, EXIT } from "./documents.ts";
import type { RunDocument } from "./env/documents.ts";
import { makeEnvironment } from "./env/variables.ts";
import { resolvePath } from "./output_files.ts";

/**
 * Runs a program, and gives its exit code as ours: 127 where it is not there, 126 where it cannot be started. Throws
 * USAGE without a program, and what making the environment throws; the program has not run then.
 */
export async function run(
  context: CommandContext,
  words: readonly string[],
): Promise<CommandResult<RunDocument>> {
  const { host, options, program } = context;
  const [first, ...rest] = words;
  if (first === undefined || first === "") {
    throw new LocalTlsError("USAGE", "Cannot run a command: none is given", {
      hints: [`${program} run -- npm install`],
    });
  }
  const { variables, written } = await makeEnvironment(context, await openWorkplace(context));
  // A path as it was typed; a single word is looked for on PATH.
  const argv = [/[/\\]/.test(first) ? resolvePath(host, first) : first, ...rest];
  if (options.dryRun) {
    return {
      document: {
        command: "run",
        ok: true,
        argv,
        planned: [
          ...written.map((path) => ({ type: "write", path, root: false } as const)),
          { type: "run", argv, root: false },
        ],
      },
      exitCode: EXIT.done,
    };
  }
  const env = Object.fromEntries(variables.map(({ name, value }) => [name, value]));
  const { outcome, code, reason } = await host.commands.runInForeground(argv, env);
  if (outcome !== "exited") {
    const state = outcome === "missing" ? "there is no such program" : reason ?? "it did not start";
    context.report({ type: "notice", message: `Cannot run "${first}": ${state}` });
  }
  return { document: { command: "run", ok: code === 0, argv }, exitCode: code };
}
