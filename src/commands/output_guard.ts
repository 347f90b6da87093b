/**
 * Before a file takes the place of another: what may be replaced, what is kept, and the question where neither is
 * certain. Loaded only where something is at one of the paths.
 *
 * @module
 */

import { type Bytes, isAscii, latin1 } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import { quoteArgument } from "../host/shell_words.ts";
import type { CommandContext } from "./context.ts";
import type { StandingFiles } from "./standing_files.ts";

/** How the user may have answered beforehand, and what to type. */
export interface ReplaceWishes {
  /** `--force`: replaces what is not ours. */
  readonly force?: boolean | undefined;
  /** Nobody is asked, whatever is at the other end: a line of a list, a service, mkcert's command line. */
  readonly neverAsk?: boolean | undefined;
  /** Commands and sentences, for where the answer is no. */
  readonly hints: readonly string[];
}

/**
 * Lets a foreign file be replaced with --force, with --yes (which answers every question), or by the user at the
 * terminal; then it is a warning. Throws FILE_EXISTS, CANCELLED.
 */
export async function confirmReplacing(
  context: CommandContext,
  foreign: NonNullable<StandingFiles["foreign"]>,
  { force = false, neverAsk = false, hints }: ReplaceWishes,
): Promise<void> {
  const { host, options } = context;
  const { path, what } = foreign;
  if (!force && !options.yes) {
    if (neverAsk || options.dryRun || !host.terminal.interactive) {
      throw new LocalTlsError("FILE_EXISTS", `Cannot replace "${path}": it is ${what}`, { hints });
    }
    const answer = await host.terminal.ask(
      `Replace "${path}"? It is ${what}, and will be gone [y/N] `,
    );
    if (!/^y(?:es)?$/i.test(answer.trim())) {
      throw new LocalTlsError("CANCELLED", `Cannot replace "${path}": not confirmed`, { hints });
    }
  }
  const verb = options.dryRun ? "would be replaced" : "is replaced";
  context.report({
    type: "warning",
    code: "FILE_REPLACED",
    message: `"${path}" ${verb}: it was ${what}`,
  });
}

/** Octets of an existing file that are looked into. */
const MAX_OUTPUT_BYTES = 1 << 30;

/**
 * For files that are no certificate of the ledger: an archive, a profile, an export.
 *
 * @param isOwn Whether the content is one that the command itself writes, or one that nobody misses.
 * Throws FILE_EXISTS, CANCELLED.
 */
export async function requireOwnOutput(
  context: CommandContext,
  path: string,
  isOwn: (content: Bytes) => boolean | Promise<boolean>,
  wishes: ReplaceWishes & { readonly what: string },
): Promise<void> {
  const { host } = context;
  const info = await host.files.info(path);
  // What is no plain file the writing refuses.
  if (info?.type !== "file" || info.size === 0) return;
  const content = info.size > MAX_OUTPUT_BYTES
    ? undefined
    : await host.files.read(path, MAX_OUTPUT_BYTES).catch(() => undefined);
  if (content !== undefined && await isOwn(content)) return;
  await confirmReplacing(context, { path, what: wishes.what }, wishes);
}

/** Octets that no private key fits into, in whatever form: 32 of a P-256 or Ed25519 key alone. */
export const PLACEHOLDER_BYTES = 32;

/** Whether a PEM file is none yet: a word of text in it holds neither a key nor a certificate, as an empty file. */
export function isPlaceholder(path: string, content: Uint8Array | undefined): boolean {
  return content !== undefined && content.length < PLACEHOLDER_BYTES && path.endsWith(".pem") &&
    isAscii(latin1(content));
}

/** The hints for a command that can be repeated with --force, and with another place. */
export function replaceHints(command: string, elsewhere: string): string[] {
  return [`${command} --force`, `Or choose another place with ${elsewhere}`];
}

/** Words of a command line from options: undefined ones are left out, true ones stand alone. */
export function optionWords(
  options: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  return Object.entries(options).flatMap(([option, value]) =>
    value === undefined || value === false
      ? []
      : value === true
      ? [option]
      : [option, quoteArgument(String(value))]
  ).join(" ");
}
