/**
 * The question before a CA is made that may issue for every name.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { CommandContext } from "./context.ts";

/** What "any" gives up. */
export const ANY_GIVES_UP =
  "whoever gets hold of its key can impersonate any web site to the machines that trust it";

/**
 * Asks on a terminal; elsewhere only `--yes` answers. Nothing is asked for a dry run.
 *
 * Throws CONFIRMATION_NEEDED with the command line that answers, CANCELLED.
 *
 * @param command The command line, after the program, without `--yes`.
 */
export async function confirmAny(
  { host, options, program, report }: CommandContext,
  command: string,
): Promise<void> {
  if (options.yes || options.dryRun) return;
  const message = `A CA that is permitted "any" may issue for every name: ${ANY_GIVES_UP}`;
  if (!host.terminal.interactive) {
    throw new LocalTlsError(
      "CONFIRMATION_NEEDED",
      `Cannot permit "any" without a confirmation: ${ANY_GIVES_UP}, and nobody can be asked`,
      {
        hints: [
          "Permit the domains that you use in its place, as in example.com",
          `${program} ${command} --yes`,
        ],
      },
    );
  }
  report({
    type: "notice",
    message: `${message}.\nThe domains that you use are enough: permit those.`,
  });
  const answer = await host.terminal.ask("Give up this protection? [y/N] ");
  if (!/^y(?:es)?$/i.test(answer.trim())) {
    throw new LocalTlsError("CANCELLED", 'Cannot permit "any": not confirmed');
  }
}
