/**
 * Words for a POSIX shell, for hints that are pasted. Nothing here is ever run: commands run from
 * argument arrays.
 *
 * @module
 */

/** One argument, quoted where a shell would see more in it than its characters. */
export function quoteArgument(argument: string): string {
  return /^[\w./@:+,%=-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** A whole command line. */
export function quoteCommand(argv: readonly string[]): string {
  return argv.map(quoteArgument).join(" ");
}
