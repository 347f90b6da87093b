/**
 * Runs one command: chooses the reporter, turns every outcome into an exit code.
 *
 * @module
 */

import type { CommandContext, GlobalOptions } from "../commands/context.ts";
import { type CommandResult, EXIT } from "../commands/documents.ts";
import { LocalTlsError } from "../errors.ts";
import { quoteArgument } from "../host/shell_words.ts";
import type { CliHost } from "./console.ts";
import {
  JsonReporter,
  PrintedError,
  type Reporter,
  type Screen,
  TextReporter,
} from "./reporter.ts";

/** A command as the routes know it. */
export interface RunnableCommand {
  /** The words that name it, for documents: "cert", "config". */
  readonly name: string;
  run(context: CommandContext): Promise<CommandResult>;
  loadScreen(): Promise<Screen>;
  /** Whether the answer comes in parts, a line for each. */
  readonly isList?: boolean;
}

/** How the program was called; in hints. */
export const PROGRAM = "localtls";

/**
 * Runs a command and reports its end.
 *
 * @returns The exit code: the command's own, or that of its error.
 */
export async function execute(
  host: CliHost,
  options: GlobalOptions,
  command: RunnableCommand,
): Promise<number> {
  const loadScreen = () => command.loadScreen();
  const reporter = command.isList
    ? await (await import("./list_reporter.ts")).makeListReporter(
      host,
      options,
      PROGRAM,
      loadScreen,
    )
    : makeReporter(host, options, loadScreen);
  try {
    const result = await command.run({
      host,
      options,
      program: programLine(options),
      report: (event) => reporter.report(event),
    });
    await reporter.finish(result);
    return result.stay === undefined ? result.exitCode : await result.stay();
  } catch (error) {
    if (error instanceof PrintedError) return EXIT.failed;
    const known = asLocalTlsError(error);
    await reporter.fail(command.name, known);
    return exitCodeOf(known);
  }
}

/** The reporter that the options ask for. */
export function makeReporter(
  host: CliHost,
  options: Pick<GlobalOptions, "json" | "quiet">,
  loadScreen: () => Promise<Screen>,
): Reporter {
  if (options.json) return new JsonReporter(host, options.quiet);
  return new TextReporter(host, { quiet: options.quiet, program: PROGRAM }, loadScreen);
}

/** Bugs become INTERNAL, without a stack: a stack in a compiled program is a page of minified source. */
export function asLocalTlsError(error: unknown): LocalTlsError {
  if (error instanceof LocalTlsError) return error;
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new LocalTlsError("INTERNAL", `Cannot go on: ${detail.slice(0, 500)}`, {
    hints: ["This is a defect of localtls: please report it with the command line that you typed"],
    cause: error,
  });
}

/** The exit code that belongs to an error. */
export function exitCodeOf(error: LocalTlsError): number {
  return error.code === "USAGE" || error.code === "NAME_INVALID" ? EXIT.usage : EXIT.failed;
}

/** The program with the state directory that was asked for, so that a pasted hint meets the same state. */
function programLine(options: GlobalOptions): string {
  if (options.dir === undefined) return PROGRAM;
  return `${PROGRAM} --dir ${quoteArgument(options.dir)}`;
}
