/**
 * A CA that may speak for a public suffix: one that an earlier version was told to permit, or an imported one.
 *
 * @module
 */

import type { Authority } from "../pki/authority.ts";
import { permittedSuffixes } from "../pki/public_suffix.ts";
import type { CommandContext } from "./context.ts";
import type { StatusDocument } from "./documents.ts";

/** What to say of the suffixes that a CA may speak for, and the way out; undefined where there are none. */
async function findConcern(
  { program }: CommandContext,
  { permitted }: Authority,
): Promise<StatusDocument["todo"][number] | undefined> {
  const suffixes = await permittedSuffixes(permitted);
  if (suffixes.length === 0) return undefined;
  const which = suffixes.length === 1
    ? `the public suffix ${suffixes[0]}`
    : `the public suffixes ${suffixes.join(", ")}`;
  return {
    message: `The CA may issue for ${which}: whoever gets hold of its key can impersonate every ` +
      "site there.",
    command: `${program} ca rotate`,
  };
}

/** As a line of `status`. */
export async function suffixTodo(
  context: CommandContext,
  authority: Authority,
): Promise<StatusDocument["todo"]> {
  const concern = await findConcern(context, authority);
  return concern === undefined ? [] : [concern];
}

/** As a warning. */
export async function warnAboutSuffixes(
  context: CommandContext,
  authority: Authority,
): Promise<void> {
  const concern = await findConcern(context, authority);
  if (concern === undefined) return;
  const { message, command } = concern;
  context.report({
    type: "warning",
    code: "CA_PERMITS_SUFFIX",
    message:
      `${message.replace(/^The CA/, "this CA").replace(/\.$/, "")}; the way out, which keeps ` +
      `the certificates that were issued: ${command}`,
  });
}
