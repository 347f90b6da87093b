/**
 * How a route is written down. What a command does is loaded when it is run: the code of the others
 * costs nothing (a compiled program spends most of a short run on loading).
 *
 * @module
 */

import { buildCommand, type Command, type TypedCommandParameters } from "@stricli/core";
import type { CommandContext } from "../../commands/context.ts";
import type { CommandResult } from "../../commands/documents.ts";
import type { CliContext } from "../context.ts";
import { type GlobalFlags, globalOptions, text } from "../flags.ts";
import type { Screen } from "../reporter.ts";

/** A command: its documentation, its parameters, and where its code is. */
export interface Definition<
  FLAGS extends GlobalFlags,
  ARGS extends readonly (string | undefined)[],
> {
  readonly name: string;
  readonly brief: string;
  /** The general form, after the command's name. */
  readonly usage: string;
  readonly description?: string;
  readonly examples?: readonly { readonly input: string; readonly brief: string }[];
  readonly parameters: TypedCommandParameters<FLAGS, ARGS, CliContext>;
  run(context: CommandContext, flags: FLAGS, args: ARGS): Promise<CommandResult>;
  screen(): Promise<Screen>;
  /** Whether the answer comes in parts, a line for each. */
  isList?(flags: FLAGS): boolean;
}

/** Makes a stricli command of a definition. */
export function define<FLAGS extends GlobalFlags, ARGS extends readonly (string | undefined)[]>(
  definition: Definition<FLAGS, ARGS>,
): Command<CliContext> {
  const { name, brief, usage, description, examples = [], parameters } = definition;
  return buildCommand<FLAGS, ARGS, CliContext>({
    func: async function (this: CliContext, flags: FLAGS, ...args: ARGS) {
      await this.execute(globalOptions(flags), {
        name,
        run: (context) => definition.run(context, flags, args),
        loadScreen: () => definition.screen(),
        isList: definition.isList?.(flags) ?? false,
      });
    },
    parameters,
    docs: {
      brief,
      ...(description === undefined ? {} : { fullDescription: description }),
      customUsage: [usage, ...examples],
    },
  });
}

/** `NAME...`, at least so many. */
export const names = (minimum: number) => ({
  kind: "array",
  parameter: { brief: "DNS name or IP address", parse: text, placeholder: "NAME" },
  minimum,
} as const);
