/**
 * Runs one command: chooses the reporter, turns every outcome into an exit code.
 *
 * @module
 */

import type { CommandContext, GlobalOptions } from "../commands/context.ts";
import { type CommandResult, EXIT } from "../commands/documents.ts";
import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { exceptionText } from "../input_text.ts";
import { quoteArgument } from "../host/shell_words.ts";
import { findTargetUser } from "../host/target_user.ts";
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
    await actForUser(host);
    const result = await command.run({
      host,
      options,
      program: programLine(options),
      report: (event) => reporter.report(event),
    });
    await reporter.finish(result);
    if (result.stay === undefined) return result.exitCode;
    const code = await result.stay();
    await host.logWritten?.();
    return code;
  } catch (error) {
    if (error instanceof PrintedError) return EXIT.failed;
    const known = asLocalTlsError(error);
    await reporter.fail(command.name, known);
    await host.logWritten?.();
    return exitCodeOf(known);
  }
}

/**
 * Root that was called for a user acts as that user before the first file is opened. Where the user cannot be found,
 * what needs one says so itself.
 */
export async function actForUser(host: Host): Promise<void> {
  if (!host.isRoot) return;
  await findTargetUser(host).catch((error) => {
    if (!(error instanceof LocalTlsError) || error.code !== "HOME_MISSING") throw error;
  });
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
  const name = error instanceof Error ? `${error.name}: ` : "";
  return new LocalTlsError("INTERNAL", `Cannot go on: ${name}${exceptionText(error)}`, {
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
