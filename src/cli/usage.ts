/**
 * Wrong command lines, in the words of localtls. stricli finds them; the reporters print them.
 *
 * @module
 */

import {
  type ApplicationText,
  ArgumentParseError,
  ArgumentScannerError,
  formatMessageForArgumentScannerError,
  text_en,
} from "@stricli/core";
import { LocalTlsError } from "../errors.ts";

/** Collects what stricli says about a wrong command line. */
export class UsageProblems {
  #problem: LocalTlsError | undefined;

  /** The first problem, once stricli has run. */
  get problem(): LocalTlsError | undefined {
    return this.#problem;
  }

  /** stricli's texts, with the errors caught on their way out. */
  texts(): ApplicationText {
    return {
      ...text_en,
      headers: {
        usage: "Usage",
        aliases: "Also",
        commands: "Commands",
        flags: "Options",
        arguments: "Arguments",
      },
      briefs: {
        ...text_en.briefs,
        help: "Print help and exit",
        argumentEscapeSequence: "Take everything after it as an argument",
      },
      exceptionWhileParsingArguments: (exception) => this.#note(describe(exception)),
      noCommandRegisteredForInput: ({ input, corrections }) =>
        this.#note(
          new LocalTlsError("USAGE", `Cannot find the command "${input}"`, {
            hints: corrections.length > 0
              ? corrections.map((word) => `localtls ${bare(word)}`)
              : ["localtls help"],
          }),
        ),
    };
  }

  #note(error: LocalTlsError): string {
    this.#problem ??= error;
    return error.message;
  }
}

function describe(exception: unknown): LocalTlsError {
  if (exception instanceof ArgumentParseError && exception.exception instanceof LocalTlsError) {
    return exception.exception;
  }
  if (!(exception instanceof ArgumentScannerError)) {
    return new LocalTlsError("USAGE", `Cannot read the command line: ${String(exception)}`);
  }
  const hints: string[] = [];
  const message = formatMessageForArgumentScannerError(exception, {
    FlagNotFoundError: ({ input, corrections }) => {
      hints.push(...corrections.map((name) => `--${bare(name)}`));
      return `it has no option "--${input.replace(/^-+/, "")}"`;
    },
    AliasNotFoundError: ({ input }) => `it has no option "-${input}"`,
    UnexpectedPositionalError: ({ expectedCount, input }) =>
      expectedCount === 0
        ? `it takes no argument, and "${input}" was given`
        : `it takes at most ${expectedCount}, and "${input}" is one more`,
    UnsatisfiedPositionalError: ({ placeholder }) => `${placeholder} is missing`,
    UnsatisfiedFlagError: ({ externalFlagName }) => `"--${externalFlagName}" needs a value`,
    UnexpectedFlagError: ({ externalFlagName }) => `"--${externalFlagName}" was given twice`,
    EnumValidationError: ({ externalFlagName, input, values }) =>
      `"--${externalFlagName}" is one of ${values.join(", ")}, not "${input}"`,
  });
  return new LocalTlsError("USAGE", `Cannot run the command: ${message}`, { hints });
}

/** stricli gives its proposals marked up: `` `setup` ``, `` `--cert-file` ``. */
function bare(proposal: string): string {
  return proposal.replaceAll("`", "").replace(/^-+/, "");
}
